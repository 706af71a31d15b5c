import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as immediate } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { remoteNamesKey } from '../scripts/cli/remote-names.ts';
import { createWhole, removeEmpty, writeWhole } from '../shared/whole-file.ts';
import { tempDir } from './support/temp.ts';

const MODULE = pathToFileURL(join(import.meta.dirname, '../shared/whole-file.ts')).href;

/** Runs a script in a process of its own. */
function child(script: string) {
  const made = spawn(process.execPath, ['--input-type=module', '-e', `import * as whole from '${MODULE}';${script}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void made.kill('SIGKILL'));
  return made;
}

test('of several processes exactly one creates a file, and all read what that one wrote', async () => {
  const file = join(tempDir(), 'key');
  const said = await Promise.all(
    Array.from({ length: 6 }, async (_, i) => {
      const made = child(
        `process.stdout.write(String(whole.createWhole(${JSON.stringify(file)}, '${i}'.repeat(50_000))))`,
      );
      const chunks: string[] = [];
      made.stdout.setEncoding('utf8').on('data', (text: string) => chunks.push(text));
      await once(made, 'close');
      return chunks.join('');
    }),
  );
  expect(said.filter((text) => text === 'true')).toHaveLength(1);
  expect(said.filter((text) => text === 'false')).toHaveLength(5);
  expect(readFileSync(file, 'utf8')).toBe(String(said.indexOf('true')).repeat(50_000));
});

test('a process that is killed at any moment leaves the former file or the new one, whole', async () => {
  const folder = tempDir();
  const file = join(folder, 'pointer.json');
  for (let round = 0; round < 5; round++) {
    const writer = child(
      `for (let i = 0; ; i++) whole.writeWhole(${JSON.stringify(file)}, String(i % 10).repeat(200_000));`,
    );
    while (!existsSync(file)) await immediate();
    for (let look = 0; look < 50; look++) expect(readFileSync(file, 'utf8')).toMatch(/^(\d)\1{199999}$/);
    writer.kill('SIGKILL');
    await once(writer, 'close');
    expect(readFileSync(file, 'utf8')).toMatch(/^(\d)\1{199999}$/);
  }
  // What it was killed over has a hidden name that nothing reads.
  for (const name of readdirSync(folder)) expect(name).toMatch(/^(pointer\.json|\.pointer\.json\..*\.tmp)$/);
});

test('a file is for whom it is said to be, a link stays one, and a device is written to', () => {
  const folder = tempDir();
  const [file, link] = [join(folder, 'a'), join(folder, 'link')];
  expect(createWhole(file, 'secret', { mode: 0o600 })).toBe(true);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(createWhole(file, 'other', { mode: 0o600 })).toBe(false);
  symlinkSync(file, link);
  writeWhole(link, 'new', { mode: 0o600 });
  expect(readFileSync(file, 'utf8')).toBe('new');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  writeWhole('/dev/null', 'x');
  expect(statSync('/dev/null').isFile()).toBe(false);
  expect(readdirSync(folder).sort()).toEqual(['a', 'link']);
});

test('only an empty file is taken away', () => {
  const folder = tempDir();
  const file = join(folder, 'key');
  removeEmpty(file);
  writeFileSync(file, 'x');
  removeEmpty(file);
  expect(readFileSync(file, 'utf8')).toBe('x');
  writeFileSync(file, '');
  removeEmpty(file);
  expect(readdirSync(folder)).toEqual([]);
});

test('a key of names that was left empty is drawn, once; a damaged one is refused', () => {
  const work = tempDir();
  writeFileSync(join(work, '.remote-names-key'), '');
  const key = remoteNamesKey(work);
  expect(key).toHaveLength(32);
  expect(remoteNamesKey(work)).toEqual(key);
  writeFileSync(join(work, '.remote-names-key'), 'abc');
  expect(() => remoteNamesKey(work)).toThrow(expect.objectContaining({ code: 'USAGE' }));
});
