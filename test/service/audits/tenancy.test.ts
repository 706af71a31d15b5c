import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { jsonLog, messageLog } from '../../../functions/log.ts';
import { RewoundError } from '../../../shared/errors.ts';
import type { Context } from '../../../shared/pipeline/base/context.ts';
import { TOPICS } from '../../../shared/pipeline/base/messages.ts';
import { plannedWork } from '../../../shared/pipeline/planning/plan/sampling.ts';
import { readPlan } from '../../../shared/pipeline/planning/plan/store.ts';
import { auditOfUpload, readAudit, receiveAudit, stopAudit } from '../../../shared/pipeline/runs/run.ts';
import { plan } from '../../../shared/pipeline/steps/plan.ts';
import { sweep } from '../../../shared/pipeline/steps/sweep.ts';
import { around } from '../../../shared/platform/around.ts';
import { toEvent } from '../../../shared/platform/event.ts';
import type { Platform } from '../../../shared/platform/ports.ts';
import {
  closeAdmission,
  forgetAdmission,
  openAdmission,
  planAdmission,
  readAdmission,
} from '../../../shared/service/audits/admission.ts';
import { admitRunning } from '../../../shared/service/audits/admit-running.ts';
import { readHosted } from '../../../shared/service/audits/hosted-audit.ts';
import { settleAudit, settleRun } from '../../../shared/service/audits/settle.ts';
import { hostedTenancy } from '../../../shared/service/audits/tenancy.ts';
import { newAuditId, newId } from '../../../shared/service/core/ids.ts';
import { ownerOf, projectOf } from '../../../shared/service/core/paths.ts';
import { HostedWorld, MEMBERS, SMALL, smallFiles } from '../../support/service/hosted-world.ts';
import { stubCompute } from '../../support/stub-compute.ts';

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

describe('the file that its owner says is the checkpoint', () => {
  test.for(['pytorch_model.bin', 'g.data', 'generator.weights'])('is audited as %s too', async (checkpoint) => {
    const world = new HostedWorld();
    const { account, key } = await world.account();
    const { 'checkpoints/secret-project.onnx': generator = '', ...photos } = smallFiles();
    const files = { ...photos, [`checkpoints/${checkpoint}`]: generator };
    const id = await world.start(account, key, { ...SMALL, checkpoint }, files);
    await world.run();
    expect((await world.ask(key, 'GET', `/v1/audits/${id}`)).body).toMatchObject({ state: 'DONE', verdict: 'LEAKAGE' });
  });

  test('is none by such a name where nobody has an account', async () => {
    const { admit } = hostedTenancy(new HostedWorld().context);
    expect(await admit({ project: 'drop/acme/faces', file: 'pytorch_model.bin' })).toBe('ignore');
    expect(await admit({ project: 'drop/acme/faces', file: 'g.onnx' })).toBe('plan');
  });
});

describe('what cannot be read', () => {
  const TOO_LARGE = JSON.stringify({ x: 'x'.repeat(2 ** 20) });
  const MINE = { ...SMALL, settings: { ...SMALL.settings, recognizer: 'recognizer/mine' } };

  test.for([
    ['a card', 'checkpoints/secret-project.onnx.card.json', SMALL],
    ['a recipe', 'checkpoints/secret-project.onnx.recipe.json', SMALL],
    ["a recognizer's card", 'recognizer/mine', MINE],
  ] as const)('because %s is too large ends the audit, and is read by nobody', async ([, path, body]) => {
    const world = new HostedWorld();
    const { account, key } = await world.account();
    const id = await world.start(account, key, body, { ...smallFiles(), [path]: TOO_LARGE });
    const read: string[] = [];
    world.wrap = (platform) => ({
      ...platform,
      objects: around(platform.objects, {
        get: (go, name) => {
          read.push(name);
          return go();
        },
      }),
    });
    await world.run();
    expect((await world.ask(key, 'GET', `/v1/audits/${id}`)).body).toMatchObject({
      state: 'REJECTED',
      charged: 0,
      error: { code: 'CARD_INVALID', message: expect.stringMatching(/1 MiB/) },
    });
    expect(read.length).toBeGreaterThan(0);
    expect(read.filter((name) => name.endsWith(path))).toEqual([]);
    expect(world.compute.calls.calibrate).toBe(0);
  });

  test('at any attempt ends the audit before its run has a name', async () => {
    const broken = () => Promise.reject(new RewoundError('ENGINE_CRASHED', 'It ended.', { help: '', transient: true }));
    const world = new HostedWorld({}, { compute: stubCompute({ inspect: broken }) });
    const { account, key } = await world.account();
    const id = await world.start(account, key);
    await expect(world.run()).rejects.toMatchObject({ code: 'ENGINE_CRASHED' });
    expect(await world.context.records.count('audits')).toBe(0);
    const [letter] = world.delivered;
    await world.context.events.publish(TOPICS.deadletter, letter!.message);
    await world.run();
    expect((await world.ask(key, 'GET', `/v1/audits/${id}`)).body).toMatchObject({
      state: 'FAILED',
      charged: 0,
      error: { code: 'GIVEN_UP' },
    });
    const { length } = world.delivered;
    await world.pass(3_600_000);
    expect(world.delivered.slice(length).filter(({ topic }) => topic === TOPICS.plan)).toEqual([]);
    await world.ask(key, 'DELETE', `/v1/audits/${id}`);
    for (const collection of ['audits', 'open-audits', 'uploads']) {
      expect(await world.context.records.count(collection), collection).toBe(0);
    }
  });
});

describe('a run that was planned', () => {
  /** An audit whose plan is written, and of which its account has not heard: the process died. */
  async function untold() {
    const world = new HostedWorld();
    const { account, key } = await world.account();
    const id = await world.start(account, key);
    const died = new RewoundError('PLATFORM_UNAVAILABLE', 'It died.', { help: '', transient: true });
    const deaf = { ...hostedTenancy(world.context), planned: () => Promise.reject(died) };
    world.wrap = (platform) => ({ ...platform, tenancy: deaf });
    await expect(world.run()).rejects.toBe(died);
    world.wrap = (same) => same;
    const { checkpoint } = await readHosted(world.context, account, id);
    const run = await auditOfUpload(world.context, checkpoint!.key, checkpoint!.generation);
    return { world, account, key, id, run: run! };
  }

  const steps = ({ context, compute }: HostedWorld) => ({
    ...context,
    compute,
    device: 'cpu' as const,
    window: 1,
    tenancy: hostedTenancy(context),
  });

  test('and never told of goes on with the next sweep', async () => {
    const { world, key, id } = await untold();
    await sweep(steps(world), 0);
    await world.run();
    expect((await world.ask(key, 'GET', `/v1/audits/${id}`)).body.state).toBe('DONE');
    expect(world.compute.calls.calibrate).toBe(1);
  });

  test('does not go on once its audit has ended, and nothing of it stays', async () => {
    const { world, account, id, run } = await untold();
    const error = { code: 'CANCELLED', message: 'It was cancelled.', help: '' };
    await settleAudit(world.context, account, id, { state: 'CANCELLED', error });
    await sweep(steps(world), 0);
    expect(await readAudit(world.context, run)).toMatchObject({ state: 'CANCELLED' });
    await world.run();
    expect(world.compute.calls).toMatchObject({ enrol: 0, probe: 0 });
    expect(await world.context.records.count('audits')).toBe(0);
  });

  test('ends with its audit before it was ever told of', async () => {
    const { world, account, key, id, run } = await untold();
    await world.ask(key, 'POST', `/v1/audits/${id}/cancel`);
    expect(await readAudit(world.context, run)).toMatchObject({ state: 'CANCELLED' });
    expect((await readHosted(world.context, account, id)).outcome).toMatchObject({ state: 'CANCELLED', run });
  });

  test('is none of an audit that was erased, nor of one that has another', async () => {
    const { world, account, key, id, run } = await untold();
    const { planned } = hostedTenancy(world.context);
    const made = plannedWork(await readPlan(world.context as Platform as Context, run));
    await planned(made);
    await planned(made);
    await world.run((topic) => topic !== TOPICS.settle);
    expect((await readHosted(world.context, account, id)).planned).toMatchObject({ run });
    expect((await world.announced(account)).filter((type) => type === 'audit.planned')).toHaveLength(1);
    await expect(planned({ ...made, audit: '0'.repeat(32) })).rejects.toMatchObject({ code: 'CANCELLED' });
    await world.ask(key, 'DELETE', `/v1/audits/${id}`);
    await expect(planned(made)).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  test('is the one of its audit even if another run ends before its account hears of it', async () => {
    const { world, account, id, run } = await untold();
    const { planned } = hostedTenancy(world.context);
    const made = plannedWork(await readPlan(world.context as Platform as Context, run));
    await planned(made);
    expect((await readHosted(world.context, account, id)).planned).toBeNull();
    const place = (await readHosted(world.context, account, id)).checkpoint!;
    const other = '0'.repeat(32);
    await receiveAudit(world.context, other, place.key, 'later');
    const error = new RewoundError('CANCELLED', 'It was cancelled.', { help: '' });
    await stopAudit(world.context, other, 'CANCELLED', error);
    await settleRun(world.context, { version: 1, hops: 0, audit: other });
    expect(await readHosted(world.context, account, id)).toMatchObject({ planned: { run }, outcome: null });
    expect(await readAudit(world.context, other)).toBeUndefined();
  });

  test('goes on when its file is told of again, without another look at it', async () => {
    const world = new HostedWorld();
    const { account, key } = await world.account();
    const id = await world.start(account, key);
    const landed = `${projectOf(account, id)}/checkpoints/secret-project.onnx`;
    await world.run((topic) => topic === TOPICS.probe);
    const { inspect } = world.compute.calls;
    for (let i = 0; i < 5; i++) await world.land(landed);
    await world.run();
    expect(world.compute.calls).toMatchObject({ inspect, calibrate: 1, probe: 2 });
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
    expect(await admit({ project: `drop/${id}/no-audit`, file: 'g.onnx' })).toBe('ignore');
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
  world.handle = (topic, lease) => observe({ ...toEvent(lease), id: 'delivery-1' }, () => handle(topic, lease));
  await world.run();
  await world.ask(key, 'DELETE', `/v1/audits/${bad}`);
  const failing = { ...world.context, compute: stubCompute(), device: 'cpu' as const, window: 1 };
  await observe({ id: 'delivery-2', data: {} }, async () => {
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

describe('what the pipeline may know of an audit', () => {
  test('is opened by no start that is on its way once the audit has ended', async () => {
    const world = new HostedWorld();
    const { account, key } = await world.account();
    const id = await world.create(key);
    await world.ask(key, 'POST', `/v1/audits/${id}/cancel`);
    await world.put(account, id);
    const checkpoint = `${projectOf(account, id)}/checkpoints/secret-project.onnx`;
    await openAdmission(world.context, account, id, { checkpoint, photos: 100, credits: null, planned: null });
    await world.land(checkpoint);
    await world.run();
    expect(world.compute.calls.inspect).toBe(0);
  });

  test('closes for good, and further each time', async () => {
    const { context } = new HostedWorld();
    const [account, id] = [newId('account'), newAuditId(0)];
    const terms = { checkpoint: 'k', photos: 1, credits: 2, planned: null };
    await openAdmission(context, account, id, terms);
    await closeAdmission(context, account, id, 'ended');
    await closeAdmission(context, account, id, 'stopping');
    const planned = { run: 'r', at: 1, msPerSample: 1, shards: { enrol: 1, probe: 1, confirm: 1 } };
    await planAdmission(context, account, id, planned);
    await openAdmission(context, account, id, terms);
    expect(await readAdmission(context, account, id)).toEqual({ ...terms, state: 'ended' });
  });

  test('is told of audits that an earlier version started, and goes on with them', async () => {
    const world = new HostedWorld();
    const { account, key } = await world.account();
    const id = await world.start(account, key);
    await world.run((topic) => topic === TOPICS.probe);
    await forgetAdmission(world.context, account, id);
    expect(await admitRunning(world.context)).toBe(1);
    const { planned } = await readHosted(world.context, account, id);
    expect(await readAdmission(world.context, account, id)).toMatchObject({ state: 'open', planned });
    await world.run();
    expect((await world.ask(key, 'GET', `/v1/audits/${id}`)).body.state).toBe('DONE');
    expect(await admitRunning(world.context)).toBe(0);
  });
});
