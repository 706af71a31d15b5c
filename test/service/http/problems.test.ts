import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ERROR_CODES, type ErrorCode } from '../../../shared/error-codes.ts';
import { problemSchema, statusOf } from '../../../shared/service/http/problem.ts';
import { type Asked, hosted } from '../../support/service/hosted.ts';
import { DAY_MS, HostedWorld } from '../../support/service/hosted-world.ts';
import { fill, HEADERS, type Operation, operationsOf } from '../../support/service/operations.ts';
import { bookedIn, expectSound } from '../books.ts';

/** An account with an audit and an endpoint of its own, and every operation. */
async function ready() {
  const world = new HostedWorld();
  const { account, key } = await world.account();
  const audit = await world.create(key, { attestation: 'owner', photos: 3, label: 'label-of-mine' });
  await world.put(account, audit, { 'checkpoints/g.onnx': 'shows nobody' });
  const { body } = await world.ask(key, 'GET', '/v1/webhooks');
  const ids = {
    audit,
    endpoint: body.items[0].id,
    delivery: `msg_${'0'.repeat(25)}`,
    // Its own key is not revoked: all that comes after would be refused for that.
    key: `key_${'0'.repeat(16)}`,
    file: 'report.html',
  };
  const operations = await operationsOf(world);
  return { world, account, key, ids, operations };
}

/** What every refusal is: a problem document that says what, why, and what to do. */
function expectProblem({ status, headers, body }: Asked, at: string): { code: string } {
  expect(headers.get('content-type'), at).toBe('application/problem+json');
  expect(headers.get('cache-control'), at).toBe('no-store');
  const problem = problemSchema.parse(body);
  const known = Object.keys(ERROR_CODES) as ErrorCode[];
  expect(known, at).toContain(problem.code);
  expect(problem, at).toMatchObject({
    type: `urn:rewound:problem:${problem.code}`,
    status,
    requestId: headers.get('x-request-id'),
    title: expect.stringMatching(/^[A-Z].*\.$/),
    detail: expect.stringMatching(/^[A-Z].*\.$/s),
    help: expect.stringMatching(/^.+\.$/s),
  });
  expect(statusOf(problem.code as ErrorCode), at).toBe(status);
  return problem;
}

test('an address that is none is a problem too', async () => {
  const { world, key } = await ready();
  for (const [method, path] of [
    ['GET', '/v1/nothing'],
    ['GET', '/v2/audits'],
    ['PUT', '/v1/nothing'],
    ['GET', '/v1/audits/'],
    ['GET', '/v1//audits'],
    ['GET', '/v1/audits/../keys/..'],
    ['GET', '/v1/audits/%2e%2e%2fkeys/x'],
    ['GET', '/assets/nothing'],
    ['POST', '/assets/nothing'],
  ]) {
    const answer = await world.ask(key, method!, path!);
    expect(answer.status, `${method} ${path}`).toBe(404);
    expect(expectProblem(answer, `${method} ${path}`).code).toBe('NOT_FOUND');
    expect(answer.headers.get('allow')).toBeNull();
  }
});

test.each([
  ['PUT', '/v1/audits', 'GET, HEAD, POST'],
  ['PATCH', '/v1/keys', 'GET, HEAD, POST'],
  ['DELETE', '/v1/account', 'GET, HEAD, PATCH'],
  ['OPTIONS', '/v1/audits', 'GET, HEAD, POST'],
  ['PURGE', '/v1/audits', 'GET, HEAD, POST'],
  ['POST', '/v1/account', 'GET, HEAD, PATCH'],
  ['POST', `/v1/audits/aud_${'0'.repeat(25)}`, 'GET, HEAD, DELETE'],
  ['GET', `/v1/audits/aud_${'0'.repeat(25)}/start`, 'POST'],
  ['GET', '/v1/stripe/webhook', 'POST'],
  ['POST', '/v1/openapi.json', 'GET, HEAD'],
  ['POST', '/audits', 'GET, HEAD'],
])('%s %s is none of %s', async (method, path, allow) => {
  const { ask } = hosted();
  const answer = await ask(undefined, method, path);
  expect(answer.status).toBe(405);
  expect(answer.headers.get('allow')).toBe(allow);
  expect(expectProblem(answer, `${method} ${path}`).code).toBe('METHOD_NOT_ALLOWED');
});

describe('a body', () => {
  const ODD: Record<string, string> = {
    'cut off': '{"name": "x"',
    'no JSON': 'name=x',
    NaN: '{"photos": NaN, "attestation": "owner"}',
    'a comma too many': '{"name": "x",}',
    nothing: '',
    null: 'null',
    'a number': '1e400',
    'a list': '[]',
    'a text': '"x"',
    'an unknown field': '{"secretField": "value-not-to-be-told"}',
    'a prototype': '{"__proto__": {"admin": true}, "constructor": 1}',
    'deep lists': `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
    'a wrong type everywhere':
      '{"name": 1, "attestation": [], "photos": "1", "key": {}, "files": {}, "pack": 0, "url": [], "events": "x", "scopes": {}, "lowCredits": "0", "enabled": "no", "retention": []}',
    'huge numbers': '{"attestation": "owner", "photos": 1e308, "lowCredits": 1e21, "settings": {"samples": 1e15}}',
    'numbers below zero': '{"attestation": "owner", "photos": -1, "lowCredits": -1, "settings": {"samples": -1}}',
    'half numbers': '{"attestation": "owner", "photos": 0.5, "lowCredits": 0.5}',
  };

  test('that does not fit is a problem that names the fields and never their values', async () => {
    const { world, key, ids, operations } = await ready();
    for (const { id, method, path, body } of operations) {
      if (body === undefined) continue;
      for (const [what, text] of Object.entries(ODD)) {
        const headers = { ...HEADERS, 'idempotency-key': crypto.randomUUID(), 'content-type': 'application/json' };
        const answer = await world.ask(key, method, fill(path, ids), text, headers);
        const at = `${id} with ${what}`;
        expect(answer.status, at).toBe(400);
        expect(expectProblem(answer, at).code, at).toBe('REQUEST_INVALID');
        const said = JSON.stringify(answer.body);
        expect(said, at).not.toContain('value-not-to-be-told');
        expect(said, at).not.toContain(key);
        if (what === 'an unknown field') expect(said, at).toContain('secretField');
      }
    }
  });

  test('of another type is refused as one, also where nothing is needed', async () => {
    const { world, key, ids, operations } = await ready();
    for (const { id, method, path, body } of operations) {
      if (body === undefined) continue;
      for (const type of [
        'text/plain',
        'application/x-www-form-urlencoded',
        'multipart/form-data',
        'application/xml',
        'x',
      ]) {
        const headers = { ...HEADERS, 'idempotency-key': crypto.randomUUID(), 'content-type': type };
        const answer = await world.ask(key, method, fill(path, ids), JSON.stringify(body), headers);
        expect(answer.status, `${id} as ${type}`).toBe(400);
        expect(expectProblem(answer, `${id} as ${type}`).code).toBe('REQUEST_INVALID');
      }
    }
    expect((await world.ask(key, 'GET', '/v1/account')).body.name).toBe('an account');
  });
});

test('ids, files, cursors and limits that cannot be are refused before anybody looks for them', async () => {
  const { world, key, ids, operations } = await ready();
  const odd = [
    'x',
    '..',
    'aud_',
    `${ids.audit}0`,
    ids.audit.toUpperCase(),
    `${ids.audit}/x`,
    '%00',
    '__proto__',
    '🙂',
    ' ',
    "' OR 1=1 --",
    'a'.repeat(5000),
  ];
  for (const { id, method, path, body } of operations.filter((one) => one.path.includes('{'))) {
    for (const one of odd) {
      const filled = fill(path, { audit: one, endpoint: one, delivery: one, key: one, file: one });
      const answer = await world.ask(key, method, filled, body, { ...HEADERS });
      expect([400, 404], `${id} of ${one}`).toContain(answer.status);
      expectProblem(answer, `${id} of ${one}`);
    }
  }
  for (const path of ['/v1/audits', '/v1/deliveries', '/v1/ledger']) {
    for (const query of [
      'limit=0',
      'limit=101',
      'limit=x',
      'limit=',
      'limit=NaN',
      'limit=1&limit=2',
      'limit=1.5',
      'after=..',
      'after=__x__',
      'after=%00',
      'after=-1',
      'other=1',
    ]) {
      const answer = await world.ask(key, 'GET', `${path}?${query}`);
      expect(answer.status, `${path}?${query}`).toBe(400);
      expectProblem(answer, `${path}?${query}`);
    }
  }
});

test('absurd headers change nothing but what they are for', async () => {
  const { world, key } = await ready();
  for (const id of [
    '',
    'short',
    'x'.repeat(200),
    'a b c d e f g',
    '<script>alert(1)</script>',
    '../../../etc/passwd',
  ]) {
    const { headers } = await world.ask(key, 'GET', '/v1/account', undefined, { 'x-request-id': id });
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  }
  const { headers } = await world.ask(key, 'GET', '/v1/account', undefined, { 'x-request-id': 'a.good-id_1' });
  expect(headers.get('x-request-id')).toBe('a.good-id_1');
  const odd: Record<string, string>[] = [
    { accept: 'text/html' },
    { 'accept-encoding': '*;q=0' },
    { 'if-none-match': '*' },
    { range: 'bytes=0-1' },
    { 'x-http-method-override': 'DELETE' },
    { 'x-forwarded-for': 'x'.repeat(5000) },
    { 'x-forwarded-host': 'evil.example' },
    { host: 'evil.example' },
    { cookie: `${'a=b;'.repeat(500)}rewound_session=%` },
  ];
  for (const one of odd) expect((await world.ask(key, 'GET', '/v1/account', undefined, one)).status).toBe(200);
});

test('settings that are too large, and those that do not go together, are named', async () => {
  const { world, key } = await ready();
  const ask = async (settings: object) =>
    (await world.ask(key, 'POST', '/v1/quotes', { attestation: 'owner', photos: 1, settings })).body;
  expect(await ask({ recognizer: 'r'.repeat(70_000) })).toMatchObject({ status: 413, code: 'TOO_LARGE' });
  expect(await ask({ seed: 2 ** 32 - 1 })).toMatchObject({
    status: 400,
    detail: expect.stringContaining('settings.seed'),
  });
});

/** A value that is close to what a body may be, with something else in one place. */
function bent(body: object | undefined): fc.Arbitrary<unknown> {
  const anything = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.constantFrom(-1, 0, 1e308, 2 ** 53, 'NaN', '', '\0', '\ud800', '../../x', 'x'.repeat(2000), {}, [], null, true),
  );
  if (body === undefined) return anything;
  const names = [...Object.keys(body), 'settings', 'label', 'retention', 'expiresAt', 'x'];
  return fc.oneof(
    { weight: 1, arbitrary: anything },
    {
      weight: 4,
      arbitrary: fc
        .array(fc.tuple(fc.constantFrom(...names), anything), { minLength: 1, maxLength: 3 })
        .map((changes) => ({ ...body, ...Object.fromEntries(changes) })),
    },
    { weight: 2, arbitrary: fc.constant(body) },
  );
}

test('no request whatever is a fault of ours, and the books balance after all of them', async () => {
  const { world, account, key, ids, operations } = await ready();
  const request = fc.constantFrom<Operation>(...operations.filter(({ id }) => id !== 'watchAudit')).chain((operation) =>
    fc.record({
      operation: fc.constant(operation),
      body: bent(operation.body),
      withBody: fc.boolean(),
      own: fc.boolean(),
      some: fc.constantFrom('x', '..', `aud_${'0'.repeat(25)}`, '__a__'),
      query: fc.constantFrom('', '?limit=2', '?after=x', `?after=${ids.audit}`, '?limit=-1&x=1'),
      repeated: fc.constantFrom('k1', 'k2', undefined),
    }),
  );
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(request, async ({ operation, body, withBody, own, some, query, repeated }) => {
      const { method, path } = operation;
      const filled = fill(path, own ? ids : { audit: some, endpoint: some, delivery: some, key: some, file: some });
      const sent = operation.body !== undefined || (withBody && method !== 'GET') ? JSON.stringify(body) : undefined;
      const headers = {
        'sec-fetch-site': 'same-origin',
        ...(repeated === undefined ? {} : { 'idempotency-key': repeated }),
      };
      const answer = await world.ask(key, method, filled + query, sent, headers);
      const at = `${method} ${filled}${query} ${sent}`;
      expect(answer.status, at).toBeLessThan(500);
      if (answer.status >= 400) {
        refused += 1;
        expectProblem(answer, at);
      }
    }),
    { numRuns: 400 },
  );
  expect(refused).toBeGreaterThan(100);
  await world.pass(10 * DAY_MS);
  expect(expectSound(await bookedIn(world.context.records, account)).held).toBe(0);
});
