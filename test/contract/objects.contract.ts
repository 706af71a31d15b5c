import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../shared/error-codes.ts';
import type { Objects } from '../../shared/platform/ports.ts';

/**
 * What every platform's objects must do. `open` gives an empty store for the running test; `missing` is the code of the
 * error for an object that does not exist, which the wrapper for steps changes for what an audit has made itself.
 */
export function objectsContract(name: string, open: () => Promise<Objects>, missing: ErrorCode = 'NOT_FOUND'): void {
  describe(`objects of ${name}`, () => {
    test('what is put can be read back, described and listed', async () => {
      const objects = await open();
      const put = await objects.put('drop/a/members/zoë/1.jpg', bytes('hello'));
      expect(put).toEqual({
        key: 'drop/a/members/zoë/1.jpg',
        size: 5,
        generation: expect.any(String),
        md5: md5('hello'),
      });
      expect(text(await objects.get(put.key))).toBe('hello');
      expect(await objects.head(put.key)).toEqual(put);
      expect(await all(objects.list(''))).toEqual([put]);
    });

    test('an object may be empty, and may hold any bytes', async () => {
      const objects = await open();
      const every = Uint8Array.from({ length: 256 }, (_, i) => i);
      await objects.put('every', every);
      await objects.put('none', new Uint8Array());
      expect(await objects.get('every')).toEqual(every);
      expect(await objects.get('none')).toHaveLength(0);
    });

    test('what is not there', async () => {
      const objects = await open();
      await objects.put('a/b', bytes('x'));
      for (const key of ['missing', 'a', 'a/b/c', 'a/bb', 'no/such/folder']) {
        expect(await objects.head(key)).toBeUndefined();
        await expect(objects.get(key)).rejects.toMatchObject({ code: missing });
        await expect(objects.file(key)).rejects.toMatchObject({ code: missing });
        await objects.delete(key);
      }
      expect(await keys(objects, '')).toEqual(['a/b']);
    });

    test('delete removes, and again does nothing', async () => {
      const objects = await open();
      await objects.put('a', bytes('x'));
      await objects.delete('a');
      await objects.delete('a');
      expect(await objects.head('a')).toBeUndefined();
      expect(await keys(objects, '')).toEqual([]);
    });

    test('clear deletes what is below a folder, says what it deleted, and deletes nothing else', async () => {
      const objects = await open();
      for (const key of ['a/b/1', 'a/b/c/d/2', 'a/b.c', 'a/bb/3', 'b/b/4']) await objects.put(key, bytes(key));
      const deleted = [...(await objects.clear('a/b'))].sort((one, other) => (one.key < other.key ? -1 : 1));
      expect(deleted).toEqual([
        { key: 'a/b/1', size: 5 },
        { key: 'a/b/c/d/2', size: 9 },
      ]);
      expect(await keys(objects, '')).toEqual(['a/b.c', 'a/bb/3', 'b/b/4']);
      expect(await objects.clear('a/b')).toEqual([]);
      expect(await objects.clear('a/b.c')).toEqual([]);
      expect(await keys(objects, '')).toEqual(['a/b.c', 'a/bb/3', 'b/b/4']);
      await objects.put('a/b/1', bytes('again'));
      expect(await keys(objects, 'a/b/')).toEqual(['a/b/1']);
    });

    test('a key has at most 64 names', async () => {
      const objects = await open();
      const deepest = Array.from({ length: 64 }, () => 'd').join('/');
      await objects.put(deepest, bytes('x'));
      expect(await keys(objects, '')).toEqual([deepest]);
      await expect(objects.put(`${deepest}/d`, bytes('x'))).rejects.toMatchObject({ code: 'USAGE' });
    });

    test.each([
      '',
      '/a',
      'a/',
      'a//b',
      '.',
      '..',
      'a/../b',
      'a/./b',
      'a\\b',
      'a\0b',
      'a\nb',
      '\ud800',
      'x'.repeat(300),
    ])('the key %j is refused', async (key) => {
      const objects = await open();
      const usage = { code: 'USAGE' };
      await expect(objects.put(key, bytes('x'))).rejects.toMatchObject(usage);
      await expect(objects.get(key)).rejects.toMatchObject(usage);
      await expect(objects.head(key)).rejects.toMatchObject(usage);
      await expect(objects.delete(key)).rejects.toMatchObject(usage);
      expect(await keys(objects, '')).toEqual([]);
    });

    test.each(['.hidden', 'a/.hidden/b', '.rewound-state/x', 'photo.jpg.part', 'a/B.TMP', 'c.crdownload', 'd.partial'])(
      'the hidden name %j is no object',
      async (key) => {
        const objects = await open();
        await expect(objects.put(key, bytes('x'))).rejects.toMatchObject({ code: 'USAGE' });
        expect(await objects.head(key)).toBeUndefined();
        await expect(objects.get(key)).rejects.toMatchObject({ code: missing });
      },
    );

    test('a replacement has another generation, and the old one cannot be read any more', async () => {
      const objects = await open();
      const first = await objects.put('a', bytes('one'));
      const second = await objects.put('a', bytes('two'));
      expect(second.generation).not.toBe(first.generation);
      expect(await objects.head('a')).toEqual(second);
      await expect(objects.get('a', first.generation)).rejects.toMatchObject({ code: 'OBJECT_CHANGED' });
      await expect(objects.file('a', first.generation)).rejects.toMatchObject({ code: 'OBJECT_CHANGED' });
      expect(text(await objects.get('a', second.generation))).toBe('two');
    });

    test('no generation comes back, however fast objects of one size replace each other', async () => {
      const objects = await open();
      const generations = new Set<string>();
      for (let i = 0; i < 20; i++) {
        generations.add((await objects.put('a', bytes(`${i % 10}`))).generation);
        if (i % 3 === 0) await objects.delete('a');
      }
      expect(generations.size).toBe(20);
      expect(await objects.head('a')).toMatchObject({ md5: md5('9') });
    });

    test('a range of an object can be read, and found in a local file', async () => {
      const objects = await open();
      const every = Uint8Array.from({ length: 256 }, (_, i) => i);
      const { generation } = await objects.put('archive', every);
      for (const range of [
        { start: 0, length: 1 },
        { start: 17, length: 100 },
        { start: 200, length: 56 },
        { start: 250, length: 100 },
      ]) {
        const expected = every.subarray(range.start, range.start + range.length);
        expect(await objects.get('archive', generation, range)).toEqual(expected);
        expect(await objects.get('archive', undefined, range)).toEqual(expected);
        const { path, start } = await objects.part('archive', range, generation);
        const file = await readFile(path);
        expect(new Uint8Array(file.subarray(start, start + expected.length))).toEqual(expected);
      }
      await objects.put('archive', bytes('replaced'));
      const first = { start: 0, length: 4 };
      await expect(objects.get('archive', generation, first)).rejects.toMatchObject({ code: 'OBJECT_CHANGED' });
      await expect(objects.part('archive', first, generation)).rejects.toMatchObject({ code: 'OBJECT_CHANGED' });
      await expect(objects.part('missing', first)).rejects.toMatchObject({ code: missing });
    });

    test('file is a path with the content, however the object is replaced afterwards', async () => {
      const objects = await open();
      const { generation } = await objects.put('model.onnx', bytes('weights'));
      const path = await objects.file('model.onnx', generation);
      expect(await readFile(path, 'utf8')).toBe('weights');
    });

    test('put ifAbsent leaves an object alone', async () => {
      const objects = await open();
      const first = await objects.put('a', bytes('one'), { ifAbsent: true });
      await expect(objects.put('a', bytes('two'), { ifAbsent: true })).rejects.toMatchObject({ code: 'OBJECT_EXISTS' });
      expect(await objects.head('a')).toEqual(first);
    });

    test('of many concurrent writers with ifAbsent exactly one wins, and its bytes stay', async () => {
      const objects = await open();
      const outcomes = await Promise.all(
        Array.from({ length: 50 }, (_, i) =>
          objects.put('shards/7', bytes(`writer ${i}`), { ifAbsent: true }).then(
            () => `writer ${i}`,
            (error: { code: string }) => error.code,
          ),
        ),
      );
      const winners = outcomes.filter((outcome) => outcome !== 'OBJECT_EXISTS');
      expect(winners).toHaveLength(1);
      expect(text(await objects.get('shards/7'))).toBe(winners[0]);
      expect(await keys(objects, '')).toEqual(['shards/7']);
    });

    test('a reader never sees a part of a write', async () => {
      const objects = await open();
      const size = 300_000;
      await objects.put('a', new Uint8Array(size));
      let writing = true;
      const writer = (async () => {
        for (let i = 1; i <= 25; i++) await objects.put('a', new Uint8Array(size).fill(i));
        writing = false;
      })();
      let reads = 0;
      while (writing) {
        const read = await objects.get('a');
        expect(read).toHaveLength(size);
        expect(new Set(read).size).toBe(1);
        for await (const info of objects.list('')) expect(info.size).toBe(size);
        reads++;
      }
      await writer;
      expect(reads).toBeGreaterThan(0);
    });

    test('list is in order of UTF-8 bytes, whatever the folders', async () => {
      const objects = await open();
      const inOrder = [
        'A',
        'Z/1',
        'a!/x',
        'a-b',
        'a.jpg',
        'a/b',
        'a/c/d',
        'a/c-d',
        'a0',
        'aa',
        'b/\u{1F600}',
        'e\u0301',
        'z',
        'é',
        '\u{FF5E}',
        '\u{1F600}',
        '\u{1F601}/x',
      ].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      for (const key of [...inOrder].reverse()) await objects.put(key, bytes(key));
      expect(await keys(objects, '')).toEqual(inOrder);
    });

    test('a prefix is of the key, not of folders', async () => {
      const objects = await open();
      for (const key of ['a/b/1', 'a/b/2', 'a/bc', 'a/c', 'ab']) await objects.put(key, bytes('x'));
      expect(await keys(objects, 'a/b')).toEqual(['a/b/1', 'a/b/2', 'a/bc']);
      expect(await keys(objects, 'a/b/')).toEqual(['a/b/1', 'a/b/2']);
      expect(await keys(objects, 'a')).toEqual(['a/b/1', 'a/b/2', 'a/bc', 'a/c', 'ab']);
      expect(await keys(objects, 'a/c')).toEqual(['a/c']);
      expect(await keys(objects, 'a/c/')).toEqual([]);
      expect(await keys(objects, 'x')).toEqual([]);
    });

    test('many objects', async () => {
      const objects = await open();
      const names = Array.from({ length: 120 }, (_, i) => `many/${i % 7}/${i}`);
      await Promise.all(names.map((key) => objects.put(key, bytes(key))));
      const listed = await all(objects.list('many/'));
      expect(listed.map(({ key }) => key)).toEqual(names.sort());
      expect(listed.every((info) => info.md5 === md5(info.key))).toBe(true);
    });
  });
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

export async function keys(objects: Objects, prefix: string): Promise<string[]> {
  return (await all(objects.list(prefix))).map(({ key }) => key);
}

export function bytes(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}

function text(content: Uint8Array): string {
  return new TextDecoder().decode(content);
}

function md5(content: string): string {
  return createHash('md5').update(content).digest('base64');
}
