import { expect, test } from 'vitest';
import { RewoundError } from '../../shared/errors.ts';
import { TOPICS } from '../../shared/pipeline/base/messages.ts';
import { CHECKPOINT, MEMBERS, PROJECT, putCheckpoint, putProject } from '../support/cloud/project.ts';
import { audited, audits, begin, reportOf, SETTINGS, stateOf } from '../support/cloud/simulated.ts';
import { type Faults, Simulation } from '../support/cloud/simulation.ts';
import type { Before } from '../support/cloud/stub-compute.ts';

/* What owners do to a project while it is audited, and when its audit has failed. */

const calm = await audited({});
const expected = await reportOf(calm.simulation, calm.audit);

/** Steps after which something else happens in the project: from before the first to after the last. */
const MOMENTS = Array.from({ length: 40 }, (_, i) => i * 16);

async function disturbed(moment: number, faults: Faults, act: (simulation: Simulation) => Promise<void>) {
  const simulation = await begin(faults);
  await simulation.finish(async (step) => {
    if (step === moment) await act(simulation);
  });
  return simulation;
}

test('the same checkpoint uploaded again, at any time, is the same audit', async () => {
  for (const moment of MOMENTS) {
    const simulation = await disturbed(moment, { seed: moment }, async ({ objects, outside }) =>
      outside.publish(TOPICS.plan, await putCheckpoint(objects)),
    );
    expect([moment, await audits(simulation)]).toEqual([moment, [calm.audit]]);
    expect([moment, await stateOf(simulation, calm.audit)]).toMatchObject([moment, { state: 'DONE' }]);
    expect(await reportOf(simulation, calm.audit)).toEqual(expected);
  }
});

test('another checkpoint uploaded during an audit is an audit of its own', async () => {
  const other = `${PROJECT}/checkpoints/other.onnx`;
  const results = new Set<string>();
  for (const moment of MOMENTS) {
    const simulation = await disturbed(moment, { seed: moment, copies: 2 }, async ({ objects, outside }) =>
      outside.publish(TOPICS.plan, await putCheckpoint(objects, other, 'other weights')),
    );
    const found = await audits(simulation);
    if (found.length === 1) continue;
    expect(found).toHaveLength(2);
    for (const audit of found) expect(await stateOf(simulation, audit)).toMatchObject({ state: 'DONE' });
    expect(await reportOf(simulation, calm.audit)).toEqual(expected);
    results.add((await reportOf(simulation, found.find((audit) => audit !== calm.audit)!)).join());
  }
  expect(results.size).toBe(1);
});

test('a checkpoint replaced by another under the same name: the new one is audited, the old one ends', async () => {
  for (const moment of MOMENTS) {
    const simulation = await disturbed(moment, { seed: moment }, async ({ objects, outside }) =>
      outside.publish(TOPICS.plan, await putCheckpoint(objects, CHECKPOINT, 'other weights')),
    );
    const states = [];
    for (const audit of await audits(simulation)) states.push((await stateOf(simulation, audit))?.state);
    expect([moment, states]).toEqual([moment, expect.arrayContaining(['DONE'])]);
    for (const state of states) expect(['DONE', 'CANCELLED']).toContain(state);
  }
});

test('members deleted during an audit: the result as planned, or an end with a reason', async () => {
  const ends = new Set<string>();
  for (const moment of MOMENTS) {
    const simulation = await disturbed(moment, { seed: moment }, async ({ objects }) => {
      for (let i = 0; i < MEMBERS; i++) await objects.delete(`${PROJECT}/members/m${i}/a.png`);
    });
    for (const audit of await audits(simulation)) {
      const record = await stateOf(simulation, audit);
      ends.add(`${record?.state} ${record?.error?.code ?? ''}`);
      if (audit === calm.audit && record?.state === 'DONE') {
        expect((await reportOf(simulation, audit))[0]).toBe(expected[0]);
      }
    }
  }
  expect([...ends].sort()).toEqual(['DONE ', 'REJECTED NOT_FOUND']);
});

test('photos changed before the audit was planned: the old audit ends, the new one takes its place', async () => {
  const ends = new Set<string>();
  for (let crashAfter = 1; crashAfter <= calm.simulation.calls; crashAfter++) {
    const simulation = await begin({ crashAfter });
    const { objects } = simulation;
    let planned = false;
    await simulation.finish(async () => {
      // The moment the first process is gone: its message comes again to a project that has changed.
      if (simulation.calls < crashAfter || planned) return;
      planned = true;
      await objects.put(`${PROJECT}/members/m9/a.png`, new TextEncoder().encode('somebody else'));
    });
    const states = [];
    for (const audit of await audits(simulation)) states.push((await stateOf(simulation, audit))?.state);
    ends.add(states.sort().join());
  }
  expect([...ends].sort()).toEqual(['CANCELLED,DONE', 'DONE', 'DONE,DONE']);
});

test('an audit that failed is tried again when its checkpoint is put there again', async () => {
  let broken = true;
  const before: Before = async (task) => {
    if (broken && task === 'probe') throw new RewoundError('ENGINE_MEMORY', 'too much', { help: '' });
  };
  const { simulation, audit } = await audited({ before });
  expect(await stateOf(simulation, audit)).toMatchObject({ state: 'FAILED' });
  broken = false;
  simulation.outside.publish(TOPICS.plan, await putCheckpoint(simulation.objects));
  await simulation.finish();
  expect(await stateOf(simulation, audit)).toMatchObject({ state: 'DONE', error: null });
  expect(await reportOf(simulation, audit)).toEqual(expected);
});

test('an audit that does not end within a week expires, and can be tried again', async () => {
  let lost = true;
  const simulation = await begin({ loses: (topic) => lost && topic === TOPICS.probe });
  await simulation.run();
  simulation.now += 8 * 24 * 3600 * 1000;
  await simulation.finish();
  expect(await stateOf(simulation, calm.audit)).toMatchObject({ state: 'EXPIRED', error: { code: 'EXPIRED' } });
  lost = false;
  simulation.outside.publish(TOPICS.plan, await putCheckpoint(simulation.objects));
  await simulation.finish();
  expect(await stateOf(simulation, calm.audit)).toMatchObject({ state: 'DONE', error: null });
});

test('a project without usable photos is refused in writing', async () => {
  const simulation = new Simulation();
  await simulation.objects.put(`${PROJECT}/members/readme.txt`, new Uint8Array());
  simulation.outside.publish(TOPICS.plan, await putCheckpoint(simulation.objects));
  await simulation.finish();
  const [audit] = await audits(simulation);
  expect(await stateOf(simulation, audit!)).toMatchObject({ state: 'REJECTED', error: { code: 'GALLERY_EMPTY' } });
});

test('photos of which some were embedded before: the chain goes around them', async () => {
  const PHOTOS_PER_SHARD = 256;
  const simulation = new Simulation({ window: 1 });
  const { objects, outside } = simulation;
  const photo = (i: number, text: string) =>
    objects.put(`${PROJECT}/members/m${i % 4}/${String(i).padStart(4, '0')}.png`, new TextEncoder().encode(text));
  await putProject(objects, SETTINGS);
  for (let i = 0; i < 5 * PHOTOS_PER_SHARD; i++) await photo(i, `photo ${i}`);
  outside.publish(TOPICS.plan, await putCheckpoint(objects));
  expect(await simulation.finish()).toBe(0);
  const before = simulation.count(TOPICS.enrol);
  // Two of the members' runs change; those between and after them are there already.
  await photo(4, 'another');
  await photo(1, 'yet another');
  outside.publish(TOPICS.plan, await putCheckpoint(objects, `${PROJECT}/checkpoints/h.onnx`));
  expect(await simulation.finish()).toBe(0);
  expect(simulation.count(TOPICS.enrol) - before).toBe(2);
});
