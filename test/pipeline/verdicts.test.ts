import { describe, expect, it } from 'vitest';
import { audited, LEAK, landed } from '../support/audited.ts';
import { names, type World } from '../support/world.ts';

describe('a whole audit', () => {
  it('finds the people that a generator gives away', async () => {
    const report = await (await audited(LEAK)).report();
    expect(report.verdict).toBe('LEAKAGE');
    const revealed = report.matches.filter((match) => match.revealed && match.role === 'members');
    expect(new Set(revealed.map(({ identity }) => identity))).toEqual(new Set(LEAK.shows));
  });

  it('with members and controls swapped, finds nobody of the new members', async () => {
    const swapped = { shows: LEAK.shows, members: names('c', 12), controls: [...names('m', 12), ...names('x', 12)] };
    const report = await (await audited(swapped)).report();
    expect(report.verdict).toBe('INVALID');
    expect(report.reasons.join(' ')).toMatch(/the sides look swapped, or the controls were trained on/);
    expect(report.matches.filter(({ role, revealed }) => revealed && role === 'members')).toEqual([]);
  });

  it('of a generator that knows nobody, detects nothing', async () => {
    expect((await (await audited({ shows: [] })).report()).verdict).toBe('NOT_DETECTED');
  });

  it('without controls, makes no claim', async () => {
    const report = await (await audited({ ...LEAK, controls: [] })).report();
    expect(report).toMatchObject({ verdict: 'RESEMBLANCE_ONLY', controls: null, delta: null, threshold: null });
  });

  it('says that it has ended', async () => {
    const world = await audited(LEAK);
    const { id } = await world.audit();
    expect(world.messages('finished')).toEqual([expect.objectContaining({ version: 1, audit: id, state: 'DONE' })]);
  });

  it('keeps embeddings, pictures and names out of its messages and records', async () => {
    const world = await audited(LEAK);
    const { records } = world.context;
    const written = [JSON.stringify(world.published)];
    for (const collection of ['audits', 'uploads', 'open-audits']) {
      for await (const { fields } of records.list(collection)) written.push(JSON.stringify(fields));
    }
    expect(written.join()).not.toMatch(/m1[0-9]|c1[0-9]|jpg/);
  });
});

describe('the report is the same', () => {
  const withoutShards = async (world: World) => {
    const report = await world.report();
    return { ...report, audit: { ...report.audit, shards: 0 } };
  };

  it('in one shard and in sixteen', async () => {
    const one = await audited({ ...LEAK, settings: { shards: 1 } });
    const sixteen = await audited({ ...LEAK, settings: { shards: 16 } });
    expect((await sixteen.report()).audit.shards).toBe(16);
    expect(await withoutShards(sixteen)).toEqual(await withoutShards(one));
  });

  it.each([1, 2, 3])('when every message comes twice and in disorder (%d)', async (seed) => {
    const project = { ...LEAK, settings: { shards: 9 } };
    const once = await audited(project, { window: 3 });
    const disorder = await landed(project, { window: 3 });
    await disorder.runInDisorder(seed);
    expect(await disorder.report()).toEqual(await once.report());
  });

  it('when the same checkpoint lands again', async () => {
    const world = await audited(LEAK);
    const before = await world.report();
    const probes = world.compute.calls.probe;
    await world.land();
    await world.run();
    expect(await world.report()).toEqual(before);
    expect(world.compute.calls.probe).toBe(probes);
  });
});

describe('shards', () => {
  it('are worked on once each, and no more than the window at the same time', async () => {
    const world = await audited({ ...LEAK, settings: { shards: 10 } }, { window: 3 });
    const shards = world.messages('probe').map((message) => (message as { shard: number }).shard);
    expect(shards.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 10 }, (_, i) => i));
    expect(shards.slice(0, 3)).toEqual([0, 1, 2]);
    // Fresh samples confirm who was named, with shards of their own.
    expect(world.compute.calls.probe).toBe(10 + world.messages('confirm').length);
  });

  it.each([1, 2])('do not branch into more, however messages are repeated (%d)', async (seed) => {
    const window = 3;
    const world = await landed({ ...LEAK, settings: { shards: 12 } }, { window });
    await world.runInDisorder(seed);
    // Each plan and assemble message, delivered twice, may start the chains; a shard starts at most one other.
    const starts = 2 * window * (world.messages('assemble').length + world.messages('plan').length);
    expect(world.messages('probe').length).toBeLessThanOrEqual(12 + starts);
    expect(world.messages('merge').length).toBeLessThanOrEqual(1 + starts);
  });
});
