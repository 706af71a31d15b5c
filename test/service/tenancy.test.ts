import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { jsonLog, messageLog } from '../../functions/context-log.ts';
import { plan } from '../../shared/pipeline/plan.ts';
import { toEvent } from '../../shared/platform/event.ts';
import { newAuditId, newId } from '../../shared/service/ids.ts';
import { ownerOf, projectOf } from '../../shared/service/paths.ts';
import { hostedTenancy } from '../../shared/service/tenancy.ts';
import { HostedWorld, MEMBERS, SMALL, smallFiles } from '../support/service/hosted-world.ts';
import { stubCompute } from '../support/stub-compute.ts';

/** The stub engine, with a checkpoint that keeps weights in these files. */
function withExternal(...externalFiles: readonly string[]) {
  const stub = stubCompute();
  return stubCompute({
    inspect: async (request) => ({ ...(await stub.inspect(request)), externalFiles }),
    calibrate: async (request) => {
      for (const { path } of request.model.external) readFileSync(path);
      return stub.calibrate(request);
    },
  });
}

describe('what names files of another tenant', () => {
  test.for([
    '../../../{account}/{audit}/checkpoints/weights.data',
    '../../{audit}/checkpoints/weights.data',
    '/drop/{account}/{audit}/checkpoints/weights.data',
    'drop/{account}/{audit}/checkpoints/weights.data',
    './../../{audit}/checkpoints/weights.data',
    '..\\..\\{audit}\\checkpoints\\weights.data',
    'C:\\drop\\{account}\\{audit}\\checkpoints\\weights.data',
    '../members/anna-karenina/portrait of anna-karenina.jpg',
  ])('as weights, %s, is refused', async (pattern) => {
    let location = '';
    const world = new HostedWorld(
      {},
      {
        compute: stubCompute({
          inspect: async (request) => ({ ...(await stubCompute().inspect(request)), externalFiles: [location] }),
        }),
      },
    );
    const [victim, thief] = [await world.account(), await world.account()];
    const theirs = await world.create(victim.key);
    await world.put(victim.account, theirs, { 'checkpoints/weights.data': 'their weights' });
    location = pattern.replace('{account}', victim.account).replace('{audit}', theirs);
    const id = await world.start(thief.account, thief.key);
    await world.run();
    const { body } = await world.ask(thief.key, 'GET', `/v1/audits/${id}`);
    expect(body).toMatchObject({
      state: 'REJECTED',
      charged: 0,
      error: { code: expect.stringMatching(/^CHECKPOINT_(UNSAFE|CORRUPT)$/) },
    });
    expect(world.compute.calls.calibrate).toBe(0);
    for await (const { key } of world.context.objects.list('work/')) expect(key).not.toMatch(/weights/);
  });

  test.for([
    '../../{account}/{audit}/recognizer/card.json',
    '../{audit}/recognizer/card.json',
    '/etc/passwd',
    'recognizer/../../{audit}/recognizer/card.json',
  ])('as a recognizer, %s, is refused', async (pattern) => {
    const world = new HostedWorld();
    const [victim, thief] = [await world.account(), await world.account()];
    const theirs = await world.create(victim.key);
    await world.put(victim.account, theirs, {
      'recognizer/card.json': '{"model":"m.onnx"}',
      'recognizer/m.onnx': 'theirs',
    });
    const recognizer = pattern.replace('{account}', victim.account).replace('{audit}', theirs);
    const id = await world.start(thief.account, thief.key, { ...SMALL, settings: { ...SMALL.settings, recognizer } });
    await world.run();
    const { body } = await world.ask(thief.key, 'GET', `/v1/audits/${id}`);
    expect(body).toMatchObject({ state: 'REJECTED', charged: 0, error: { code: 'CHECKPOINT_UNSAFE' } });
  });

  test("as a recognizer's model is refused", async () => {
    const world = new HostedWorld();
    const { account, key } = await world.account();
    const card = {
      model: '../../../other/x/recognizer/m.onnx',
      size: 112,
      layout: 'NCHW',
      mean: 0,
      std: 1,
      alignment: 'arcface',
    };
    const body = { ...SMALL, settings: { ...SMALL.settings, recognizer: 'recognizer/card.json' } };
    const id = await world.start(account, key, body, { ...smallFiles(), 'recognizer/card.json': JSON.stringify(card) });
    await world.run();
    const { body: ended } = await world.ask(key, 'GET', `/v1/audits/${id}`);
    expect(ended).toMatchObject({
      state: 'REJECTED',
      error: { code: expect.stringMatching(/^(CHECKPOINT_UNSAFE|CARD_INVALID)$/) },
    });
    expect(world.compute.calls.calibrate).toBe(0);
  });

  test('but its own weights, beside the checkpoint, it may', async () => {
    const world = new HostedWorld({}, { compute: withExternal('g.data') });
    const { account, key } = await world.account();
    const id = await world.start(account, key, SMALL, { ...smallFiles(), 'checkpoints/g.data': 'weights' });
    await world.run();
    expect((await world.ask(key, 'GET', `/v1/audits/${id}`)).body.state).toBe('DONE');
  });
});

describe('a file that lands', () => {
  test.for(['created', 'erased', 'unknown', 'ended', 'cancelled'] as const)(
    'where the audit is %s starts nothing',
    async (state) => {
      const world = new HostedWorld();
      const { account, key } = await world.account();
      const id = state === 'unknown' ? newAuditId(world.context.clock.now()) : await world.create(key);
      await world.put(account, id);
      if (state === 'erased') await world.ask(key, 'DELETE', `/v1/audits/${id}`);
      if (state === 'cancelled') await world.ask(key, 'POST', `/v1/audits/${id}/cancel`);
      if (state === 'ended') await world.ask(key, 'POST', `/v1/audits/${id}/start`);
      await world.run();
      await world.put(account, id);
      const before = world.compute.calls.inspect;
      await world.land(`${projectOf(account, id)}/checkpoints/secret-project.onnx`);
      await world.run();
      expect(world.compute.calls.inspect).toBe(before);
      expect(world.delivered.filter(({ topic }) => topic === 'enrol').length).toBe(state === 'ended' ? 2 : 0);
    },
  );

  test('in a folder of no account is the operator’s own, and audited', async () => {
    const world = new HostedWorld();
    const files = { ...smallFiles(), 'project.json': JSON.stringify({ samples: 64, fresh: 32, batch: 16 }) };
    for (const [path, text] of Object.entries(files))
      await world.context.objects.put(`drop/acme/faces/${path}`, Buffer.from(text));
    await world.land('drop/acme/faces/checkpoints/secret-project.onnx');
    await world.run();
    expect(world.compute.calls.probe).toBe(2);
    expect(await world.context.records.count('accounts')).toBe(0);
  });

  test('in a folder that is nearly an account’s is no account’s', async () => {
    const id = newId('account');
    expect(ownerOf(`drop/${id}/x`)).toEqual({ account: id, audit: 'x' });
    for (const tenant of [`${id}x`, id.toUpperCase(), `${id} `, id.slice(0, -1), 'acc_', `x${id}`]) {
      expect(ownerOf(`drop/${tenant}/x`)).toBeUndefined();
    }
    const world = new HostedWorld();
    const { admit } = hostedTenancy(world.context);
    expect(await admit({ project: `drop/${id}/no-audit`, file: 'g.onnx' })).toBe(false);
  });
});

test('two accounts with the same files have two audits, and neither is quicker for the other', async () => {
  const world = new HostedWorld();
  const [a, b] = [await world.account(), await world.account()];
  const body = { ...SMALL, names: true };
  await world.start(a.account, a.key, body);
  await world.run();
  const after = { ...world.compute.calls };
  await world.start(b.account, b.key, body);
  await world.run();
  for (const [task, calls] of Object.entries(after)) {
    expect(world.compute.calls[task as keyof typeof after], task).toBe(2 * calls);
  }
});

test('what the steps log of all this names no person, no file, no label and no key', async () => {
  const lines: string[] = [];
  const observe = messageLog(jsonLog('all', (line) => lines.push(line)));
  const world = new HostedWorld();
  const { account, key } = await world.account();
  await world.start(account, key, { ...SMALL, label: 'label-of-mine' });
  const bad = await world.start(account, key, SMALL, { 'checkpoints/secret-project.onnx': 'shows nobody' });
  const handle = world.handle.bind(world);
  world.handle = (topic, lease) =>
    observe(topic, { ...toEvent(lease), id: 'delivery-1' } as never, () => handle(topic, lease));
  await world.run();
  await world.ask(key, 'DELETE', `/v1/audits/${bad}`);
  const failing = { ...world.context, compute: stubCompute(), device: 'cpu' as const, window: 1 };
  await observe('plan', { id: 'delivery-2', data: {} } as never, async () => {
    await plan(
      { ...failing, objects: { ...failing.objects, head: () => Promise.reject(new Error(`${MEMBERS[0]} ${key}`)) } },
      { version: 1, hops: 0, key: 'drop/a/b/checkpoints/c', generation: '1' },
    );
  }).catch(() => undefined);
  await world.run();
  expect(lines.length).toBeGreaterThan(12);
  expect(lines.some((line) => line.includes('message.failed'))).toBe(true);
  for (const word of [...MEMBERS, 'secret-project', 'portrait', 'label-of-mine', 'rwk_', key, 'drop/', 'http://']) {
    expect(lines.join(''), word).not.toContain(word);
  }
});
