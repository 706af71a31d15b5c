import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import type { RewoundError } from '../../../shared/errors.ts';
import { Drafts } from '../../../shared/platform/local/drafts.ts';
import { Incoming } from '../../../shared/platform/local/incoming.ts';
import { openLocal } from '../../../shared/platform/local/index.ts';
import { localUploads } from '../../../shared/platform/local/uploads.ts';
import type { UploadTicket } from '../../../shared/platform/ports.ts';
import { tempDir } from '../../support/temp.ts';

const KEY = new Uint8Array(32).fill(1);
const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 0, 1);

/** A platform with a server in front of it that takes uploads, and what that server had to say of each. */
async function open() {
  const folder = tempDir();
  const clock = { at: NOW, now: () => clock.at };
  const platform = openLocal({ folder, clock });
  const outcomes: Promise<RewoundError | undefined>[] = [];
  const server = createServer((request, response) => {
    outcomes.push(handler.receiveUpload(request, response));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  const origin = `http://127.0.0.1:${address.port}`;
  const uploads = platform.uploads({ origin, tokenKey: KEY });
  let handler = uploads;
  const handle = (other: typeof uploads) => {
    handler = other;
  };
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await Promise.all(outcomes);
    platform.close();
  });
  const ticket = (key: string, size: number) => uploads.ticket(key, { size, expiresAt: clock.at + HOUR });
  return { folder, clock, platform, uploads, server, outcomes, origin, ticket, handle };
}

function put({ url, headers }: Pick<UploadTicket, 'url' | 'headers'>, body: BodyInit): Promise<Response> {
  return fetch(url, { method: 'PUT', headers, body, ...(body instanceof ReadableStream ? { duplex: 'half' } : {}) });
}

/** The bytes without a word of how many they are. */
function streamed(...pieces: Uint8Array[]): BodyInit {
  return Readable.toWeb(Readable.from(pieces)) as ReadableStream;
}

async function expectProblem(response: Response, status: number, code: string): Promise<void> {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect({ http: response.status, ...(await response.json()) }).toMatchObject({ http: status, status, code });
}

/** Files that are still being written. */
const drafts = (folder: string) => readdirSync(join(folder, '.rewound-state/tmp'));

test('what is put to a ticket is an object as any other', async () => {
  const { platform, ticket, folder, origin } = await open();
  const bytes = randomBytes(300_000);
  const given = await ticket('drop/t/p/members/ada/1.jpg', bytes.length);
  expect(given.url.startsWith(`${origin}/uploads/`)).toBe(true);
  expect(given.expiresAt).toBe(NOW + HOUR);
  const response = await put(given, bytes);
  expect([response.status, await response.text()]).toEqual([200, '']);
  const { objects } = platform;
  const info = await objects.head('drop/t/p/members/ada/1.jpg');
  expect(info).toMatchObject({ size: bytes.length, md5: createHash('md5').update(bytes).digest('base64') });
  expect(Buffer.from(await objects.get('drop/t/p/members/ada/1.jpg', info!.generation)).equals(bytes)).toBe(true);
  expect(drafts(folder)).toEqual([]);
});

test('any number of bytes, in any pieces, arrives as it was', async () => {
  const { platform, ticket } = await open();
  let name = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 5000 }), { maxLength: 5 }), async (pieces) => {
      const key = `drop/t/p/${name++}`;
      const bytes = Buffer.concat(pieces);
      const body = pieces.length === 0 ? '' : streamed(...pieces);
      expect((await put(await ticket(key, bytes.length), body)).status).toBe(200);
      expect(Buffer.from(await platform.objects.get(key)).equals(bytes)).toBe(true);
    }),
    { numRuns: 20 },
  );
});

test('a key is written once, also by two at the same time', async () => {
  const { platform, ticket, folder } = await open();
  const [first, second] = await Promise.all([ticket('a', 5), ticket('a', 5)]);
  const responses = await Promise.all([put(first, 'first'), put(second, 'other')]);
  expect(responses.map(({ status }) => status).sort()).toEqual([200, 412]);
  const kept = Buffer.from(await platform.objects.get('a')).toString();
  expect(kept).toBe(responses[0]!.status === 200 ? 'first' : 'other');
  await expectProblem(await put(first, 'again'), 412, 'OBJECT_EXISTS');
  expect(Buffer.from(await platform.objects.get('a')).toString()).toBe(kept);
  expect(drafts(folder)).toEqual([]);
});

test.each([
  ['more bytes than said', 'longer than that', 413, 'TOO_LARGE'],
  ['more bytes, unannounced', streamed(randomBytes(9), randomBytes(9)), 413, 'TOO_LARGE'],
  ['fewer bytes', 'short', 400, 'REQUEST_INVALID'],
  ['fewer bytes, unannounced', streamed(randomBytes(3)), 400, 'REQUEST_INVALID'],
  ['no bytes', '', 400, 'REQUEST_INVALID'],
])('%s are refused and leave nothing', async (_, body, status, code) => {
  const { platform, ticket, folder, outcomes } = await open();
  await expectProblem(await put(await ticket('a', 10), body), status, code);
  expect(await platform.objects.head('a')).toBeUndefined();
  expect(drafts(folder)).toEqual([]);
  expect(await outcomes[0]).toMatchObject({ code });
});

test('too many bytes are refused while they still come', async () => {
  const { ticket, server, outcomes, folder } = await open();
  const { url, headers } = await ticket('a', 10);
  const sender = httpRequest(url, { method: 'PUT', headers });
  sender.write(randomBytes(64));
  const [response] = await once(sender, 'response');
  expect(response.statusCode).toBe(413);
  expect(drafts(folder)).toEqual([]);
  sender.on('error', () => {}).destroy();
  expect(await outcomes[0]).toMatchObject({ code: 'TOO_LARGE' });
  server.closeAllConnections();
});

test('somebody who was refused and goes on sending hears why, and is then cut off', async () => {
  const { ticket } = await open();
  const { url, headers } = await ticket('a', 10);
  const sender = httpRequest(url, { method: 'PUT', headers });
  const ended = finished(sender, { readable: false }).catch(() => 'cut off');
  const answered = once(sender, 'response');
  const piece = randomBytes(64 * 1024);
  const send = () => {
    while (!sender.destroyed && sender.write(piece));
  };
  sender.on('drain', send);
  send();
  const [response] = await answered;
  expect(response.statusCode).toBe(413);
  response.resume();
  expect(await ended).toBe('cut off');
});

test('an address is worth nothing later, changed, for another key, or sealed by somebody else', async () => {
  const { clock, ticket, platform, origin, folder } = await open();
  const given = await ticket('a', 5);
  const other = await ticket('b', 5);
  const token = (url: string) => url.slice(`${origin}/uploads/`.length);
  const [payload, seal] = token(given.url).split('.');
  const forger = platform.uploads({ origin, tokenKey: new Uint8Array(32).fill(2) });
  const forged = await forger.ticket('a', { size: 5, expiresAt: clock.at + HOUR });
  const changed = Buffer.from(JSON.stringify({ key: 'a', size: 6, exp: NOW + HOUR })).toString('base64url');
  const bad = [
    forged.url,
    `${origin}/uploads/${token(other.url).split('.')[0]}.${seal}`,
    `${origin}/uploads/${changed}.${seal}`,
    `${origin}/uploads/${payload}`,
    `${origin}/uploads/${payload}.`,
    `${origin}/uploads/${payload}.${seal}.${seal}`,
    `${origin}/uploads/`,
    `${origin}/uploads/../uploads`,
    `${origin}/other/${payload}.${seal}`,
  ];
  for (const url of bad) await expectProblem(await put({ ...given, url }, 'bytes'), 403, 'SIGNATURE_INVALID');
  clock.at += HOUR;
  await expectProblem(await put(given, 'bytes'), 403, 'SIGNATURE_INVALID');
  expect(readdirSync(folder)).toEqual(['.rewound-state']);
  clock.at -= 1;
  expect((await put(given, 'bytes')).status).toBe(200);
});

test('nothing but PUT is taken', async () => {
  const { ticket } = await open();
  const { url } = await ticket('a', 5);
  await expectProblem(await fetch(url), 400, 'REQUEST_INVALID');
  await expectProblem(await fetch(url, { method: 'POST', body: 'bytes' }), 400, 'REQUEST_INVALID');
});

test('a connection that breaks leaves nothing, and the same ticket works again', async () => {
  const { ticket, origin, outcomes, folder, platform } = await open();
  const given = await ticket('a', 1_000_000);
  const { pathname, hostname, port } = new URL(given.url);
  expect(`http://${hostname}:${port}`).toBe(origin);
  const socket = connect(Number(port), hostname);
  socket.write(`PUT ${pathname} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n`);
  socket.write(randomBytes(400_000));
  while (drafts(folder).length === 0) await new Promise(setImmediate);
  socket.destroy();
  while (outcomes.length === 0) await new Promise(setImmediate);
  expect(await outcomes[0]).toBeUndefined();
  expect(drafts(folder)).toEqual([]);
  expect(await platform.objects.head('a')).toBeUndefined();
  expect((await put(given, randomBytes(1_000_000))).status).toBe(200);
});

test('a place that is taken by a folder, or below a file, is refused', async () => {
  const { ticket, folder } = await open();
  const below = await ticket('file/below', 1);
  const onto = await ticket('folder', 1);
  mkdirSync(join(folder, 'folder'));
  writeFileSync(join(folder, 'file'), 'x');
  await expectProblem(await put(onto, 'x'), 400, 'USAGE');
  await expectProblem(await put(below, 'x'), 400, 'USAGE');
  expect(drafts(folder)).toEqual([]);
});

test('a full disk is said', async () => {
  class FullDisk extends Drafts {
    override async receive(pieces: AsyncIterable<Uint8Array>): Promise<never> {
      for await (const _ of pieces) break;
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', errno: -28 });
    }
  }
  const { ticket, outcomes, handle } = await open();
  const writer = {
    place: (key: string) => ({ key, path: join(tempDir(), key), mounted: false }),
    move: () => Promise.reject(new Error('nothing to move')),
  };
  const drafts = new FullDisk(tempDir());
  const objects = { delete: async () => undefined };
  const records = { get: async () => undefined };
  const clock = { now: () => NOW };
  handle(
    localUploads({
      origin: 'http://x',
      tokenKey: KEY,
      drafts,
      writer,
      incoming: new Incoming(),
      objects,
      records,
      clock,
    }),
  );
  await expectProblem(await put(await ticket('a', 5), 'bytes'), 507, 'STORAGE_FULL');
  expect(await outcomes[0]).toMatchObject({ code: 'STORAGE_FULL' });
});

test.each<[string, string, number, number]>([
  ['a hidden name', 'drop/.secret', 1, HOUR],
  ['a key of the platform itself', '.rewound-state/state.sqlite', 1, HOUR],
  ['a way out', '../a', 1, HOUR],
  ['no size', 'a', Number.NaN, HOUR],
  ['a part of a byte', 'a', 1.5, HOUR],
  ['fewer than no bytes', 'a', -1, HOUR],
  ['a time that is over', 'a', 1, 0],
  ['more than seven days', 'a', 1, 7 * 24 * HOUR + 1],
])('no ticket is given for %s', async (_, key, size, time) => {
  const { uploads } = await open();
  await expect(uploads.ticket(key, { size, expiresAt: NOW + time })).rejects.toMatchObject({ code: 'USAGE' });
});

test('64 MB go through without being held', async () => {
  const { ticket, platform, folder } = await open();
  const piece = randomBytes(256 * 1024);
  const pieces = 256;
  const hash = createHash('md5');
  let sent = 0;
  let mostHeld = 0;
  function* all() {
    for (; sent < pieces; sent++) {
      hash.update(piece);
      const kept = drafts(folder).reduce(
        (sum, name) => sum + statSync(join(folder, '.rewound-state/tmp', name)).size,
        0,
      );
      mostHeld = Math.max(mostHeld, sent * piece.length - kept);
      yield piece;
    }
  }
  const { url, headers } = await ticket('drop/t/p/checkpoints/large', pieces * piece.length);
  const sender = httpRequest(url, { method: 'PUT', headers });
  const answered = once(sender, 'response');
  Readable.from(all()).pipe(sender);
  const [response] = await answered;
  expect(response.statusCode).toBe(200);
  response.resume();
  expect(await platform.objects.head('drop/t/p/checkpoints/large')).toMatchObject({ md5: hash.digest('base64') });
  // What the sender has given away and the disk does not have is mostly in the buffers of the connection.
  expect(mostHeld).toBeLessThan(24 * 2 ** 20);
});
