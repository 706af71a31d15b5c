import { expect, test } from 'vitest';
import type { ProbeRequest } from '../../shared/engine/compute.ts';
import { RewoundError } from '../../shared/errors.ts';
import { keys } from '../../shared/pipeline/base/layout.ts';
import { TOPICS } from '../../shared/pipeline/base/messages.ts';
import { googleError } from '../../shared/platform/google/errors.ts';
import { putProject } from '../support/cloud/project.ts';
import {
  audited,
  audits,
  begin,
  type Outcome,
  reportOf,
  SETTINGS,
  stateOf,
  WINDOW,
} from '../support/cloud/simulated.ts';
import type { Before } from '../support/cloud/stub-compute.ts';

/* What networks and machines do to an audit: each fault in turn, and all of them at once by chance. */

const calm = await audited({});
const expected = await reportOf(calm.simulation, calm.audit);

/** One result, the same bytes, no shard lost, none counted twice, no chain branched. */
async function expectSame({ simulation, audit, sweeps }: Outcome): Promise<void> {
  expect(audit).toBe(calm.audit);
  expect(await audits(simulation)).toEqual([audit]);
  expect(await stateOf(simulation, audit)).toMatchObject({ state: 'DONE', error: null });
  expect(await reportOf(simulation, audit)).toEqual(expected);
  const { objects, records } = simulation;
  for (const [key, writes] of objects.writes) expect(`${key} ${writes}`).toBe(`${key} 1`);
  expect(await records.count(`audits/${audit}/probe-shards`)).toBe(SETTINGS.shards);
  expect(await records.count('open-audits')).toBe(0);
  expect(simulation.count(TOPICS.finished)).toBeGreaterThan(0);
  // Whoever dispatches restarts each chain once; a chain never becomes two by itself.
  const { delivered } = simulation;
  const dispatches = (delivered.get(TOPICS.plan) ?? 0) + (delivered.get(TOPICS.assemble) ?? 0) + sweeps;
  expect(simulation.count(TOPICS.probe)).toBeLessThanOrEqual(SETTINGS.shards + WINDOW * dispatches);
  expect(simulation.count(TOPICS.merge)).toBeLessThanOrEqual(1 + dispatches);
}

test('in a calm world every message is published once', async () => {
  const { simulation, audit } = calm;
  await expectSame(calm);
  const publications = (topic: string) => simulation.published.filter((one) => one.topic === topic);
  expect(publications(TOPICS.probe).map(({ message }) => message)).toEqual(
    expect.arrayContaining(
      Array.from({ length: SETTINGS.shards }, (_, shard) => expect.objectContaining({ stage: 'probe', audit, shard })),
    ),
  );
  expect(simulation.published.map(({ topic }) => topic).sort()).toEqual(
    [
      TOPICS.plan,
      ...Array(2).fill(TOPICS.enrol),
      TOPICS.assemble,
      ...Array(SETTINGS.shards).fill(TOPICS.probe),
      TOPICS.merge,
      TOPICS.conclude,
      TOPICS.notify,
      TOPICS.settle,
      TOPICS.finished,
    ].sort(),
  );
});

test('messages that come up to five times, late and in any order', async () => {
  for (let seed = 1; seed <= 60; seed++) await expectSame(await audited({ seed, copies: 5 }));
});

test('a process that dies after any call to the world', async () => {
  for (let crashAfter = 1; crashAfter <= calm.simulation.calls; crashAfter++) {
    await expectSame(await audited({ crashAfter }));
  }
});

test('processes that die again and again, with messages in any order', async () => {
  for (let seed = 1; seed <= 60; seed++) await expectSame(await audited({ seed, copies: 2, crashOneIn: 250 }));
});

test('any call that happened, though its caller was told that nobody answers', async () => {
  for (let loseAnswer = 1; loseAnswer <= calm.simulation.calls; loseAnswer++) {
    await expectSame(await audited({ loseAnswer }));
  }
});

test('any message between two steps that was lost', async () => {
  const steps: readonly string[] = [TOPICS.enrol, TOPICS.assemble, TOPICS.probe, TOPICS.merge];
  for (const [i, { topic }] of calm.simulation.published.entries()) {
    if (steps.includes(topic)) await expectSame(await audited({ loses: (_topic, n) => n === i + 1 }));
  }
});

const poisons: readonly [string, RewoundError, string][] = [
  ['makes the runtime crash', new RewoundError('ENGINE_CRASHED', 'died', { help: '', transient: true }), 'GIVEN_UP'],
  ['hangs', new RewoundError('ENGINE_TIMEOUT', 'silent', { help: '' }), 'ENGINE_TIMEOUT'],
  ['meets a defect', new RewoundError('INTERNAL', 'oops', { help: '' }), 'INTERNAL'],
];

test.each(poisons)('a shard that %s ends its audit with a reason', async (_what, error, code) => {
  for (let seed = 0; seed < 20; seed++) {
    const before: Before = async (task, request) => {
      if (task === 'probe' && (request as ProbeRequest).shard.firstBatch === 6) throw error;
    };
    const { simulation, audit } = await audited({ seed, copies: seed === 0 ? 1 : 3, before });
    expect(await stateOf(simulation, audit)).toMatchObject({ state: 'FAILED', error: { code } });
    expect(await simulation.objects.head(keys.report(audit, 'report.json'))).toBeUndefined();
    expect(simulation.count(TOPICS.finished)).toBeGreaterThan(0);
  }
});

test('photos put there again, byte for byte, while their audit is worked on', async () => {
  for (let moment = 0; moment < 400; moment += 20) {
    const simulation = await begin({ seed: moment + 1 });
    await simulation.finish(async (step) => {
      if (step === moment) await putProject(simulation.objects, SETTINGS);
    });
    expect(await audits(simulation)).toEqual([calm.audit]);
    expect(await stateOf(simulation, calm.audit)).toMatchObject({ state: 'DONE', error: null });
    expect(await reportOf(simulation, calm.audit)).toEqual(expected);
  }
});

const DAY_MS = 24 * 3600 * 1000;
const quota = googleError({ code: 8 }, 'The service');

test('a quota that is used up: what waits is done once there is some again, with the same result', async () => {
  let isOver = true;
  const outcome = await audited({
    seed: 5,
    refuses: (call) => (isOver && call >= 60 && call < 200 ? quota : undefined),
  });
  isOver = false;
  await expectSame(outcome);
});

test('a quota of one step that stays used up ends the audit with a reason', async () => {
  const before: Before = async (task) => {
    if (task === 'probe') throw quota;
  };
  const { simulation, audit } = await audited({ before });
  expect(await stateOf(simulation, audit)).toMatchObject({ state: 'FAILED', error: { code: 'GIVEN_UP' } });
});

test('a quota that lets nothing be written for more than a week: the deadline ends the audit', async () => {
  let used = false;
  const simulation = await begin({ refuses: () => (used ? quota : undefined) });
  let steps = 0;
  await simulation.run(async () => {
    used = ++steps > 100;
  });
  simulation.now += 8 * DAY_MS;
  used = false;
  await simulation.finish();
  expect(await stateOf(simulation, calm.audit)).toMatchObject({ state: 'EXPIRED', error: { code: 'EXPIRED' } });
});

test.each(['calibrate', 'enrol', 'probe'] as const)(
  'a machine without its GPU (%s) fails the audit, and says so',
  async (step) => {
    const before: Before = async (task) => {
      if (task === step) throw new RewoundError('DEVICE_UNAVAILABLE', 'There is no GPU.', { help: 'Ask for one.' });
    };
    const { simulation, audit } = await audited({ before });
    const error = { code: 'DEVICE_UNAVAILABLE', help: 'Ask for one.' };
    expect(await stateOf(simulation, audit)).toMatchObject({ state: 'FAILED', error });
  },
);
