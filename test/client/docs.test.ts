import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { ERROR_CODES } from '../../shared/error-codes.ts';
import { SCOPES } from '../../shared/service/accounts/api-keys.ts';
import { fixture } from '../cli/fixture.ts';
import { stubCompute } from '../support/cloud/stub-compute.ts';
import { hostedServer } from '../support/service/hosted-server.ts';
import { tempDir } from '../support/temp.ts';

/* docs/api.md: what it shows is run as it stands there. */

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');
const page = readFileSync(join(ROOT, 'docs/api.md'), 'utf8');
const blocks = (language: string) =>
  [...page.matchAll(/```(\w+)\n(.*?)```/gs)].flatMap(([, found, text = '']) => (found === language ? [text] : []));

/** A service, and the environment of whoever uses it. */
async function served() {
  const { origin, hosted } = await hostedServer(stubCompute((path) => readFileSync(path)));
  const { key } = await hosted.account();
  return { hosted, key, env: { ...process.env, REWOUND_API: origin, REWOUND_KEY: key } };
}

const hasTools = ['curl', 'jq'].every((tool) => existsSync(`/usr/bin/${tool}`));
if (!hasTools) console.warn('The example with curl is not run: curl and jq are not in /usr/bin.');

test.skipIf(!hasTools)('the audit with curl', async () => {
  const { env } = await served();
  const { folder, checkpoint } = await fixture();
  mkdirSync(join(folder, 'checkpoints'));
  writeFileSync(join(folder, 'checkpoints/generator.onnx'), readFileSync(checkpoint));
  const script = blocks('sh').find((block) => block.includes('api()'));
  // An argument can be read by every process of the machine: only a builtin of the shell gets the key.
  expect(script?.match(/.*\$REWOUND_KEY.*/g)).toEqual([expect.stringMatching(/^authorization\(\) \{ printf /)]);
  const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', script!], { cwd: folder, env });
  expect(stdout).toMatch(/^RECEIVED\n(\w+\n)*DONE\n(LEAKAGE|NOT_DETECTED|INVALID|RESEMBLANCE_ONLY)\n$/);
});

test('the audit with the client', async () => {
  const { env, key, hosted } = await served();
  const file = join(tempDir(), 'example.mts');
  const [example] = blocks('ts');
  writeFileSync(file, example!.replace('rewound/dist/shared/client/api.js', join(ROOT, 'shared/client/api.ts')));
  const { stdout } = await run(process.execPath, [file], { env });
  expect(stdout).toMatch(/^at most \d+ credits\nRECEIVED/);
  expect((await hosted.ask(key, 'GET', '/v1/audits')).body.items[0].label).toBe('Generator 3, epoch 40');
});

test('the problem it shows is one, and the scopes are all there are', () => {
  const [problem] = blocks('json').map((block) => JSON.parse(block));
  expect(Object.keys(ERROR_CODES)).toContain(problem.code);
  const scopes = [...page.matchAll(/^\| `([\w:]+)` \|/gm)].map(([, scope]) => scope);
  expect(scopes).toEqual([...SCOPES]);
});
