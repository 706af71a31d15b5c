import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { RewoundClient } from '../../shared/client/api.ts';
import type { ClientOptions } from '../../shared/client/http.ts';
import type { RewoundError } from '../../shared/errors.ts';
import { hostedServer } from '../support/service/hosted-server.ts';

/* What every call of the client has in common, against servers that misbehave. */

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server that gives these answers, one after the other, the last again and again. */
async function serving(...answers: readonly Answer[]) {
  const requests: { method: string | undefined; url: string | undefined; headers: IncomingMessage['headers'] }[] = [];
  const server = createServer((request, response) => {
    const { method, url, headers } = request;
    requests.push({ method, url, headers });
    request.resume().on('end', () => answers[Math.min(requests.length, answers.length) - 1]?.(request, response));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  const waits: number[] = [];
  const options: ClientOptions = {
    origin: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`,
    key: 'rwk_a_b_c',
    wait: async (ms) => void waits.push(ms),
  };
  return { client: new RewoundClient(options), options, requests, waits };
}

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (_, response) =>
    void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
const problem = (status: number, code: string, headers: Record<string, string> = {}) =>
  json(
    status,
    { type: 'x', title: 'T', status, detail: 'It is wrong.', code, help: 'Mend it.', requestId: 'r-1' },
    headers,
  );
const breaks: Answer = (request) => void request.socket.destroy();
const health = json(200, { status: 'ok' });
const receiptKey = json(200, { algorithm: 'ed25519', publicKey: 'AAAA' });

function codeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'no error',
    (error: RewoundError) => error.code,
  );
}

describe('errors', () => {
  test.each([
    [problem(404, 'NOT_FOUND'), { code: 'NOT_FOUND', message: 'It is wrong.', help: 'Mend it.' }],
    [problem(402, 'CREDITS_INSUFFICIENT'), { code: 'CREDITS_INSUFFICIENT' }],
    [problem(418, 'TEAPOT'), { code: 'REQUEST_INVALID', message: 'It is wrong.' }],
    [problem(404, 'NOT_HERE_ANY_MORE'), { code: 'NOT_FOUND' }],
    [problem(500, 'NEW'), { code: 'INTERNAL', help: 'Mend it. The request was r-1.' }],
    [json(404, { some: 'proxy' }), { code: 'NOT_FOUND', message: 'The service answered with status 404.' }],
    [json(500, 'oops'), { code: 'PLATFORM_UNAVAILABLE' }],
  ])('are those of the service', async (answer, expected) => {
    const { client, requests } = await serving(answer);
    await expect(client.getHealth()).rejects.toMatchObject(expected);
    expect(requests).toHaveLength(1);
  });

  test.each([
    [json(200, { status: 'well' })],
    [json(200, null)],
    [(_: IncomingMessage, response: ServerResponse) => void response.end('<html>')],
  ])('an answer that is not of the API is one', async (answer) => {
    const { client } = await serving(answer);
    await expect(client.getHealth()).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  test('more fields than are known are none', async () => {
    const { client } = await serving(json(200, { status: 'ok', load: 0.5 }));
    await expect(client.getHealth()).resolves.toMatchObject({ status: 'ok' });
  });
});

describe('repetition', () => {
  test.each([
    ['broken connections', breaks],
    ['503', problem(503, 'PLATFORM_UNAVAILABLE')],
    ['502 of a proxy', json(502, '')],
    ['429', problem(429, 'RATE_LIMITED')],
  ])('%s: what changes nothing is asked again', async (_, failure) => {
    const { client, requests, waits } = await serving(failure, failure, health);
    await expect(client.getHealth()).resolves.toEqual({ status: 'ok' });
    expect(requests).toHaveLength(3);
    expect(waits[0]).toBeGreaterThanOrEqual(250);
    expect(waits[1]).toBeLessThanOrEqual(1000);
  });

  test('Retry-After is honoured, as seconds and as a date', async () => {
    const later = new Date(Date.now() + 60_000).toUTCString();
    const { client, waits } = await serving(
      problem(429, 'RATE_LIMITED', { 'retry-after': '7' }),
      problem(503, 'PLATFORM_UNAVAILABLE', { 'retry-after': later }),
      health,
    );
    await client.getHealth();
    expect(waits[0]).toBe(7000);
    expect(waits[1]).toBeGreaterThan(50_000);
    expect(waits[1]).toBeLessThanOrEqual(60_000);
  });

  test('nobody waits for an hour', async () => {
    const { client, waits } = await serving(problem(429, 'RATE_LIMITED', { 'retry-after': '3600' }));
    expect(await codeOf(client.getHealth())).toBe('RATE_LIMITED');
    expect(waits).toEqual([]);
  });

  test('it ends', async () => {
    const { client, requests } = await serving(breaks);
    expect(await codeOf(client.getHealth())).toBe('PLATFORM_UNAVAILABLE');
    expect(requests).toHaveLength(6);
  });

  test('what would be done twice is asked once', async () => {
    const { client, requests } = await serving(breaks);
    expect(await codeOf(client.createKey({ name: 'a', scopes: [] }))).toBe('PLATFORM_UNAVAILABLE');
    expect(requests).toHaveLength(1);
    const other = await serving(problem(503, 'PLATFORM_UNAVAILABLE'));
    expect(await codeOf(other.client.rotateSecret('end_1'))).toBe('PLATFORM_UNAVAILABLE');
    expect(other.requests).toHaveLength(1);
  });

  test('with an Idempotency-Key it is the same request each time', async () => {
    const { client, requests } = await serving(
      breaks,
      problem(409, 'CONFLICT', { 'retry-after': '1' }),
      problem(409, 'CONFLICT'),
    );
    expect(await codeOf(client.startAudit('aud_1'))).toBe('CONFLICT');
    const keys = requests.map(({ headers }) => headers['idempotency-key']);
    expect(requests).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toMatch(/^[\w-]{36}$/);
    await codeOf(client.startAudit('aud_1', { idempotencyKey: 'mine' }));
    expect(requests.at(-1)?.headers['idempotency-key']).toBe('mine');
  });

  test('an aborted call ends at once, also while it waits', async () => {
    const { options, requests } = await serving(breaks);
    const { wait: _wait, ...patient } = options;
    const stop = new AbortController();
    const call = new RewoundClient(patient).getHealth({ signal: stop.signal });
    await expect.poll(() => requests.length).toBe(1);
    stop.abort(new Error('enough'));
    await expect(call).rejects.toThrow('enough');
    expect(requests).toHaveLength(1);
  });
});

test('the key goes to the service, and to nobody that it points to', async () => {
  const elsewhere = await serving(receiptKey);
  const { client, requests } = await serving((_, response) =>
    response.writeHead(302, { location: elsewhere.options.origin }).end(),
  );
  expect(await codeOf(client.getReceiptKey())).toBe('PLATFORM_UNAVAILABLE');
  expect(requests[0]?.headers.authorization).toBe('Bearer rwk_a_b_c');
  expect(elsewhere.requests).toEqual([]);
});

test('what fills in a path stays in its place', async () => {
  const { client, requests } = await serving(problem(404, 'NOT_FOUND'));
  await codeOf(client.getAudit('../keys?x=/'));
  expect(requests[0]?.url).toBe('/v1/audits/..%2Fkeys%3Fx%3D%2F');
});

describe('against the API', () => {
  test('an audit from its creation to its end, watched', async () => {
    const { origin, hosted } = await hostedServer();
    const open = new RewoundClient({ origin });
    const { text } = await open.createAccount({ name: 'Acme' });
    const client = new RewoundClient({ origin, key: text });
    const price = await client.quoteAudit({ attestation: 'owner', photos: 10 });
    const audit = await client.createAudit({ attestation: 'owner', photos: 10, label: 'Epoch 40' });
    expect(audit).toMatchObject({ state: 'CREATED', label: 'Epoch 40', quote: price });
    const [ticket] = (await client.uploadFiles(audit.id, { files: [{ path: 'checkpoints/g.onnx', size: 3 }] })).uploads;
    if (!ticket || ticket.there) throw new Error('there is no address');
    const put = await fetch(ticket.url, { method: ticket.method, headers: { ...ticket.headers }, body: 'abc' });
    expect(put.status).toBe(200);
    const states: string[] = [];
    for await (const { state } of client.watchAudit(audit.id)) {
      states.push(state);
      if (state === 'CREATED') await client.startAudit(audit.id);
      if (state === 'RECEIVED') await client.cancelAudit(audit.id);
    }
    expect(states).toEqual(['CREATED', 'RECEIVED', 'CANCELLED']);
    expect(await codeOf(client.getReport(audit.id, 'report.json'))).toBe('NOT_FOUND');
    expect((await client.listLedger()).items.map(({ kind }) => kind)).toContain('hold');
    const { receipt } = await client.deleteAudit(audit.id);
    expect(JSON.parse(receipt)).toMatchObject({ audit: audit.id });
    expect(await codeOf(client.getAudit(audit.id))).toBe('NOT_FOUND');
    expect((await client.listAudits({ limit: 5 })).items).toEqual([]);
    expect(hosted.clock.now()).toBeGreaterThan(0);
  });

  test('a connection that breaks while watching is an error', async () => {
    const { client } = await serving((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('event: audit\ndata: {', () => response.destroy());
    });
    const watching = (async () => {
      for await (const _ of client.watchAudit('aud_1'));
    })();
    expect(await codeOf(watching)).toBe('PLATFORM_UNAVAILABLE');
  });
});
