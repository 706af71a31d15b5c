import { describe, expect, test } from 'vitest';
import { galleryOf } from '../../../shared/pipeline/base/layout.ts';
import { TOPICS } from '../../../shared/pipeline/base/messages.ts';
import { readHosted } from '../../../shared/service/audits/hosted-audit.ts';
import { tend } from '../../../shared/service/audits/tend.ts';
import { runAgenda } from '../../../shared/service/core/agenda.ts';
import { projectOf } from '../../../shared/service/core/paths.ts';
import { DAY_MS, dying, HostedWorld, SMALL } from '../../support/service/hosted-world.ts';
import { bookedIn, expectSound } from '../books.ts';

async function objectsOf({ context }: HostedWorld, ...areas: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const area of areas) for await (const { key } of context.objects.list(area)) found.push(key);
  return found;
}

/** An audit that is done, and where its parts lie. */
async function done(retention: object = {}) {
  const world = new HostedWorld();
  const { account, key } = await world.account();
  await world.ask(key, 'PATCH', '/v1/account', { retention });
  const id = await world.start(account, key);
  await world.run();
  const { planned } = await readHosted(world.context, account, id);
  const project = projectOf(account, id);
  const { run } = planned!;
  return {
    world,
    account,
    key,
    id,
    run,
    uploads: () => objectsOf(world, `${project}/`, `${galleryOf(project)}/`),
    embeddings: () => objectsOf(world, `${galleryOf(project)}/`, `work/${run}/gallery-`, `work/${run}/placebo-`),
    work: () => objectsOf(world, `work/${run}/`),
    report: () => objectsOf(world, `report/${run}/`),
    state: async () => (await world.ask(key, 'GET', `/v1/audits/${id}`)).body,
  };
}

describe('retention', () => {
  test('by default uploads and embeddings go with the end, work after a day, the report and all else after 90', async () => {
    const { world, uploads, embeddings, work, report, state } = await done();
    expect(await uploads()).toEqual([]);
    expect(await embeddings()).toEqual([]);
    expect(await work()).not.toEqual([]);
    await world.pass(DAY_MS - 1);
    expect(await work()).not.toEqual([]);
    await world.pass(1);
    expect(await work()).toEqual([]);
    expect(await report()).toHaveLength(5);
    expect((await state()).erasedAt).toBe(new Date(Date.UTC(2026, 10, 23, 9) + 90 * DAY_MS).toISOString());
    await world.pass(89 * DAY_MS - 1);
    expect(await report()).toHaveLength(5);
    await world.pass(1);
    expect(await report()).toEqual([]);
    expect((await state()).code).toBe('NOT_FOUND');
    expect(await objectsOf(world, 'drop/', 'gallery/', 'work/', 'report/')).toEqual([]);
  });

  test('"report" keeps uploads and embeddings for as long as the report', async () => {
    const { world, uploads, embeddings, work, report } = await done({ uploads: 'report', workDays: 2, reportDays: 3 });
    const before = await uploads();
    expect(before.length).toBeGreaterThan(20);
    await world.pass(DAY_MS);
    expect(await uploads()).toEqual(before);
    expect(await embeddings()).not.toEqual([]);
    await world.pass(DAY_MS);
    expect(await work()).toEqual([]);
    expect(await report()).toHaveLength(5);
    expect(await uploads()).toEqual(before);
    await world.pass(DAY_MS);
    expect(await objectsOf(world, 'drop/', 'gallery/', 'work/', 'report/')).toEqual([]);
  });

  test('no days of work: as soon as nothing can write any more', async () => {
    const { world, work } = await done({ workDays: 0 });
    expect(await work()).not.toEqual([]);
    await world.pass(20 * 60_000);
    expect(await work()).toEqual([]);
  });

  test('counts from the end of an audit, and what is changed later counts for later ones', async () => {
    const { world, key, state } = await done({ reportDays: 2 });
    const { erasedAt } = await state();
    await world.ask(key, 'PATCH', '/v1/account', { retention: { reportDays: 1000 } });
    expect((await state()).erasedAt).toBe(erasedAt);
    await world.pass(2 * DAY_MS);
    expect((await state()).code).toBe('NOT_FOUND');
  });

  test('an agenda that is late by days does all of it, in any order, and over again', async () => {
    const { world, account, id } = await done();
    world.hosted.clock.advance(200 * DAY_MS);
    await runAgenda(world.context);
    await runAgenda(world.context);
    await world.run();
    expect(await objectsOf(world, 'drop/', 'gallery/', 'work/', 'report/')).toEqual([]);
    for (const about of ['start', 'expire', 'work', 'report', 'remains'] as const) {
      await tend(world.context, { version: 1, hops: 0, about, account, audit: id });
    }
    expect(expectSound(await bookedIn(world.context.records, account)).held).toBe(0);
  });
});

describe('an audit that nobody starts', () => {
  test('expires after a day with its uploads, and costs nothing', async () => {
    const world = new HostedWorld();
    const { account, key } = await world.account();
    const id = await world.create(key);
    await world.put(account, id);
    await world.pass(DAY_MS - 1);
    expect(await objectsOf(world, 'drop/')).toHaveLength(23);
    await world.pass(1);
    expect((await world.ask(key, 'GET', `/v1/audits/${id}`)).body).toMatchObject({ state: 'EXPIRED', charged: 0 });
    expect(await objectsOf(world, 'drop/')).toEqual([]);
    expect(await world.announced(account)).toEqual(['audit.failed']);
    // A file whose address was given out in its last minutes.
    await world.put(account, id, { 'members/late/1.jpg': 'late 1' });
    await world.pass(20 * 60_000);
    expect(await objectsOf(world, 'drop/')).toEqual([]);
  });

  test('a process that dies over it is followed by one that ends it', async () => {
    for (let n = 1; ; n++) {
      const world = new HostedWorld();
      const { account, key } = await world.account();
      const id = await world.create(key);
      await world.put(account, id, { 'checkpoints/g.onnx': 'shows nobody' });
      let died: (() => boolean) | undefined;
      world.wrap = (platform) => {
        if (died) return platform;
        const context = dying(platform, n);
        died = context.died;
        return context;
      };
      await world.pass(DAY_MS + 3_600_000);
      expect((await world.ask(key, 'GET', `/v1/audits/${id}`)).body, `write ${n}`).toMatchObject({ state: 'EXPIRED' });
      expect(await objectsOf(world, 'drop/'), `write ${n}`).toEqual([]);
      expect(await world.announced(account), `write ${n}`).toEqual(['audit.failed']);
      await world.pass(90 * DAY_MS);
      expect((await world.ask(key, 'GET', `/v1/audits/${id}`)).status, `write ${n}`).toBe(404);
      if (!died?.()) return;
    }
  });
});

describe('an audit that was started', () => {
  test('is published again until it is planned', async () => {
    const world = new HostedWorld();
    const { account, key } = await world.account();
    const id = await world.start(account, key);
    // The message is lost.
    const { queue } = world.hosted.platform;
    for (let lease = queue.lease([TOPICS.plan], 1000); lease; lease = queue.lease([TOPICS.plan], 1000))
      queue.ack(lease);
    await world.run();
    expect((await world.ask(key, 'GET', `/v1/audits/${id}`)).body.state).toBe('RECEIVED');
    await world.pass(5 * 60_000);
    expect((await world.ask(key, 'GET', `/v1/audits/${id}`)).body.state).toBe('DONE');
    expect(world.compute.calls.calibrate).toBe(1);
  });

  test('and never gets anywhere expires after eight days, and what was held is available again', async () => {
    const world = new HostedWorld();
    const { account, key } = await world.account();
    const id = await world.start(account, key, SMALL);
    const { queue } = world.hosted.platform;
    const lose = () => {
      for (let lease = queue.lease([TOPICS.plan], 1000); lease; lease = queue.lease([TOPICS.plan], 1000))
        queue.ack(lease);
    };
    lose();
    for (let hour = 0; hour < 8 * 24; hour += 12) {
      world.hosted.clock.advance(12 * 3_600_000);
      await runAgenda(world.context);
      await world.run((topic) => topic === TOPICS.plan);
      lose();
    }
    await world.run();
    expect((await world.ask(key, 'GET', `/v1/audits/${id}`)).body).toMatchObject({ state: 'EXPIRED', charged: 0 });
    expect(expectSound(await bookedIn(world.context.records, account)).held).toBe(0);
  });
});

test('clocks that differ: records from the future and reminders from the past change nothing of an audit', async () => {
  const world = new HostedWorld();
  const { account, key } = await world.account();
  world.hosted.clock.advance(5 * DAY_MS);
  const id = await world.start(account, key);
  world.hosted.clock.advance(-5 * DAY_MS);
  for (const about of ['start', 'expire'] as const) {
    await tend(world.context, { version: 1, hops: 0, about, account, audit: id });
  }
  const { body } = await world.ask(key, 'GET', `/v1/audits/${id}`);
  expect(body.progress).toBeNull();
  expect(body.state).toBe('RECEIVED');
  await world.run();
  expect((await world.ask(key, 'GET', `/v1/audits/${id}`)).body).toMatchObject({ state: 'DONE' });
});
