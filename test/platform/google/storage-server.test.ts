import { buffer } from 'node:stream/consumers';
import { Storage } from '@google-cloud/storage';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { contentOf } from '../../../shared/platform/google/content.ts';
import { type StorageServer, startStorage } from '../../support/emulators/storage/server.ts';

/* The test server against the client alone: what the adapters do not use, or not on every path. */

let server: StorageServer;
beforeAll(async () => {
  server = await startStorage();
});
afterAll(() => server.close());

/** Both ways in which a client may be led here. */
const clients: Array<[string, () => Storage]> = [
  ['apiEndpoint', () => new Storage({ projectId: 'p', apiEndpoint: server.origin })],
  [
    'STORAGE_EMULATOR_HOST',
    () => {
      process.env.STORAGE_EMULATOR_HOST = server.origin;
      const storage = new Storage({ projectId: 'p' });
      delete process.env.STORAGE_EMULATOR_HOST;
      return storage;
    },
  ],
];

test.each(clients)('chunked uploads, ranges, generations and preconditions by %s', async (name, client) => {
  const bucket = client().bucket(name.toLowerCase());
  const file = bucket.file('a/ü b.bin');
  const bytes = Buffer.alloc(700_000, 'abcdefg');
  await file.save(bytes, { chunkSize: 256 * 1024, preconditionOpts: { ifGenerationMatch: 0 } });
  expect((await buffer(contentOf(file))).equals(bytes)).toBe(true);
  expect((await file.download({ start: 7, end: 9 }))[0].toString()).toBe('abc');
  const first = Number(file.metadata.generation);

  await file.save('new', { resumable: false, preconditionOpts: { ifGenerationMatch: first } });
  await expect(
    file.save('newer', { resumable: false, preconditionOpts: { ifGenerationMatch: first } }),
  ).rejects.toMatchObject({ code: 412 });
  await expect(bucket.file(file.name, { generation: first }).download()).rejects.toMatchObject({ code: 404 });
  await expect(file.delete({ ifGenerationMatch: first })).rejects.toMatchObject({ code: 412 });
  await file.delete();
  await expect(file.delete()).rejects.toMatchObject({ code: 404 });
});

test('an upload that arrives damaged is refused', async () => {
  const bucket = new Storage({ projectId: 'p', apiEndpoint: server.origin }).bucket('b');
  const metadata = { md5Hash: 'AAAAAAAAAAAAAAAAAAAAAA==' };
  await expect(bucket.file('a').save('x', { resumable: false, validation: false, metadata })).rejects.toMatchObject({
    code: 400,
  });
  expect(await bucket.file('a').exists()).toEqual([false]);
});
