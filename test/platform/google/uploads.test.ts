import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Storage } from '@google-cloud/storage';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { openGoogle } from '../../../shared/platform/google/index.ts';
import { googleUploads } from '../../../shared/platform/google/uploads.ts';
import type { UploadTicket } from '../../../shared/platform/ports.ts';
import { type StorageServer, startStorage } from '../../support/emulators/storage/server.ts';
import { tempDir } from '../../support/temp.ts';

const HOUR = 3_600_000;
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const credentials = {
  type: 'service_account',
  project_id: 'p',
  client_email: 'signer@p.iam.gserviceaccount.com',
  private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
};

let server: StorageServer;
let later = 0;
beforeAll(async () => {
  server = await startStorage({ signer: publicKey, now: () => Date.now() + later });
  vi.stubEnv('STORAGE_EMULATOR_HOST', server.origin);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await server.close();
});

let buckets = 0;

/** Makes the account with the key that of the environment. */
function logIn() {
  const file = join(tempDir(), 'account.json');
  writeFileSync(file, JSON.stringify(credentials));
  vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', file);
}

function open() {
  logIn();
  const bucket = `bucket-${++buckets}`;
  const platform = openGoogle({ project: 'p', bucket, topicPrefix: 'x-', cacheFolder: tempDir() });
  onTestFinished(() => platform.close());
  const ticket = (key: string, size: number) => platform.uploads.ticket(key, { size, expiresAt: Date.now() + HOUR });
  return { ...platform, bucket, ticket };
}

function put({ url, headers }: Pick<UploadTicket, 'url' | 'headers'>, body: BodyInit): Promise<Response> {
  return fetch(url, { method: 'PUT', headers, body });
}

test('what is put to a ticket is an object as any other', async () => {
  const { objects, ticket } = open();
  const bytes = randomBytes(100_000);
  const key = "drop/t/p/members/Zoë (née O'Hara) & co/1 + 1.jpg";
  expect((await put(await ticket(key, bytes.length), bytes)).status).toBe(200);
  const md5 = createHash('md5').update(bytes).digest('base64');
  expect(await objects.head(key)).toMatchObject({ size: bytes.length, md5 });
});

test('a key is written once', async () => {
  const { objects, ticket } = open();
  const [first, second] = [await ticket('a', 5), await ticket('a', 5)];
  expect((await put(first, 'first')).status).toBe(200);
  expect((await put(first, 'again')).status).toBe(412);
  expect((await put(second, 'other')).status).toBe(412);
  expect(Buffer.from(await objects.get('a')).toString()).toBe('first');
});

test.each(['longer than that', 'short', ''])('another size is refused: %j', async (body) => {
  const { objects, ticket } = open();
  expect((await put(await ticket('a', 10), body)).status).toBe(400);
  expect(await objects.head('a')).toBeUndefined();
});

test('an address is worth nothing later, for another key or method, or without its conditions', async () => {
  const { objects, ticket } = open();
  const given = await ticket('a', 5);
  const { 'x-goog-if-generation-match': _, ...fewer } = given.headers;
  const signature = new URL(given.url).searchParams.get('X-Goog-Signature')!;
  const flipped = (signature.startsWith('0') ? '1' : '0') + signature.slice(1);
  const bad = [
    { ...given, url: given.url.replace('/a?', '/b?') },
    { ...given, url: given.url.replace(signature, flipped) },
    { ...given, url: given.url.replace('X-Goog-Expires=3', 'X-Goog-Expires=4') },
    { ...given, headers: fewer },
    { ...given, headers: { ...given.headers, 'x-goog-content-length-range': '0,99' } },
    { ...given, headers: { ...given.headers, 'x-goog-meta-a': 'b' } },
  ];
  for (const one of bad) expect((await put(one, 'bytes')).status).toBe(403);
  expect((await fetch(given.url, { headers: given.headers })).status).toBe(403);
  later = HOUR;
  onTestFinished(() => {
    later = 0;
  });
  expect((await put(given, 'bytes')).status).toBe(403);
  later = 0;
  expect(await objects.head('a')).toBeUndefined();
  expect((await put(given, 'bytes')).status).toBe(200);
});

test('the address leads to Cloud Storage, and says for how long', async () => {
  vi.stubEnv('STORAGE_EMULATOR_HOST', undefined);
  onTestFinished(() => void vi.stubEnv('STORAGE_EMULATOR_HOST', server.origin));
  logIn();
  const bucket = new Storage({ projectId: 'p' }).bucket('photos');
  const uploads = googleUploads({ bucket, clock: { now: () => Date.now() } });
  const expiresAt = Date.now() + HOUR + 500;
  const { url, headers, ...ticket } = await uploads.ticket('drop/t/p/ö.jpg', { size: 3, expiresAt });
  const { origin, pathname, searchParams } = new URL(url);
  expect(`${origin}${pathname}`).toBe('https://storage.googleapis.com/photos/drop/t/p/%C3%B6.jpg');
  expect(searchParams.get('X-Goog-SignedHeaders')).toBe(
    'content-type;host;x-goog-content-length-range;x-goog-if-generation-match',
  );
  expect(headers).toEqual({
    'content-type': 'application/octet-stream',
    'x-goog-if-generation-match': '0',
    'x-goog-content-length-range': '3,3',
  });
  expect(ticket.expiresAt).toBe(Math.floor(expiresAt / 1000) * 1000);
});

test('who may not sign is told what is missing, and not who they are', async () => {
  logIn();
  const bucket = new Storage({ projectId: 'p' }).bucket('photos');
  const { authClient } = bucket.storage;
  vi.spyOn(authClient, 'sign').mockRejectedValue(
    new Error("Permission 'iam.serviceAccounts.signBlob' denied on signer@p.iam.gserviceaccount.com"),
  );
  const uploads = googleUploads({ bucket, clock: { now: () => Date.now() } });
  const failed = uploads.ticket('drop/t/p/members/ada/1.jpg', { size: 3, expiresAt: Date.now() + HOUR });
  await expect(failed).rejects.toMatchObject({ code: 'PLATFORM_FORBIDDEN', transient: true });
  await expect(failed).rejects.not.toThrow(/signer@|ada/);
});

test.each<[string, string, number, number]>([
  ['a hidden name', 'drop/.secret', 1, HOUR],
  ['no key', 'drop//a', 1, HOUR],
  ['a part of a byte', 'a', 1.5, HOUR],
  ['a time that is over', 'a', 1, -1],
  ['more than seven days', 'a', 1, 7 * 24 * HOUR + 60_000],
])('no ticket is given for %s', async (_, key, size, time) => {
  const { uploads } = open();
  await expect(uploads.ticket(key, { size, expiresAt: Date.now() + time })).rejects.toMatchObject({ code: 'USAGE' });
});
