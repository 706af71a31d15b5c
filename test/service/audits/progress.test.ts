import { expect, test } from 'vitest';
import { TOPICS } from '../../../shared/pipeline/base/messages.ts';
import { readHosted } from '../../../shared/service/audits/hosted-audit.ts';
import { progressOf } from '../../../shared/service/audits/progress.ts';
import { HostedWorld, SMALL } from '../../support/service/hosted-world.ts';

const FIVE_SHARDS = { ...SMALL, settings: { samples: 10_000, fresh: 2_000, batch: 64 } };

async function running() {
  const world = new HostedWorld();
  const { account, key } = await world.account();
  const id = await world.start(account, key, FIVE_SHARDS);
  const look = async () => (await world.ask(key, 'GET', `/v1/audits/${id}`)).body;
  /** Until the nth message of a topic waits. */
  const until = (topic: string, nth: number) => {
    let seen = world.delivered.filter((one) => one.topic === topic).length;
    return world.run((one) => one === topic && ++seen >= nth);
  };
  return { world, account, id, look, until };
}

test('before it is planned and after its end there is none', async () => {
  const { world, look } = await running();
  expect((await look()).progress).toBeNull();
  await world.run();
  const { state, progress } = await look();
  expect({ state, progress }).toEqual({ state: 'DONE', progress: null });
});

test('it counts shards and samples, and reckons a speed from the present stage', async () => {
  const { world, look, until } = await running();
  await until(TOPICS.probe, 1);
  const first = (await look()).progress;
  expect(first.stages.find(({ stage }: { stage: string }) => stage === 'probe')).toEqual({
    stage: 'probe',
    done: 0,
    shards: 5,
  });
  expect(first).toMatchObject({ samples: { done: 0, of: 10_000 }, facesPerSecond: null, secondsLeft: null });
  world.hosted.clock.advance(20_000);
  await until(TOPICS.probe, 3);
  const { state, progress } = await look();
  expect(state).toBe('PROBING');
  expect(progress.samples).toEqual({ done: 4_000, of: 10_000 });
  expect(progress.facesPerSecond).toBe(200);
  expect(progress.secondsLeft).toBe(30);
  await until(TOPICS.confirm, 1);
  expect((await look()).progress).toMatchObject({ samples: { done: 10_000, of: 12_000 }, facesPerSecond: null });
});

test('it is never beyond all of it, and comes to all of it', async () => {
  const { world, look } = await running();
  const shares: number[] = [];
  const handle = world.handle.bind(world);
  world.handle = async (topic, lease) => {
    await handle(topic, lease);
    const { progress } = await look();
    if (progress) shares.push(progress.samples.done / progress.samples.of);
  };
  await world.run();
  expect(shares.length).toBeGreaterThan(8);
  expect(Math.max(...shares)).toBe(1);
});

test('a clock that is behind makes no speed of it, and no number that is none', async () => {
  const { world, account, id, until } = await running();
  await until(TOPICS.probe, 3);
  const audit = await readHosted(world.context, account, id);
  const past = { ...world.context, clock: { now: () => world.hosted.clock.now() - 3_600_000 } };
  const progress = await progressOf(past, audit);
  expect(progress).toMatchObject({ facesPerSecond: null, secondsLeft: null });
  expect(JSON.stringify(progress)).not.toContain('NaN');
});
