import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { isHidden, isSegment } from '../../../shared/platform/names.ts';
import { ticketsFor } from '../../../shared/service/audits/upload-tickets.ts';
import { projectOf } from '../../../shared/service/core/paths.ts';
import { derive } from '../../../shared/service/core/secret.ts';
import { hosted, ORIGIN } from '../../support/service/hosted.ts';

const MIB = 2 ** 20;

async function ready() {
  const service = hosted();
  const { account, key } = await service.account();
  const other = await service.account();
  const make = async (of: string) =>
    (await service.ask(of, 'POST', '/v1/audits', { attestation: 'owner', photos: 2 })).body.id as string;
  const [id, theirs] = [await make(key), await make(other.key)];
  const ask = (path: string, size: number = 3) =>
    service.ask(key, 'POST', `/v1/audits/${id}/uploads`, { files: [{ path, size }] });
  return { ...service, account, key, id, other: { ...other, id: theirs }, askFor: ask };
}

/** What the sealed part of a local address grants. */
function grantOf(url: string): { key: string; size: number; exp: number } {
  const [payload = ''] = new URL(url).pathname.split('/').at(-1)?.split('.') ?? [];
  return JSON.parse(Buffer.from(payload, 'base64url').toString());
}

describe('a path', () => {
  test.for([
    'members/anna/1.jpg',
    'controls/b.png',
    'placebo/c/d/e.webp',
    'recognizer/arcface.json',
    'checkpoints/g.pkl',
    'checkpoints/weights/part 1.data',
    'members/Ærøskøbing/日本.jpg',
    'members/%2e%2e/1.jpg',
  ])('%s is one that an audit has', async (path) => {
    const { askFor, account, id } = await ready();
    const { status, body } = await askFor(path);
    expect(status).toBe(200);
    expect(grantOf(body.uploads[0].url).key).toBe(`${projectOf(account, id)}/${path}`);
  });

  test.for([
    'project.json',
    'members',
    'members/',
    '/members/a/1.jpg',
    'members//1.jpg',
    './members/a/1.jpg',
    'members/./1.jpg',
    'members/../project.json',
    'members/../../other/checkpoints/g.pkl',
    '../members/a/1.jpg',
    'checkpoints/..',
    'members\\a\\1.jpg',
    'members/..\\..\\1.jpg',
    'C:/members/1.jpg',
    'members/a/1.jpg\0.png',
    'members/a\n/1.jpg',
    'members/.hidden/1.jpg',
    'members/a/.1.jpg',
    'checkpoints/g.pkl.part',
    'checkpoints/g.TMP',
    'work/x/plan.json',
    'gallery/x',
    'report/x',
    'Members/a/1.jpg',
    'ｍembers/a/1.jpg',
    'members\u200b/a/1.jpg',
    '\u202emembers/a/1.jpg',
    'members\u2215a/1.jpg',
    'checkpoints%2Fg.pkl',
    `members/${'x'.repeat(256)}`,
    `members/${'日'.repeat(86)}/1.jpg`,
    `members/${'日日日日/'.repeat(70)}1.jpg`,
    'members/\ud800/1.jpg',
  ])('%j is none', async (path) => {
    const { askFor } = await ready();
    const { status, body } = await askFor(path);
    expect({ status, code: body.code }).toEqual({ status: 400, code: 'REQUEST_INVALID' });
    expect(body.help).toMatch(/members\/, controls\/, placebo\/, recognizer\/, checkpoints\//);
  });

  test('whatever it is lies in a folder of its own audit, or is refused', async () => {
    const { context, account, id } = await ready();
    const name = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 6 }),
      fc.constantFrom('..', '.', '', 'members', 'checkpoints', '\\', 'a'),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(name, { maxLength: 5 }), async (names) => {
        const path = names.join('/');
        try {
          const [answer] = await ticketsFor(context, account, id, [{ path, size: 1 }]);
          if (!answer || answer.there) throw new Error('nothing is there');
          const { key } = grantOf(answer.url);
          expect(key).toMatch(/^drop\/acc_\w{16}\/aud_\w{25}\/(members|controls|placebo|recognizer|checkpoints)\/./s);
          expect(key.split('/').every((part) => isSegment(part) && !isHidden(part))).toBe(true);
        } catch (error) {
          expect(error).toMatchObject({ code: 'REQUEST_INVALID' });
        }
      }),
      { numRuns: 300 },
    );
  });
});

test('a path has at most 61 names: with those of its audit as many as a key may have', async () => {
  const { askFor } = await ready();
  const deep = (names: number) => `members/${'a/'.repeat(names - 2)}1.jpg`;
  expect((await askFor(deep(61))).status).toBe(200);
  for (const names of [62, 440])
    expect((await askFor(deep(names))).body).toMatchObject({ status: 400, code: 'TOO_DEEP' });
});

test('sizes are held to what they are for', async () => {
  const { askFor } = await ready();
  expect((await askFor('members/a/1.jpg', 64 * MIB)).status).toBe(200);
  expect((await askFor('members/a/1.jpg', 64 * MIB + 1)).body).toMatchObject({ status: 413, code: 'TOO_LARGE' });
  expect((await askFor('members/a.npy', 65 * MIB)).status).toBe(200);
  expect((await askFor('checkpoints/g.pkl.card.json', MIB)).status).toBe(200);
  for (const card of ['checkpoints/g.pkl.card.json', 'recognizer/a.JSON', 'members/gallery.json']) {
    expect((await askFor(card, MIB + 1)).body).toMatchObject({ status: 413, code: 'TOO_LARGE' });
  }
  expect((await askFor('checkpoints/g.pkl', 16 * 1024 * MIB)).status).toBe(200);
  for (const size of [16 * 1024 * MIB + 1, 0, -1, 0.5, 1e308])
    expect((await askFor('checkpoints/g.pkl', size)).status).toBe(400);
});

test('what is there is said to be, and cannot be replaced', async () => {
  const { askFor, context, account, id } = await ready();
  await context.objects.put(`${projectOf(account, id)}/members/a/1.jpg`, Buffer.from('abc'));
  expect((await askFor('members/a/1.jpg', 3)).body.uploads).toEqual([{ path: 'members/a/1.jpg', there: true }]);
  expect((await askFor('members/a/1.jpg', 4)).body).toMatchObject({ status: 409, code: 'CONFLICT' });
});

test('nothing is taken for an audit that was started or has ended', async () => {
  const { askFor, ask, key, id, context, account } = await ready();
  await context.objects.put(`${projectOf(account, id)}/checkpoints/g.onnx`, Buffer.from('abc'));
  await ask(key, 'POST', `/v1/audits/${id}/start`);
  expect((await askFor('members/a/1.jpg')).body).toMatchObject({ status: 409, code: 'CONFLICT' });
  await ask(key, 'POST', `/v1/audits/${id}/cancel`);
  expect((await askFor('members/a/1.jpg')).body).toMatchObject({ status: 409, code: 'CONFLICT' });
});

test('one request asks for 500 files at most', async () => {
  const { ask, key } = await ready();
  const { body } = await ask(key, 'POST', '/v1/audits', { attestation: 'owner', photos: 500 });
  const files = (count: number) => Array.from({ length: count }, (_, i) => ({ path: `members/a/${i}.jpg`, size: 1 }));
  const path = `/v1/audits/${body.id}/uploads`;
  expect((await ask(key, 'POST', path, { files: files(500) })).body.uploads).toHaveLength(500);
  for (const count of [0, 501]) expect((await ask(key, 'POST', path, { files: files(count) })).status).toBe(400);
});

describe('before anything is paid, addresses are given out', () => {
  test('for three times as many files as there can be, whatever is asked at the same time', async () => {
    const { context, account, id } = await ready();
    const files = Array.from({ length: 100 }, (_, i) => ({ path: `members/a/${i}.jpg`, size: 1 }));
    // Two photos and a hundred other files were quoted.
    const asked = await Promise.allSettled(Array.from({ length: 5 }, () => ticketsFor(context, account, id, files)));
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    for (const one of asked) {
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'TOO_LARGE' });
    }
    expect(await ticketsFor(context, account, id, files.slice(0, 6))).toHaveLength(6);
    await expect(ticketsFor(context, account, id, files.slice(0, 1))).rejects.toMatchObject({ code: 'TOO_LARGE' });
  });

  test('for so many bytes, and not for what is there', async () => {
    const { askFor, context, account, id } = await ready();
    const gib = 1024 * MIB;
    await context.objects.put(`${projectOf(account, id)}/checkpoints/there.pkl`, Buffer.from('abc'));
    for (let i = 0; i < 12; i++) expect((await askFor(`checkpoints/${i}.pkl`, 16 * gib)).status).toBe(200);
    expect((await askFor('members/a/1.jpg', 48 * MIB)).status).toBe(200);
    expect((await askFor('members/a/2.jpg', 1)).body).toMatchObject({ status: 413, code: 'TOO_LARGE' });
    expect((await askFor('checkpoints/there.pkl', 3)).body.uploads).toEqual([
      { path: 'checkpoints/there.pkl', there: true },
    ]);
  });
});

describe('an address', () => {
  async function served() {
    const service = await ready();
    const { platform } = service;
    const uploads = platform.uploads({ origin: ORIGIN, tokenKey: derive(service.context.secret, ['uploads'], 32) });
    const server: Server = createServer((request, response) => void uploads.receiveUpload(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const put = async (url: string, bytes: string) => {
      const response = await fetch(url.replace(ORIGIN, `http://127.0.0.1:${port}`), { method: 'PUT', body: bytes });
      const text = await response.text();
      return { status: response.status, text };
    };
    const { body } = await service.askFor('members/a/1.jpg', 3);
    return { ...service, put, url: body.uploads[0].url as string };
  }

  test('takes its file once, and no other', async () => {
    const { put, url, context, account, id } = await served();
    expect((await put(url, 'abcd')).status).toBe(413);
    expect((await put(url, 'ab')).status).toBe(400);
    expect((await put(url, 'abc')).status).toBe(200);
    expect((await put(url, 'xyz')).status).toBe(412);
    const bytes = await context.objects.get(`${projectOf(account, id)}/members/a/1.jpg`);
    expect(Buffer.from(bytes).toString()).toBe('abc');
  });

  test('for one file opens no other, not of the same audit and not of another account', async () => {
    const { put, url, account, id, other, context } = await served();
    const token = url.split('/').at(-1)!;
    const [payload, seal] = token.split('.');
    const forged = (change: object) => {
      const grant = { ...grantOf(url), ...change };
      return `${ORIGIN}/uploads/${Buffer.from(JSON.stringify(grant)).toString('base64url')}.${seal}`;
    };
    for (const address of [
      forged({ key: `${projectOf(other.account, other.id)}/members/a/1.jpg` }),
      forged({ key: `${projectOf(account, id)}/project.json` }),
      forged({ size: 4 }),
      forged({ exp: Number.MAX_SAFE_INTEGER }),
      `${ORIGIN}/uploads/${payload}`,
      `${ORIGIN}/uploads/${payload}.`,
      `${ORIGIN}/uploads/../drop/x`,
    ]) {
      const { status, text } = await put(address, 'abc');
      expect(status).toBe(403);
      expect(text).not.toContain(account);
      expect(text).not.toContain('members');
    }
    const left: string[] = [];
    for await (const { key } of context.objects.list('')) left.push(key);
    expect(left).toEqual([]);
  });

  test('is good for six hours', async () => {
    const { put, url, clock } = await served();
    clock.advance(6 * 3_600_000);
    expect(JSON.parse((await put(url, 'abc')).text)).toMatchObject({ status: 403, code: 'SIGNATURE_INVALID' });
  });
});
