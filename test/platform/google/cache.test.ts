import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Cache, type Cached, fileCache } from '../../../shared/platform/google/cache.ts';
import { tempDir } from '../../support/temp.ts';

/** A content of `size` bytes that counts how often it was fetched. */
function content(id: string, size: number): Cached & { fetched: number } {
  return {
    id,
    size,
    fetched: 0,
    async fill(path) {
      this.fetched++;
      await writeFile(path, id.repeat(size));
    },
  };
}

async function has(cache: Cache, wanted: Cached & { fetched: number }): Promise<boolean> {
  const before = wanted.fetched;
  await cache.file(wanted);
  return wanted.fetched === before;
}

test('a content is fetched once, also for many at the same time', async () => {
  const cache = fileCache({ folder: join(tempDir(), 'new'), limit: 10 });
  const a = content('a', 3);
  const paths = await Promise.all(Array.from({ length: 50 }, () => cache.file(a)));
  expect(new Set(paths).size).toBe(1);
  expect(readFileSync(paths[0] ?? '', 'utf8')).toBe('aaa');
  expect(a.fetched).toBe(1);
  expect(await has(cache, a)).toBe(true);
});

test('only this user may read the folder, and names tell nothing', async () => {
  const folder = join(tempDir(), 'cache');
  await fileCache({ folder, limit: 10 }).file(content('j', 1));
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(readdirSync(folder)).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
});

test('the least recently used make room', async () => {
  const folder = tempDir();
  const cache = fileCache({ folder, limit: 10 });
  const [a, b, c] = [content('a', 4), content('b', 4), content('c', 4)];
  const paths = [await cache.file(a), await cache.file(b), await cache.file(a), await cache.file(c)];
  expect(paths.map((path) => existsSync(path))).toEqual([true, false, true, true]);
  expect(await has(cache, a)).toBe(true);
  expect(await has(cache, b)).toBe(false);
});

test('what is larger than the cache is refused, and nothing is lost for it', async () => {
  const cache = fileCache({ folder: tempDir(), limit: 10 });
  const a = content('a', 10);
  await cache.file(a);
  await expect(cache.file(content('b', 11))).rejects.toMatchObject({ code: 'STORAGE_FULL', transient: false });
  expect(await has(cache, a)).toBe(true);
});

test('what does not fit beside unfinished downloads is refused for now', async () => {
  const cache = fileCache({ folder: tempDir(), limit: 10 });
  const { promise, resolve } = Promise.withResolvers<void>();
  const a = content('a', 6);
  const slow = cache.file({ ...a, fill: (path) => promise.then(() => a.fill(path)) });
  const b = content('b', 6);
  // The folder is read before the first file is asked for.
  await expect.poll(() => cache.file(b).catch((error: unknown) => error)).toMatchObject({ transient: true });
  resolve();
  await slow;
  await cache.file(b);
});

test('a failed or short download leaves nothing behind and can be tried again', async () => {
  const folder = tempDir();
  const cache = fileCache({ folder, limit: 10 });
  const a = content('a', 3);
  await expect(cache.file({ ...a, fill: () => Promise.reject(new Error('broken')) })).rejects.toThrow('broken');
  await expect(cache.file({ ...a, fill: (path) => writeFile(path, 'a') })).rejects.toMatchObject({ transient: true });
  expect(readdirSync(folder)).toEqual([]);
  expect(readFileSync(await cache.file(a), 'utf8')).toBe('aaa');
});

test('the next process finds what is there and removes what was left unfinished long ago', async () => {
  const folder = tempDir();
  const a = content('a', 3);
  const path = await fileCache({ folder, limit: 10 }).file(a);
  for (const name of ['old.part', 'new.part', 'other']) writeFileSync(join(folder, name), '');
  utimesSync(join(folder, 'old.part'), new Date(0), new Date(0));
  const next = fileCache({ folder, limit: 10 });
  expect(await has(next, a)).toBe(true);
  expect(readdirSync(folder).sort()).toEqual([path.slice(folder.length + 1), 'new.part', 'other'].sort());
});

test('a file that something else removed is fetched again', async () => {
  const cache = fileCache({ folder: tempDir(), limit: 10 });
  const a = content('a', 3);
  rmSync(await cache.file(a));
  expect(existsSync(await cache.file(a))).toBe(true);
});

test('a folder that cannot be made is an error each time', async () => {
  const folder = join(tempDir(), 'taken');
  writeFileSync(folder, '');
  const cache = fileCache({ folder, limit: 10 });
  await expect(cache.file(content('a', 1))).rejects.toThrow('EEXIST');
  rmSync(folder);
  mkdirSync(folder);
  expect(existsSync(await cache.file(content('a', 1)))).toBe(true);
});
