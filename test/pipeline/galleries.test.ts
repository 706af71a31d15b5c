import { describe, expect, it } from 'vitest';
import { encodeLabels } from '../../shared/faces/labels.ts';
import { encodeNpy } from '../../shared/faces/npy.ts';
import { LEAK, open } from '../support/audited.ts';
import { LENGTH, photoOf, stubCompute } from '../support/stub-compute.ts';
import { tempDir } from '../support/temp.ts';
import { makeProject, names, put, type World } from '../support/world.ts';

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

  it('may lie flat in their folder: the recognizer then groups them into people', async () => {
    const folder = tempDir();
    makeProject(folder, { shows: names('m', 8), members: [], photos: 1 });
    for (const name of names('m', 12)) for (const i of [0, 1]) put(folder, `members/${name}${i}.jpg`, photoOf(name, i));
    const world = open(folder);
    await world.land();
    await world.run();
    const { members } = await world.report();
    expect(members).toMatchObject({ photos: 24, understood: { way: 'nothing', because: 'flat', unlabelled: 24 } });
    expect(members.grouped).toMatchObject({ photos: 24 });
    expect(members.grouped!.people - members.grouped!.alike).toBe(members.identities + members.overlapping);
    // The names are those of first photos, and nobody is there twice.
    expect(members.identities).toBeGreaterThanOrEqual(10);
    expect(members.identities).toBeLessThanOrEqual(12);
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
    const made = await stubCompute().enrol({
      photos: photos.map((path) => ({ path })),
      recognizer: { kind: 'built-in' },
      resolution: null,
    });
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
