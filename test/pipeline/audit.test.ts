import { describe, expect, it, onTestFinished } from 'vitest';
import type { Compute } from '../../shared/engine/compute.ts';
import { type ErrorCode, RewoundError } from '../../shared/errors.ts';
import { encodeLabels } from '../../shared/faces/labels.ts';
import { encodeNpy } from '../../shared/faces/npy.ts';
import { LENGTH, photoOf, stubCompute } from '../support/stub-compute.ts';
import { tempDir } from '../support/temp.ts';
import { makeProject, names, type ProjectOptions, put, World, type WorldOptions } from '../support/world.ts';

const LEAK: ProjectOptions = { shows: names('m', 8) };

function open(folder: string, options: Partial<WorldOptions> = {}): World {
  const world = new World({ folder, ...options });
  onTestFinished(() => world.close());
  return world;
}

/** A world with a project in it whose checkpoint has just landed. */
async function landed(project: ProjectOptions, options: Partial<WorldOptions> = {}): Promise<World> {
  const folder = tempDir();
  makeProject(folder, project);
  const world = open(folder, options);
  await world.land();
  return world;
}

async function audited(project: ProjectOptions, options: Partial<WorldOptions> = {}): Promise<World> {
  const world = await landed(project, options);
  await world.run();
  return world;
}

describe('a whole audit', () => {
  it('finds the people that a generator gives away', async () => {
    const report = await (await audited(LEAK)).report();
    expect(report.verdict).toBe('LEAKAGE');
    const revealed = report.matches.filter((match) => match.revealed && match.role === 'members');
    expect(new Set(revealed.map(({ identity }) => identity))).toEqual(new Set(LEAK.shows));
  });

  it('with members and controls swapped, finds nobody of the new members', async () => {
    const swapped = { shows: LEAK.shows, members: names('c', 12), controls: [...names('m', 12), ...names('x', 12)] };
    expect((await (await audited(swapped)).report()).verdict).toBe('NOT_DETECTED');
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
    expect(world.compute.calls.probe).toBe(10);
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

describe('photos', () => {
  it('are embedded once, and used by the audits of other checkpoints of the project', async () => {
    const folder = tempDir();
    makeProject(folder, LEAK);
    const world = open(folder);
    await world.land();
    await world.run();
    const { enrol } = world.compute.calls;
    expect(enrol).toBe(2);
    put(folder, 'checkpoints/generator.onnx', 'shows nobody else');
    await world.land();
    await world.run();
    expect((await world.audit()).state).toBe('DONE');
    expect(world.compute.calls).toMatchObject({ enrol, calibrate: 2 });
  });

  it('that stand on both sides take their people out of both, and that is counted', async () => {
    const folder = tempDir();
    makeProject(folder, { shows: [], controls: names('c', 25) });
    put(folder, 'controls/c10/again.jpg', photoOf('m12', 1));
    const world = open(folder);
    await world.land();
    await world.run();
    const { members, controls, matches } = await world.report();
    expect(members).toMatchObject({ identities: 11, overlapping: 1 });
    expect(controls).toMatchObject({ identities: 24, overlapping: 1 });
    expect(matches.some(({ identity }) => identity === 'm12' || identity === 'c10')).toBe(false);
  });

  it('without a face, or that cannot be read, are counted', async () => {
    const folder = tempDir();
    makeProject(folder, LEAK);
    put(folder, 'members/m10/2.jpg', 'nobody 1');
    put(folder, 'members/m11/2.jpg', 'broken 1');
    put(folder, 'members/m11/3.jpg', 'broken 2');
    const world = open(folder);
    await world.land();
    await world.run();
    expect((await world.report()).members).toMatchObject({ photos: 27, undetected: 1, unreadable: 2, identities: 12 });
  });

  it('that are mostly of no use reject the audit', async () => {
    const folder = tempDir();
    makeProject(folder, { ...LEAK, photos: 1 });
    for (const name of names('m', 12)) {
      put(folder, `members/${name}/1.jpg`, `nobody ${name}`);
      put(folder, `members/${name}/2.jpg`, `broken ${name}`);
    }
    const world = open(folder);
    await world.land();
    await world.run();
    expect(await world.audit()).toMatchObject({ state: 'REJECTED', error: { code: 'GALLERY_UNREADABLE' } });
  });

  it('may lie flat in their folder, each a person', async () => {
    const folder = tempDir();
    makeProject(folder, { shows: names('m', 8), members: [], photos: 1 });
    for (const name of names('m', 12)) put(folder, `members/${name}.jpg`, photoOf(name, 0));
    const world = open(folder);
    await world.land();
    await world.run();
    expect((await world.report()).members).toMatchObject({ identities: 12, photos: 12 });
  });
});

describe('embeddings made elsewhere', () => {
  async function withEmbeddings(change: (csv: string) => string = (csv) => csv, columns = LENGTH): Promise<World> {
    const folder = tempDir();
    makeProject(folder, { ...LEAK, members: [] });
    const labels = names('m', 12).flatMap((identity) => [0, 1].map((photo) => ({ identity, photo: `${photo}.jpg` })));
    const photos = labels.map(({ identity, photo }) => {
      const path = `elsewhere/${identity}/${photo}`;
      put(folder, path, photoOf(identity, photo));
      return `${folder}/drop/tenant/project/${path}`;
    });
    const made = await stubCompute().enrol({ photos, recognizer: { kind: 'built-in' }, resolution: null });
    const data = made.embeddings.subarray(0, labels.length * columns);
    put(folder, 'members/embeddings.npy', encodeNpy({ rows: labels.length, columns, data }));
    put(folder, 'members/labels.csv', change(encodeLabels(labels)));
    const world = open(folder);
    await world.land();
    await world.run();
    return world;
  }

  it('find the same people, without a photo being read', async () => {
    const world = await withEmbeddings();
    const { verdict, members, matches } = await world.report();
    expect(verdict).toBe('LEAKAGE');
    expect(members).toMatchObject({ identities: 12, photos: 24 });
    expect(matches[0]).toMatchObject({ role: 'members', photo: expect.stringMatching(/^[01]\.jpg$/) });
    expect(world.compute.calls.enrol).toBe(1);
  });

  it.each<[string, (csv: string) => string, number]>([
    ['too few labels', (csv) => csv.split('\n').slice(0, 8).join('\n'), LENGTH],
    ['no identities', (csv) => csv.replace('identity', 'name'), LENGTH],
    ['another length', (csv) => csv, LENGTH / 2],
  ])('with %s reject the audit', async (_, change, columns) => {
    const world = await withEmbeddings(change, columns);
    expect(await world.audit()).toMatchObject({ state: 'REJECTED', error: { code: 'GALLERY_MISMATCH' } });
  });
});

const failing = (code: ErrorCode, transient: boolean, times = Number.POSITIVE_INFINITY) => {
  let left = times;
  return <T>(then: () => Promise<T>) =>
    async (): Promise<T> => {
      if (left-- > 0) throw new RewoundError(code, 'It does not work.', { help: 'Help it.', transient });
      return then();
    };
};

describe('what goes wrong', () => {
  it.each<[string, ProjectOptions, ErrorCode]>([
    ['too few controls', { ...LEAK, controls: names('c', 19) }, 'GALLERY_TOO_SMALL'],
    ['a single member', { ...LEAK, members: ['m10'] }, 'GALLERY_TOO_SMALL'],
    ['no members', { ...LEAK, members: [] }, 'NOT_FOUND'],
    ['settings that are none', { ...LEAK, settings: { samples: -1 } }, 'CARD_INVALID'],
    ['a recognizer that is not there', { ...LEAK, settings: { recognizer: 'r/card.json' } }, 'NOT_FOUND'],
    ['a recognizer outside the project', { ...LEAK, settings: { recognizer: '../x.json' } }, 'CHECKPOINT_UNSAFE'],
  ])('in the input, rejects the audit with the reason: %s', async (_, project, code) => {
    const world = await audited(project);
    const { id, ...record } = await world.audit();
    expect(record).toMatchObject({ state: 'REJECTED', error: { code, help: expect.stringMatching(/\.$/) } });
    expect(world.messages('finished')).toEqual([expect.objectContaining({ audit: id, state: 'REJECTED' })]);
    expect(world.compute.calls.probe).toBe(0);
  });

  it('in the photos of a folder that holds none, rejects the audit', async () => {
    const folder = tempDir();
    makeProject(folder, { ...LEAK, members: [] });
    put(folder, 'members/notes.txt', 'photos to come');
    const world = open(folder);
    await world.land();
    await world.run();
    const states: unknown[] = [];
    for await (const { fields } of world.context.records.list('audits')) states.push(fields);
    expect(states).toEqual([
      expect.objectContaining({ state: 'REJECTED', error: expect.objectContaining({ code: 'GALLERY_EMPTY' }) }),
    ]);
  });

  const steps = ['inspect', 'calibrate', 'enrol', 'probe', 'render'] as const;

  it.each(steps)('for good while the engine works (%s), ends the audit at once', async (task) => {
    const fail = failing('CHECKPOINT_UNSUPPORTED', false);
    const world = await audited(LEAK, { compute: stubCompute({ [task]: fail(async () => undefined) }) });
    expect(await world.audit()).toMatchObject({ state: 'REJECTED', error: { code: 'CHECKPOINT_UNSUPPORTED' } });
    expect(world.messages('finished')).toHaveLength(1);
  });

  it.each(steps)('for a moment (%s), is tried again and changes nothing', async (task) => {
    const good = await audited(LEAK);
    const whole = stubCompute();
    const fail = failing('ENGINE_CRASHED', true, 2);
    const bad = fail(async () => undefined);
    let calls = 0;
    const compute = stubCompute({
      [task]: async (request: never) => {
        calls += 1;
        if (calls <= 2) return bad();
        return (whole[task] as (request: never) => Promise<unknown>)(request);
      },
    });
    const world = await audited(LEAK, { compute });
    expect(await world.report()).toEqual(await good.report());
  });

  it.each(steps.slice(1))('again and again (%s), fails the audit with the reason', async (task) => {
    const fail = failing('ENGINE_CRASHED', true);
    const world = await audited(LEAK, { compute: stubCompute({ [task]: fail(async () => undefined) }) });
    expect(await world.audit()).toMatchObject({ state: 'FAILED', error: { code: 'ENGINE_CRASHED' } });
    expect(world.compute.calls[task]).toBe(3);
    expect(world.messages('finished')).toHaveLength(1);
  });

  it.each<[ErrorCode, string]>([
    ['ENGINE_MEMORY', 'FAILED'],
    ['ENGINE_TIMEOUT', 'FAILED'],
    ['DEVICE_UNAVAILABLE', 'FAILED'],
    ['GENERATOR_OUTPUT', 'REJECTED'],
  ])('is ours or theirs: %s is %s', async (code, state) => {
    const fail = failing(code, false);
    const compute = stubCompute({ probe: fail<Awaited<ReturnType<Compute['probe']>>>(() => Promise.reject()) });
    expect(await (await audited(LEAK, { compute })).audit()).toMatchObject({ state, error: { code } });
  });

  it('in the settings is said before any work: the seeds of the samples must fit', async () => {
    const world = await audited({ ...LEAK, settings: { seed: 2 ** 32 - 399 } });
    const error = { code: 'CARD_INVALID', message: expect.stringContaining('the seed is too large') };
    expect(await world.audit()).toMatchObject({ state: 'REJECTED', error });
    expect(world.compute.calls.calibrate).toBe(0);
  });

  it('in a message, is dropped: nothing is repeated', async () => {
    const world = await landed(LEAK);
    await world.context.events.publish('probe', { version: 2, audit: 'x', shard: 'first' });
    await world.context.events.publish('plan', 'no object');
    await world.run();
    expect((await world.report()).verdict).toBe('LEAKAGE');
  });
});

describe('what lands besides checkpoints', () => {
  it.each(['checkpoints/generator.onnx.card.json', 'checkpoints/weights.data', 'members/m10/0.jpg', 'project.json'])(
    '%s starts nothing',
    async (path) => {
      const folder = tempDir();
      makeProject(folder, LEAK);
      put(folder, path, '{}');
      const world = open(folder);
      const info = await world.context.objects.head(`drop/tenant/project/${path}`);
      await world.context.events.publish('plan', { version: 1, key: info!.key, generation: info!.generation });
      await world.run();
      expect(await world.context.records.count('audits')).toBe(0);
    },
  );

  it('a checkpoint that was replaced meanwhile starts only what replaced it', async () => {
    const world = await landed(LEAK);
    await world.context.objects.put('drop/tenant/project/checkpoints/generator.onnx', Buffer.from('shows m15'));
    await world.run();
    expect(await world.context.records.count('audits')).toBe(0);
    await world.land();
    await world.run();
    expect((await world.audit()).state).toBe('DONE');
  });
});
