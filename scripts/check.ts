/** `npm run check`: everything that can be said of the code without running it. Fails if one check does. */
import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { stdout } from '../shared/terminal.ts';

const CHECKS: Readonly<Record<string, readonly string[]>> = {
  types: ['tsc', '--project', '.'],
  // The dashboard's own: it runs in browsers.
  page: ['tsc', '--project', 'shared/service/dashboard'],
  // What each folder may import (scripts/check/layers.json, by Biome's noRestrictedImports).
  layers: ['node', 'scripts/check/layers.ts'],
  // Formatting and lint.
  style: ['biome', 'ci', '--colors=off', '--error-on-warnings', '.'],
  // Files, exports and dependencies that nothing uses; then those that only tests use, unless marked @internal.
  dead: ['knip', '--no-progress'],
  tested: ['knip', '--no-progress', '--production'],
  // Names and types of everything in terraform/, and its format.
  cloud: ['node', 'scripts/check/terraform.ts'],
  build: ['node', 'scripts/check/cloudbuild.ts'],
  // Nothing but shared/terminal.ts writes to a terminal.
  terminal: ['node', 'scripts/check/terminal.ts'],
  // Every source file says in its first line what it is for.
  headers: ['node', 'scripts/check/headers.ts'],
  // Every package of the lock file with its digest, from the public registry.
  lock: ['node', 'scripts/check/lock.ts'],
  // The client against the API it is generated from.
  client: ['node', 'scripts/client.ts', '--check'],
};

const bin = join(import.meta.dirname, '../node_modules/.bin');

function run([command, ...args]: readonly string[]): Promise<{ ok: boolean; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(join(bin, command!), args, {
      cwd: join(import.meta.dirname, '..'),
      env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` },
    });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk) => {
      output += chunk;
    });
    child.on('error', (error) => resolve({ ok: false, output: error.message }));
    child.on('close', (code) => resolve({ ok: code === 0, output }));
  });
}

const results = await Promise.all(
  Object.entries(CHECKS).map(async ([name, command]) => ({ name, ...(await run(command)) })),
);
for (const { name, ok, output } of results) {
  stdout.line(`${ok ? 'ok    ' : 'FAILED'} ${name}`);
  if (!ok) stdout.page(output);
  else for (const line of output.split('\n')) if (line.startsWith('skipped')) stdout.line(`       ${line}`);
}
process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;
