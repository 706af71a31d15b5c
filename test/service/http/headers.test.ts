import { expect, test } from 'vitest';
import type { Answered } from '../../../shared/service/http/app.ts';
import { hosted } from '../../support/service/hosted.ts';
import { HostedWorld, MEMBERS, SMALL } from '../../support/service/hosted-world.ts';
import { fill, HEADERS, operationsOf } from '../../support/service/operations.ts';

test('every answer, good or bad, says what browsers must not do with it', async () => {
  const { ask, account } = hosted();
  const { key } = await account();
  for (const [given, method, path] of [
    [key, 'GET', '/v1/account'],
    [key, 'GET', '/v1/nothing'],
    [undefined, 'GET', '/v1/account'],
    [key, 'POST', '/v1/audits'],
    [undefined, 'GET', '/v1/health'],
    [undefined, 'GET', '/v1/openapi.json'],
  ] as const) {
    const { headers } = await ask(given, method, path);
    expect(headers.get('x-content-type-options'), path).toBe('nosniff');
    expect(headers.get('referrer-policy'), path).toBe('no-referrer');
    expect(headers.get('content-security-policy'), path).toMatch(/default-src 'none'/);
    expect(headers.get('content-security-policy'), path).toMatch(/frame-ancestors 'none'/);
    expect(headers.get('cross-origin-resource-policy'), path).toBe('same-origin');
    expect(headers.get('strict-transport-security'), path).toMatch(/max-age/);
    expect(headers.get('cache-control'), path).toBe('no-store');
    expect(headers.get('access-control-allow-origin'), path).toBeNull();
    expect(headers.get('x-request-id'), path).toMatch(/^[0-9a-f-]{36}$/);
  }
});

test('what holds a secret is stored by nobody on the way', async () => {
  const { ask, account } = hosted({ webhookAllow: ['127.0.0.1/32'] });
  const { key } = await account();
  const made = await ask(key, 'POST', '/v1/webhooks', { url: 'http://127.0.0.1:9/', events: ['credits.low'] });
  for (const answer of [
    await ask(undefined, 'POST', '/v1/accounts', { name: 'x' }),
    await ask(key, 'POST', '/v1/keys', { name: 'x', scopes: ['keys'] }),
    made,
    await ask(key, 'GET', `/v1/webhooks/${made.body.endpoint.id}`),
    await ask(key, 'POST', `/v1/webhooks/${made.body.endpoint.id}/rotate`),
  ]) {
    expect(answer.headers.get('cache-control')).toBe('no-store');
  }
});

test('a session is a cookie that no script, no other site and, over https, no eavesdropper gets', async () => {
  for (const [origin, secure] of [
    ['http://localhost:8080', false],
    ['https://audits.example.com', true],
  ] as const) {
    const name = secure ? '__Host-rewound_session' : 'rewound_session';
    const { ask, account } = hosted({ origin });
    const { key } = await account();
    const { headers } = await ask(undefined, 'POST', '/v1/session', { key }, { origin });
    const cookie = headers.get('set-cookie') ?? '';
    expect(cookie.split('; ')[0]).toMatch(new RegExp(`^${name}=[\\w-]{43}$`));
    expect(cookie).toContain('; Path=/;');
    expect(cookie).toMatch(/HttpOnly/);
    expect(cookie).toMatch(/SameSite=Strict/);
    expect(/Secure/.test(cookie)).toBe(secure);
    expect(cookie).not.toMatch(/Domain/);
    expect(cookie).not.toContain(key);
    const given = { cookie: cookie.split('; ')[0] ?? '', origin };
    expect((await ask(undefined, 'GET', '/v1/account', undefined, given)).status).toBe(200);
    // One that another host of the domain could have set is none.
    const bare = given.cookie.replace('__Host-', '');
    expect((await ask(undefined, 'GET', '/v1/account', undefined, { cookie: bare })).status).toBe(secure ? 401 : 200);
    const out = await ask(undefined, 'DELETE', '/v1/session', undefined, given);
    expect(out.headers.get('set-cookie')).toMatch(new RegExp(`^${name}=; Max-Age=0; Path=/`));
    expect((await ask(undefined, 'GET', '/v1/account', undefined, given)).status).toBe(401);
  }
});

test('what is told of an answer names the route and never what filled it in, nor anything that was sent or said', async () => {
  const told: Answered[] = [];
  const world = new HostedWorld({}, { api: { onAnswer: (answer) => told.push(answer) } });
  const { account, key } = await world.account();
  const id = await world.start(account, key, { ...SMALL, label: 'label-of-mine' });
  await world.run();
  const ids = {
    audit: id,
    endpoint: `end_${'0'.repeat(16)}`,
    delivery: `msg_${'0'.repeat(25)}`,
    key: `key_${'0'.repeat(16)}`,
    file: 'report.html',
  };
  const operations = await operationsOf(world);
  for (const { method, path, body } of operations) {
    await world.ask(key, method, fill(path, ids), body, { ...HEADERS, cookie: 'rewound_session=session-of-mine' });
    await world.ask('rwk_wrong', method, fill(path, ids), body, HEADERS);
  }
  await world.ask(key, 'GET', `/v1/audits/${id}/members/anna?token=of-mine`);
  const { body: made } = await world.ask(undefined, 'POST', '/v1/accounts', { name: 'name-of-mine' });
  expect(told.length).toBeGreaterThan(50);
  const text = JSON.stringify(told);
  for (const word of [
    ...MEMBERS,
    key,
    made.text,
    'of-mine',
    'rwk_',
    'whsec',
    'members',
    'uploads/',
    id,
    ids.endpoint,
    'drop/',
    '127.0.0.1',
  ]) {
    expect(text).not.toContain(word);
  }
  const routes = new Set(operations.map(({ path }) => path.replaceAll(/\{(\w+)\}/g, ':$1')));
  for (const { route, status, request } of told) {
    if (status !== 404) expect([...routes, '/v1/openapi.json']).toContain(route);
    expect(request).toMatch(/^[0-9a-f-]{36}$/);
  }
  expect(told.filter((one) => one.account === account).length).toBeGreaterThan(20);
  for (const one of told) if (one.status >= 400) expect(one.code).toMatch(/^[A-Z_]+$/);
});

test('the report is a page that runs nothing and tells nobody where it was read', async () => {
  const world = new HostedWorld();
  const { account, key } = await world.account();
  const id = await world.start(account, key);
  await world.run();
  for (const [file, type] of [
    ['report.html', 'text/html; charset=utf-8'],
    ['report.json', 'application/json'],
    ['report.sarif', 'application/sarif+json'],
    ['junit.xml', 'application/xml'],
  ]) {
    const { status, headers, body } = await world.ask(key, 'GET', `/v1/audits/${id}/report/${file}`);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe(type);
    expect(headers.get('content-security-policy')).toMatch(/default-src 'none'/);
    expect(headers.get('content-security-policy')).not.toMatch(/script-src/);
    expect(headers.get('cache-control')).toBe('private, no-store');
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    // Pseudonyms unless names were asked for.
    for (const who of [...MEMBERS, 'portrait', 'control10']) expect(text, `${who} in ${file}`).not.toContain(who);
  }
});
