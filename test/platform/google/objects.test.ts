import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { Storage } from '@google-cloud/storage';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { openGoogle } from '../../../shared/platform/google/index.ts';
import { type StorageServer, startStorage } from '../../support/emulators/storage/server.ts';
import { tempDir } from '../../support/temp.ts';

let server: StorageServer;
beforeAll(async () => {
  server = await startStorage();
  process.env.STORAGE_EMULATOR_HOST = server.origin;
});
afterAll(() => server.close());

let buckets = 0;

/** The objects of a new bucket, and the bucket as others see it. */
function open({ cacheLimit = 1e6 } = {}) {
  const name = `bucket-${++buckets}`;
  const cacheFolder = tempDir();
  const platform = openGoogle({ project: 'p', bucket: name, topicPrefix: 'x-', cacheFolder, cacheLimit });
  onTestFinished(() => platform.close());
  return { objects: platform.objects, bucket: new Storage({ projectId: 'p' }).bucket(name), name };
}

const md5 = (bytes: string | Uint8Array) => createHash('md5').update(bytes).digest('base64');

test('an upload whose answer was lost is known again; equal bytes of another writer are not taken for it', async () => {
  const { objects } = open();
  server.loseAnswers('POST', 1);
  const put = await objects.put('shard', Buffer.from('same'), { ifAbsent: true });
  expect(await objects.head('shard')).toEqual(put);
  await expect(objects.put('shard', Buffer.from('same'), { ifAbsent: true })).rejects.toMatchObject({
    code: 'OBJECT_EXISTS',
  });
});

test('a large upload whose answer was lost is continued', async () => {
  const { objects } = open();
  const bytes = Buffer.alloc(9 * 2 ** 20, 'rewound');
  server.loseAnswers('PUT', 1);
  const put = await objects.put('model', bytes, { ifAbsent: true });
  expect(put).toEqual(await objects.head('model'));
});

test('what gets no answer is asked for again', async () => {
  const { objects } = open();
  const { generation } = await objects.put('a', Buffer.from('x'));
  server.loseAnswers('GET', 1);
  expect(await objects.head('a')).toMatchObject({ generation });
  server.loseAnswers('GET', 1);
  expect(Buffer.from(await objects.get('a')).toString()).toBe('x');
  server.loseAnswers('DELETE', 1);
  await objects.delete('a');
  expect(await objects.head('a')).toBeUndefined();
});

test('a download that breaks midway is done again', async () => {
  const { objects, bucket } = open();
  const bytes = Buffer.alloc(500_000, 'rewound');
  const { generation } = await objects.put('a', bytes);
  server.breakDownloads(1);
  expect(md5(await objects.get('a', generation))).toBe(md5(bytes));
  server.breakDownloads(2);
  expect(md5(readFileSync(await objects.file('a', generation)))).toBe(md5(bytes));
  await bucket.combine(['a', 'a'], bucket.file('b'));
  server.breakDownloads(1);
  expect(await objects.head('b')).toMatchObject({ md5: md5(Buffer.concat([bytes, bytes])) });
});

test('a service that stays away is a transient error', async () => {
  const { objects } = open();
  await objects.put('a', Buffer.from('x'));
  server.loseAnswers('GET', 4);
  await expect(objects.get('a')).rejects.toMatchObject({ transient: true });
});

test('large content goes in chunks that continue, and comes back the same', async () => {
  const { objects } = open({ cacheLimit: 2e7 });
  const bytes = Buffer.alloc(9 * 2 ** 20, 'rewound');
  const put = await objects.put('model', bytes, { ifAbsent: true });
  expect(put).toMatchObject({ size: bytes.length, md5: md5(bytes) });
  expect(md5(await objects.get('model', put.generation))).toBe(put.md5);
  expect(md5(readFileSync(await objects.file('model')))).toBe(put.md5);
  await expect(objects.put('model', bytes, { ifAbsent: true })).rejects.toMatchObject({ code: 'OBJECT_EXISTS' });
});

test('a composite object has the digest of its content, read once', async () => {
  const { objects, bucket } = open();
  for (const part of ['one', 'two']) await objects.put(part, Buffer.from(part));
  await bucket.combine(['one', 'two'], bucket.file('both'));
  const before = server.requests.length;
  const found = await objects.head('both');
  expect(found).toMatchObject({ size: 6, md5: md5('onetwo') });
  expect(await objects.head('both')).toEqual(found);
  expect(server.requests.slice(before)).toHaveLength(3);
  expect(readFileSync(await objects.file('both', found?.generation), 'utf8')).toBe('onetwo');
  for await (const info of objects.list('bo')) expect(info).toEqual(found);
});

test('an object with a content encoding is taken as stored', async () => {
  const { objects, bucket } = open();
  await bucket.file('a.json').save('{}', { gzip: true, resumable: false });
  const zipped = gzipSync('{}');
  expect(await objects.get('a.json')).toEqual(new Uint8Array(zipped));
  expect(await objects.head('a.json')).toMatchObject({ size: zipped.length, md5: md5(zipped) });
  expect(readFileSync(await objects.file('a.json'))).toEqual(zipped);
});

test('placeholders of folders, hidden names and names that are no keys are not listed', async () => {
  const { objects, bucket } = open();
  for (const key of ['drop/', 'drop/.DS_Store', 'drop/a//b', 'drop/a.part', 'drop/a', 'drop/..', 'drop/a\\b']) {
    await bucket.file(key).save('x', { resumable: false });
  }
  const keys: string[] = [];
  for await (const { key } of objects.list('')) keys.push(key);
  expect(keys).toEqual(['drop/a']);
});

test('a list of more than one page', async () => {
  const { objects, name } = open();
  const keys = Array.from({ length: 2100 }, (_, i) => `a/${String(i).padStart(4, '0')}`);
  for (let at = 0; at < keys.length; at += 100) {
    await Promise.all(
      keys.slice(at, at + 100).map((key) => {
        const url = `${server.origin}/upload/storage/v1/b/${name}/o?uploadType=media&name=${encodeURIComponent(key)}`;
        return fetch(url, { method: 'POST', body: key }).then((response) => response.arrayBuffer());
      }),
    );
  }
  const before = server.requests.length;
  const listed: string[] = [];
  for await (const { key } of objects.list('a/')) listed.push(key);
  expect(listed).toEqual(keys);
  expect(server.requests.slice(before)).toHaveLength(3);
});

test('a file is downloaded once; what its owner deleted is not given out of the cache', async () => {
  const { objects } = open();
  await objects.put('drop/t/members/jane/1.jpg', Buffer.from('face'));
  const downloads = () => server.requests.filter((request) => request.startsWith('GET')).length;
  const before = downloads();
  const paths = await Promise.all(Array.from({ length: 10 }, () => objects.file('drop/t/members/jane/1.jpg')));
  expect(new Set(paths).size).toBe(1);
  expect(paths[0]).not.toContain('jane');
  // Ten look whether it is there, one reads it.
  expect(downloads() - before).toBe(11);
  await objects.delete('drop/t/members/jane/1.jpg');
  await expect(objects.file('drop/t/members/jane/1.jpg')).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('a file that never changes is asked for once', async () => {
  const { objects } = open();
  await objects.put('work/1/gallery', Buffer.from('faces'));
  const before = server.requests.length;
  const paths: string[] = [];
  for (let i = 0; i < 10; i++) paths.push(await objects.file('work/1/gallery', undefined, { fixed: true }));
  expect(new Set(paths).size).toBe(1);
  // One looks for it, one reads it.
  expect(server.requests.length - before).toBe(2);
});

test('a file replaced since it was cached is another file', async () => {
  const { objects } = open();
  await objects.put('a', Buffer.from('one'));
  const first = await objects.file('a');
  await objects.put('a', Buffer.from('two'));
  expect(readFileSync(await objects.file('a'), 'utf8')).toBe('two');
  expect(existsSync(first)).toBe(true);
});

test('a file larger than the cache is refused', async () => {
  const { objects } = open({ cacheLimit: 2 });
  await objects.put('a', Buffer.from('abc'));
  await expect(objects.file('a')).rejects.toMatchObject({ code: 'STORAGE_FULL' });
});

test('errors name the bucket and not the person', async () => {
  const { objects, name } = open();
  const key = 'drop/t/p/members/Jane Doe/1.jpg';
  await expect(objects.get(key)).rejects.toThrow(`gs://${name}/drop/t/…`);
  await objects.put(key, Buffer.from('x'));
  await expect(objects.put(key, Buffer.from('y'), { ifAbsent: true })).rejects.not.toThrow(/Jane/);
  await expect(objects.get(key, '1')).rejects.not.toThrow(/Jane/);
});
