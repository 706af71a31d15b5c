import { expect, test } from 'vitest';
import { HostedWorld } from '../../support/service/hosted-world.ts';

test('what a list says of a page is what the next one takes, and the ledger says it as all others do', async () => {
  const world = new HostedWorld();
  const { account, key } = await world.account();
  await world.start(account, key);
  await world.run();
  const seen: number[] = [];
  for (let next: string | null = ''; next !== null; ) {
    const after: string = next === '' ? '' : `&after=${next}`;
    const { status, body } = await world.ask(key, 'GET', `/v1/ledger?limit=1${after}`);
    expect(status).toBe(200);
    seen.push(...body.items.map((entry: { seq: number }) => entry.seq));
    next = body.next;
    expect(next === null || typeof next === 'string').toBe(true);
  }
  expect(seen.length).toBeGreaterThan(1);
  expect(seen).toEqual([...seen].sort((a, b) => b - a));
  const { body: document } = await world.ask(undefined, 'GET', '/v1/openapi.json');
  const { parameters } = document.paths['/v1/ledger'].get;
  const after = parameters.find(({ name }: { name: string }) => name === 'after');
  expect(after.schema.type).toBe('string');
  for (const wrong of ['x', '-1', '1.5', '01', '1e3', ' 1', '9'.repeat(16)]) {
    expect((await world.ask(key, 'GET', `/v1/ledger?after=${encodeURIComponent(wrong)}`)).status, wrong).toBe(400);
  }
});

test('a webhook message is read by its id, as the list has it', async () => {
  const world = new HostedWorld();
  const { account, key } = await world.account();
  await world.start(account, key);
  await world.run();
  const { body: list } = await world.ask(key, 'GET', '/v1/deliveries');
  expect(list.items.length).toBeGreaterThan(0);
  for (const one of list.items) {
    expect((await world.ask(key, 'GET', `/v1/deliveries/${one.id}`)).body).toEqual(one);
  }
  const gone = await world.ask(key, 'GET', `/v1/deliveries/msg_${'0'.repeat(25)}`);
  expect(gone.body).toMatchObject({ status: 404, code: 'NOT_FOUND' });
});

test('an address for a file says until when as all other times are said', async () => {
  const world = new HostedWorld();
  const { key } = await world.account();
  const audit = await world.create(key);
  const files = [{ path: 'members/a/1.jpg', size: 1 }];
  const { body } = await world.ask(key, 'POST', `/v1/audits/${audit}/uploads`, { files });
  const [{ expiresAt }] = body.uploads;
  expect(new Date(expiresAt).toISOString()).toBe(expiresAt);
  expect(Date.parse(expiresAt)).toBeGreaterThan(world.context.clock.now());
});

test('what is made again each time it comes says so', async () => {
  const { hosted } = new HostedWorld();
  const { body: document } = await hosted.ask(undefined, 'GET', '/v1/openapi.json');
  for (const path of ['/v1/webhooks', '/v1/keys']) {
    expect(document.paths[path].post.description, path).toMatch(/no Idempotency-Key/);
  }
});
