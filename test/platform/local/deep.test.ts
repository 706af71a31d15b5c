/** Folders nested deeply: how walking and deleting them is bounded, and that neither leaves the folder. */
import { execFileSync } from 'node:child_process';
import fs, { existsSync, mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import fsPromises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type LocalOptions, openLocal } from '../../../shared/platform/local/index.ts';
import type { ObjectInfo } from '../../../shared/platform/ports.ts';
import { bytes } from '../../contract/objects.contract.ts';
import { tempDir } from '../../support/temp.ts';

function open(options: LocalOptions) {
  const platform = openLocal(options);
  onTestFinished(() => platform.close());
  return platform.objects;
}

/** Makes folders inside one another, with a file at the bottom; also deeper than a path can say. */
function dig(folder: string, levels: number): void {
  const [half, name] = [join(tempDir(), 'half'), 'd'];
  // From the inside out, as a path from the outside would become too long.
  mkdirSync(half);
  writeFileSync(join(half, 'bottom.jpg'), 'photo');
  for (let level = 0; level < levels; level++) {
    const next = join(half, '..', 'next');
    mkdirSync(next);
    renameSync(half, join(next, name));
    renameSync(next, half);
  }
  mkdirSync(join(folder, '..'), { recursive: true });
  renameSync(half, folder);
}

async function collect(list: AsyncIterable<ObjectInfo>): Promise<{ keys: string[]; code: unknown }> {
  const keys: string[] = [];
  try {
    for await (const { key } of list) keys.push(key);
    return { keys, code: undefined };
  } catch (error) {
    return { keys, code: error instanceof Error && 'code' in error ? error.code : error };
  }
}

test('files that are too deep are said, after all others were listed', async () => {
  const folder = tempDir();
  mkdirSync(join(folder, 'drop/t'), { recursive: true });
  writeFileSync(join(folder, 'drop/t/a.jpg'), '');
  writeFileSync(join(folder, 'drop/t/z.jpg'), '');
  dig(join(folder, 'drop/t/m'), 3000);
  const objects = open({ folder });
  expect(await collect(objects.list('drop/'))).toEqual({ keys: ['drop/t/a.jpg', 'drop/t/z.jpg'], code: 'TOO_DEEP' });
});

test('the same in a folder given from outside, and for paths of more than 1024 bytes', async () => {
  const outside = tempDir();
  dig(join(outside, 'm'), 100);
  const objects = open({ folder: tempDir(), mounts: { 'drop/local/project/members/': outside } });
  expect(await collect(objects.list('drop/'))).toEqual({ keys: [], code: 'TOO_DEEP' });
  const folder = tempDir();
  const long = Array.from({ length: 5 }, () => 'n'.repeat(250));
  mkdirSync(join(folder, 'drop', ...long), { recursive: true });
  writeFileSync(join(folder, 'drop', ...long, 'a.jpg'), '');
  expect(await collect(open({ folder }).list('drop/'))).toEqual({ keys: [], code: 'TOO_DEEP' });
});

test('a walk asks the system as often as there are folders, and no more for deeper ones', async () => {
  const calls = async (levels: number) => {
    const folder = tempDir();
    dig(join(folder, 'drop/m'), levels);
    const objects = open({ folder });
    const [first] = (await collect(objects.list('drop/'))).keys;
    expect(first).toContain('bottom.jpg');
    const spies = [
      vi.spyOn(fs.realpathSync, 'native'),
      vi.spyOn(fs, 'statSync'),
      vi.spyOn(fsPromises, 'readdir'),
      vi.spyOn(fsPromises, 'realpath'),
    ];
    syncBuiltinESMExports();
    await collect(objects.list('drop/'));
    const count = spies.reduce((sum, spy) => sum + spy.mock.calls.length, 0);
    for (const spy of spies) spy.mockRestore();
    syncBuiltinESMExports();
    return count;
  };
  const [some, twice] = [await calls(20), await calls(40)];
  expect(some).toBeGreaterThan(20);
  expect(twice - some).toBe(20);
});

test('clearing a folder does not depend on its depth, and follows no link', async () => {
  const folder = tempDir();
  const outside = tempDir();
  writeFileSync(join(outside, 'kept.jpg'), '');
  dig(join(folder, 'drop/t/p/m'), 3000);
  mkdirSync(join(folder, 'drop/t/p/closed'));
  writeFileSync(join(folder, 'drop/t/p/closed/.hidden.part'), 'x');
  writeFileSync(Buffer.concat([Buffer.from(`${folder}/drop/t/p/`), Buffer.of(0xff, 0xfe)]), 'no UTF-8');
  execFileSync('chmod', ['500', join(folder, 'drop/t/p/closed')]);
  symlinkSync(outside, join(folder, 'drop/t/p/link'));
  symlinkSync(join(outside, 'kept.jpg'), join(folder, 'drop/t/p/link.jpg'));
  const objects = open({ folder });
  const deleted = await objects.clear('drop/t/p');
  expect(deleted.map(({ size }) => size).sort()).toEqual([1, 5, 8]);
  expect(deleted.find(({ key }) => key.endsWith('bottom.jpg'))?.key).toBe(`drop/t/p/m/${'d/'.repeat(3000)}bottom.jpg`);
  expect(readdirSync(folder).sort()).toEqual(['.rewound-state', 'drop']);
  expect(readdirSync(join(folder, 'drop'))).toEqual([]);
  expect(readdirSync(join(folder, '.rewound-state/trash'))).toEqual([]);
  expect(existsSync(join(outside, 'kept.jpg'))).toBe(true);
});

test('what a process that died did not remove is removed by the next', async () => {
  const folder = tempDir();
  open({ folder });
  const trash = join(folder, '.rewound-state/trash');
  // A process that cannot be: ids end below this.
  dig(join(trash, '4999999-a'), 10);
  await open({ folder, exclusive: false }).put('drop/t/p/a', bytes('x'));
  await open({ folder, exclusive: false }).clear('drop/t/p');
  expect(readdirSync(trash)).toEqual([]);
});

test('what is outside of the work folder is not cleared', async () => {
  const outside = tempDir();
  writeFileSync(join(outside, 'kept.jpg'), '');
  const folder = tempDir();
  symlinkSync(outside, join(folder, 'out'));
  const objects = open({ folder, mounts: { 'drop/m/': outside } });
  await expect(objects.clear('drop/m')).rejects.toMatchObject({ code: 'USAGE' });
  await expect(objects.clear('out/sub')).rejects.toMatchObject({ code: 'USAGE' });
  await objects.clear('out');
  expect(readdirSync(outside)).toEqual(['kept.jpg']);
});

test('a walk, and the digest of a file, end with CANCELLED when they are told to; so does what runs after closing', async () => {
  const folder = tempDir();
  for (const name of ['a', 'b', 'c']) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, '1.jpg'), name);
  }
  const stop = new AbortController();
  const platform = openLocal({ folder, signal: stop.signal });
  const walked = platform.objects.list('')[Symbol.asyncIterator]();
  stop.abort();
  await expect(walked.next()).rejects.toMatchObject({ code: 'CANCELLED', transient: true });
  platform.close();
  platform.close();
  await expect(platform.records.get('a/b')).rejects.toMatchObject({ code: 'CANCELLED' });
  await expect(platform.records.create('a/b', {})).rejects.toMatchObject({ code: 'CANCELLED' });
  await expect(platform.events.publish('t', {})).rejects.toMatchObject({ code: 'CANCELLED' });
  expect(await collect(platform.objects.list(''))).toMatchObject({ code: 'CANCELLED' });
});
