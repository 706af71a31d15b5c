import { expect, test } from 'vitest';
import { TOPICS } from '../../shared/pipeline/base/messages.ts';
import { CHECKPOINT, putCheckpoint, putProject } from '../support/cloud/project.ts';
import { audited, audits, begin, reportOf, SETTINGS, stateOf } from '../support/cloud/simulated.ts';
import type { Simulation } from '../support/cloud/simulation.ts';
import type { Before } from '../support/cloud/stub-compute.ts';

/* Objects that somebody, or a rule of the bucket, deletes in the middle of an audit. */

const calm = await audited({});
const expected = await reportOf(calm.simulation, calm.audit);

/** Steps after which something is deleted: from before the first to after the last. */
const MOMENTS = Array.from({ length: 56 }, (_, i) => i * 12);

async function deleteAll({ objects }: Simulation, isGone: RegExp): Promise<void> {
  for await (const { key } of objects.list('')) if (isGone.test(key)) await objects.delete(key);
}

/** Deletes what matches at each moment; returns how the audits ended, each checked against the calm one. */
async function ends(isGone: RegExp): Promise<Map<string, Simulation>> {
  const found = new Map<string, Simulation>();
  for (const moment of MOMENTS) {
    const simulation = await begin({ seed: moment + 1 });
    await simulation.finish(async (step) => {
      if (step === moment) await deleteAll(simulation, isGone);
    });
    for (const audit of await audits(simulation)) {
      const record = await stateOf(simulation, audit);
      found.set(`${record?.state} ${record?.error?.code ?? ''}`.trim(), simulation);
      if (record?.state !== 'DONE') expect(record?.error?.help).toMatch(/\.$/);
      else if (audit === calm.audit) expect((await reportOf(simulation, audit))[0]).toBe(expected[0]);
    }
  }
  return found;
}

test.each([
  ['the plan', /\/plan\.json$/],
  ['the built generator', /^work\/\w+\/generator\//],
  ['the gallery', /^work\/\w+\/gallery/],
  ['the roster', /\/roster\.json$/],
  ['results of shards', /^work\/\w+\/probe\//],
  ['embedded photos', /^gallery\//],
  ['all its work', /^(work|gallery)\//],
])(
  '%s: a result as if nothing had happened, or an end that says so, and the next upload starts over',
  async (_, what) => {
    const found = await ends(what);
    expect([...found.keys()].filter((end) => end !== 'DONE')).toEqual(
      found.size === 1 ? [] : ['FAILED RESULT_INCOMPLETE'],
    );
    const failed = found.get('FAILED RESULT_INCOMPLETE');
    if (!failed) return;
    failed.outside.publish(TOPICS.plan, await putCheckpoint(failed.objects));
    await failed.finish();
    expect(await stateOf(failed, calm.audit)).toMatchObject({ state: 'DONE', error: null });
    expect(await reportOf(failed, calm.audit)).toEqual(expected);
  },
);

test('photos: the owner is told, and the next upload audits those that are left', async () => {
  const found = await ends(/\/controls\//);
  expect([...found.keys()].sort()).toEqual(['DONE', 'REJECTED NOT_FOUND']);
  const rejected = found.get('REJECTED NOT_FOUND')!;
  await putProject(rejected.objects, SETTINGS);
  rejected.outside.publish(TOPICS.plan, await putCheckpoint(rejected.objects));
  await rejected.finish();
  const states = [];
  for (const audit of await audits(rejected)) states.push((await stateOf(rejected, audit))?.state);
  expect(states).toContain('DONE');
});

test('the checkpoint: its audit goes on, or says that there is nothing to read', async () => {
  const found = await ends(new RegExp(CHECKPOINT));
  expect([...found.keys()].sort()).toEqual(['CANCELLED CANCELLED', 'DONE']);
});

test('a plan that went with its time: a failed audit is planned anew, and no shard of the old plan counts', async () => {
  let [broken, probes] = [true, 0];
  const before: Before = async (task) => {
    if (broken && task === 'probe' && ++probes > 3) throw new Error('a defect');
  };
  const { simulation, audit } = await audited({ before });
  expect(await simulation.records.count(`audits/${audit}/probe-shards`)).toBeGreaterThan(0);
  expect(await stateOf(simulation, audit)).toMatchObject({ state: 'FAILED' });
  broken = false;
  await deleteAll(simulation, /^work\//);
  await putProject(simulation.objects, { ...SETTINGS, shards: 3 });
  simulation.outside.publish(TOPICS.plan, await putCheckpoint(simulation.objects));
  await simulation.finish();
  expect(await stateOf(simulation, audit)).toMatchObject({ state: 'DONE', error: null });
  expect(await simulation.records.count(`audits/${audit}/probe-shards`)).toBe(3);
});
