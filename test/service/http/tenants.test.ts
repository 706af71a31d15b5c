import { describe, expect, test } from 'vitest';
import { createKey, revokeKey, SCOPES, type Scope } from '../../../shared/service/accounts/api-keys.ts';
import { signIn, signOut } from '../../../shared/service/accounts/sessions.ts';
import { purchase } from '../../../shared/service/billing/credits.ts';
import { announceLowCredits } from '../../../shared/service/billing/low-credits.ts';
import { newAuditId, newId } from '../../../shared/service/core/ids.ts';
import { listDeliveries } from '../../../shared/service/webhooks/deliveries.ts';
import { listEndpoints } from '../../../shared/service/webhooks/endpoints.ts';
import { HostedWorld } from '../../support/service/hosted-world.ts';
import { fill, HEADERS, type Operation, operationsOf } from '../../support/service/operations.ts';
import { allStored } from '../../support/service/storage.ts';

/** Two accounts that each have one of everything. */
async function neighbours() {
  const world = new HostedWorld();
  const [a, b] = [await tenant(world), await tenant(world)];
  const operations = await operationsOf(world);
  return { world, a, b, operations };
}

async function tenant(world: HostedWorld) {
  const { account, key } = await world.account();
  const audit = await world.create(key, { attestation: 'owner', photos: 1, label: 'a label' });
  await world.put(account, audit, { 'members/somebody/1.jpg': 'abc' });
  const entry = await purchase(world.context, account, { payment: `cs_${account}`, credits: 1000 });
  await announceLowCredits(world.context, account, {
    ...entry,
    balances: { ...entry.balances, available: 1 },
    postings: [{ account: 'available', credits: -1000 }],
  });
  const [endpoint] = await listEndpoints(world.context, account);
  const { deliveries } = await listDeliveries(world.context, account);
  const { key: another } = await createKey(world.context, account, {
    name: 'another',
    scopes: SCOPES,
    expiresAt: null,
  });
  const ids = { audit, endpoint: endpoint!.id, delivery: deliveries[0]!.id, key: another.id, file: 'report.html' };
  return { account, key, ids };
}

/** Ids of nobody's. */
const NOBODYS = {
  audit: newAuditId(Date.UTC(2026, 10, 23)),
  endpoint: newId('endpoint'),
  delivery: `msg_${'0'.repeat(25)}`,
  key: newId('key'),
  file: 'report.html',
};

/** An answer without what is always another. */
function comparable({ status, body }: { status: number; body: unknown }, ids: Readonly<Record<string, string>>) {
  let text = typeof body === 'string' ? body : JSON.stringify({ ...(body as object), requestId: '' });
  for (const [name, id] of Object.entries(ids)) text = text.replaceAll(id, name);
  return { status, text };
}

function call(
  world: HostedWorld,
  key: string | undefined,
  { method, path, body }: Operation,
  ids: Readonly<Record<string, string>>,
  headers = {},
) {
  return world.ask(key, method, fill(path, ids), body, { ...HEADERS, ...headers });
}

/** All that is kept of an account, but for when its keys were used. */
function kept(world: HostedWorld, account: string): string[] {
  return allStored(world.hosted.folder)
    .map(({ name, bytes }) => `${name} ${bytes.toString()}`)
    .filter((text) => text.includes(account) && !text.includes('lastUsedAt'))
    .sort();
}

test('what belongs to another account cannot be told from what does not exist, on any route', async () => {
  const { world, a, b, operations } = await neighbours();
  await world.run();
  const before = kept(world, a.account);
  let compared = 0;
  for (const operation of operations.filter(({ path, secured }) => secured && path.includes('{'))) {
    const at = `${operation.method} ${operation.path}`;
    const theirs = comparable(await call(world, b.key, operation, a.ids), a.ids);
    const nobodys = comparable(await call(world, b.key, operation, NOBODYS), NOBODYS);
    expect(theirs, at).toEqual(nobodys);
    expect(theirs.status, at).toBe(404);
    compared += 1;
  }
  expect(compared).toBeGreaterThanOrEqual(13);
  await world.run();
  expect(kept(world, a.account)).toEqual(before);
});

test('the same with a session of another account', async () => {
  const { world, a, b, operations } = await neighbours();
  const before = kept(world, a.account);
  const { token } = await signIn(world.context, { key: b.key });
  for (const operation of operations.filter(({ path, secured }) => secured && path.includes('{'))) {
    const headers = { cookie: `rewound_session=${token}` };
    const theirs = comparable(await call(world, undefined, operation, a.ids, headers), a.ids);
    expect(theirs, operation.id).toEqual(
      comparable(await call(world, undefined, operation, NOBODYS, headers), NOBODYS),
    );
    expect(theirs.status, operation.id).toBe(404);
  }
  expect(kept(world, a.account)).toEqual(before);
});

test('no list, and no other answer, holds anything of another account', async () => {
  const { world, a, b, operations } = await neighbours();
  const secrets = [a.account, a.key, a.ids.audit, a.ids.endpoint, a.ids.delivery, a.ids.key];
  for (const operation of operations.filter(({ path }) => !path.includes('{'))) {
    const { body } = await call(world, b.key, operation, {});
    for (const secret of secrets) expect(JSON.stringify(body), operation.id).not.toContain(secret);
  }
});

test('a cursor of another account is one like any other', async () => {
  const { world, a, b } = await neighbours();
  for (const [path, theirs, nobodys] of [
    ['/v1/audits', a.ids.audit, NOBODYS.audit],
    ['/v1/deliveries', a.ids.delivery, NOBODYS.delivery],
  ]) {
    const page = await world.ask(b.key, 'GET', `${path}?after=${theirs}`);
    expect(page.status).toBe(200);
    expect(JSON.stringify(page.body)).not.toContain(a.account);
    expect((await world.ask(b.key, 'GET', `${path}?after=${nobodys}`)).status).toBe(200);
  }
  const theirs = await world.ask(b.key, 'GET', `/v1/deliveries?endpoint=${a.ids.endpoint}`);
  expect(theirs.body).toEqual((await world.ask(b.key, 'GET', `/v1/deliveries?endpoint=${NOBODYS.endpoint}`)).body);
});

test('an Idempotency-Key of another account is one like any other', async () => {
  const { world, a, b } = await neighbours();
  const headers = { 'idempotency-key': 'the-same' };
  const body = { attestation: 'owner', photos: 1 };
  const first = await world.ask(a.key, 'POST', '/v1/audits', body, headers);
  const other = await world.ask(b.key, 'POST', '/v1/audits', { ...body, photos: 2 }, headers);
  expect([first.status, other.status]).toEqual([201, 201]);
  expect(other.body.id).not.toBe(first.body.id);
  expect(other.headers.get('idempotent-replayed')).toBeNull();
});

describe('who has no valid key', () => {
  test('gets nothing on any route, in the same words whatever is wrong', async () => {
    const { world, a, operations } = await neighbours();
    const { context, clock } = { ...world.hosted };
    const make = (expiresAt: number | null = null) =>
      createKey(context, a.account, { name: 'k', scopes: SCOPES, expiresAt });
    const [revoked, expired, signedOut, withRevoked] = await Promise.all([
      make(),
      make(clock.now() + 1),
      make(),
      make(),
    ]);
    const sessions = await Promise.all([signedOut, withRevoked].map(({ text }) => signIn(context, { key: text })));
    await signOut(context, sessions[0]!.token);
    await revokeKey(context, a.account, withRevoked.key.id);
    await revokeKey(context, a.account, revoked.key.id);
    clock.advance(1);
    const bearer = (text: string) => ({ authorization: `Bearer ${text}` });
    const cookie = (text: string) => ({ cookie: `rewound_session=${text}` });
    const [prefix, account, id, secret] = a.key.split('_');
    const wrong = secret!.startsWith('0') ? `1${secret!.slice(1)}` : `0${secret!.slice(1)}`;
    const cases: Record<string, Record<string, string>> = {
      nothing: {},
      'no key at all': bearer('x'),
      'an empty one': { authorization: 'Bearer ' },
      'another scheme': { authorization: `Basic ${btoa(`${a.key}:`)}` },
      'a wrong secret': bearer([prefix, account, id, wrong].join('_')),
      'the id of another key': bearer([prefix, account, newId('key').slice(4), secret].join('_')),
      'another account': bearer([prefix, newId('account').slice(4), id, secret].join('_')),
      'a path in place of an account': bearer(`rwk_../../../../../../_${id}_${secret}`),
      'one character more': bearer(`${a.key}0`),
      'capital letters': bearer(a.key.toUpperCase()),
      revoked: bearer(revoked.text),
      expired: bearer(expired.text),
      'no session': cookie('x'),
      'an ended session': cookie(sessions[0]!.token),
      'a session of a revoked key': cookie(sessions[1]!.token),
      'a key as a session': cookie(a.key),
      'a wrong key beside a good session': { ...bearer('x'), ...cookie((await signIn(context, { key: a.key })).token) },
    };
    const before = kept(world, a.account);
    for (const operation of operations.filter(({ secured }) => secured)) {
      const answers = new Set<string>();
      for (const [what, headers] of Object.entries(cases)) {
        const answer = await call(world, undefined, operation, a.ids, headers);
        expect(answer.status, `${operation.id} with ${what}`).toBe(401);
        expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="rewound"');
        answers.add(comparable(answer, {}).text);
      }
      expect(answers.size, operation.id).toBe(1);
    }
    expect(kept(world, a.account)).toEqual(before);
  });

  test('nor does whoever may do something else only', async () => {
    const { world, a, operations } = await neighbours();
    const keys = new Map<Scope | 'none', string>();
    for (const scope of ['none', ...SCOPES] as const) {
      const scopes = scope === 'none' ? [] : [scope];
      keys.set(scope, (await createKey(world.context, a.account, { name: 'k', scopes, expiresAt: null })).text);
    }
    const open: Record<string, string[]> = {};
    for (const operation of operations.filter(({ secured }) => secured)) {
      for (const [scope, key] of keys) {
        const { status, body } = await call(world, key, operation, NOBODYS, {
          'idempotency-key': `${operation.id} ${scope}`.replace(' ', '-'),
        });
        if (status === 403) expect(body.code, `${operation.id} with ${scope}`).toBe('FORBIDDEN');
        else open[operation.id] = [...(open[operation.id] ?? []), scope];
      }
    }
    // What a new operation is opened by, is said here.
    expect(open).toEqual({
      getAccount: ['none', ...SCOPES],
      listLedger: ['none', ...SCOPES],
      changeAccount: ['account'],
      listKeys: ['keys'],
      createKey: ['keys'],
      revokeKey: ['keys'],
      quoteAudit: ['audits:read'],
      listAudits: ['audits:read'],
      getAudit: ['audits:read'],
      getReport: ['audits:read'],
      watchAudit: ['audits:read'],
      createAudit: ['audits:write'],
      uploadFiles: ['audits:write'],
      startAudit: ['audits:write'],
      cancelAudit: ['audits:write'],
      deleteAudit: ['audits:write'],
      createCheckout: ['billing'],
      listEndpoints: ['webhooks'],
      createEndpoint: ['webhooks'],
      getEndpoint: ['webhooks'],
      changeEndpoint: ['webhooks'],
      rotateSecret: ['webhooks'],
      deleteEndpoint: ['webhooks'],
      listDeliveries: ['webhooks'],
      getDelivery: ['webhooks'],
      replayDelivery: ['webhooks'],
    });
  });
});

describe('a session', () => {
  test('changes nothing when another site asks', async () => {
    const { world, a, operations } = await neighbours();
    const { token } = await signIn(world.context, { key: a.key });
    const cookie = `rewound_session=${token}`;
    const before = kept(world, a.account);
    const sites: Record<string, string>[] = [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'none' },
      { 'sec-fetch-site': '', origin: 'https://evil.example' },
    ];
    for (const operation of operations.filter(({ secured, method }) => secured && method !== 'GET')) {
      for (const site of sites) {
        const { status, body } = await call(world, undefined, operation, a.ids, { cookie, ...site });
        expect({ status, code: body.code }, operation.id).toEqual({ status: 403, code: 'FORBIDDEN' });
      }
    }
    expect(kept(world, a.account)).toEqual(before);
  });

  test('that was stolen from the page is no key, and a key no session', async () => {
    const { world, a } = await neighbours();
    const { token } = await signIn(world.context, { key: a.key });
    expect((await world.ask(token, 'GET', '/v1/account')).status).toBe(401);
    expect(
      (await world.ask(undefined, 'GET', '/v1/account', undefined, { cookie: `rewound_session=${a.key}` })).status,
    ).toBe(401);
  });
});

test('an audit that is watched is no longer, once the key is revoked or the audit erased', async () => {
  const { world, a } = await neighbours();
  const { text, key } = await createKey(world.context, a.account, {
    name: 'k',
    scopes: ['audits:read'],
    expiresAt: null,
  });
  const watch = async (with_: string) => {
    const response = await world.hosted.api.request(`/v1/audits/${a.ids.audit}/events`, {
      headers: { authorization: `Bearer ${with_}` },
    });
    expect(response.status).toBe(200);
    return response;
  };
  const first = await watch(text);
  await revokeKey(world.context, a.account, key.id);
  expect((await first.text()).match(/^event: audit$/gm) ?? []).not.toHaveLength(2);
  const second = await watch(a.key);
  await world.ask(a.key, 'DELETE', `/v1/audits/${a.ids.audit}`);
  expect(await second.text()).not.toMatch(/^event: error/m);
});
