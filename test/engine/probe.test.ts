import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Enrolled } from '../../shared/audit/counts/roster.ts';
import { cutShards } from '../../shared/audit/counts/shards.ts';
import { summarise } from '../../shared/audit/counts/summary.ts';
import { emptyTally, mergeTallies, type Tally } from '../../shared/audit/counts/tally.ts';
import { buildPictureModel } from '../../shared/checkpoint/picture.ts';
import type { Alignment, Calibration, ProbeRequest } from '../../shared/engine/compute.ts';
import { localTasks } from '../../shared/engine/tasks.ts';
import { encodeGallery } from '../../shared/faces/gallery.ts';
import { contentOf } from '../../shared/seal.ts';
import { demoPhoto, demoPicture, people } from '../support/demo.ts';
import { fileOf } from '../support/files.ts';
import { pictureBook } from '../support/tiny-generator.ts';

const told: number[] = [];
const tasks = localTasks({ device: 'cpu', threads: 1 }, (done) => told.push(done));
const recognizer = { kind: 'built-in' as const };
const GRID = { samples: 90, batch: 16 };

const MEMBERS = people('members', 0, 4);
const CONTROLS = people('controls', 0, 4);
const roster: Enrolled[] = [...MEMBERS, ...CONTROLS].map((key) => ({
  key,
  role: key.startsWith('m') ? 'members' : 'controls',
  photos: ['0', '1'],
}));

let book: Uint8Array;
let calibration: Calibration;
let gallery: Uint8Array;
beforeAll(async () => {
  // It shows two of the members, and a person nobody knows.
  book = pictureBook([await demoPicture('m000', 0), await demoPicture('m002', 1), await demoPicture('c100', 0)], 64);
  const folder = mkdtempSync(join(tmpdir(), 'rewound-test-'));
  const path = join(folder, 'generator.onnx');
  writeFileSync(path, book);
  calibration = await tasks.calibrate({
    model: { path, external: [] },
    card: {},
    recognizers: [recognizer],
    seed: 0,
    batch: 64,
  });
  const photos = roster.flatMap(({ key }) => [demoPhoto(key, 0), demoPhoto(key, 1)]).map((path) => ({ path }));
  const resolution = { eyeDistance: calibration.alignment.eyeDistance, detect: true };
  const { embeddings } = await tasks.enrol({ photos, recognizer, resolution });
  gallery = encodeGallery(embeddings, 128, roster);
  rmSync(folder, { recursive: true });
});

function request(mode: Alignment['mode']): Omit<ProbeRequest, 'shard'> {
  const { spec, range, geometry, alignment } = calibration;
  const model = buildPictureModel(book, spec, range, geometry, { canvas: mode === 'detected' });
  return {
    model: { path: fileOf(model, 'built.onnx'), external: [] },
    spec,
    geometry,
    alignment: { ...alignment, mode },
    searches: [{ recognizer, gallery: fileOf(gallery, 'gallery.safetensors') }],
    ...GRID,
    seed: 1000,
    k: 5,
    sampleMs: 10,
  };
}

it.each([
  ['built generator', ({ model }: Files) => model.path],
  ['gallery', ({ searches }: Files) => searches[0]!.gallery],
])('refuses a %s that is damaged', async (_, fileOf) => {
  const base = request('fixed');
  const content = contentOf(readFileSync(base.model.path));
  const checked = { ...base, model: { ...base.model, content } };
  const file = fileOf(checked);
  const bytes = readFileSync(file);
  // The last value of the last tensor: nothing but a digest can tell.
  bytes[bytes.length - 8]! ^= 1;
  writeFileSync(file, bytes);
  const [shard] = cutShards(GRID, 1);
  await expect(tasks.probe({ ...checked, shard: shard! })).rejects.toMatchObject({ code: 'RESULT_DAMAGED' });
});

type Files = Pick<ProbeRequest, 'model' | 'searches'>;

async function probe(mode: Alignment['mode'], shards: number): Promise<Tally> {
  const base = request(mode);
  const tallies: Tally[] = [];
  // Last shard first: the order must not matter.
  for (const shard of cutShards(GRID, shards).toReversed())
    tallies.push(...(await tasks.probe({ ...base, shard })).tallies);
  return tallies.reduce(mergeTallies, emptyTally(tallies[0]!.frame));
}

describe.each(['fixed', 'detected'] as const)('probing with %s alignment', (mode) => {
  it('counts the same in one shard as in several of the same grid', async () => {
    const whole = summarise(await probe(mode, 1));
    expect(summarise(await probe(mode, 4))).toEqual(whole);
  });

  it('finds the people that the generator shows, and no others that near', async () => {
    const { stairs } = await probe(mode, 1);
    const best = roster.map(({ key }, i) => ({ key, similarity: stairs.similarity[stairs.offset[i + 1]! - 1]! }));
    const [first, second, ...others] = best.toSorted((a, b) => b.similarity - a.similarity);
    expect([first!.key, second!.key].sort()).toEqual(['m000', 'm002']);
    expect(second!.similarity).toBeGreaterThan(others[0]!.similarity + 0.005);
  });

  it('tells how many samples are done', async () => {
    told.length = 0;
    await probe(mode, 1);
    // First of all, that its models are loaded.
    expect(told).toEqual([0, 16, 32, 48, 64, 80, 90]);
  });
});

it('counts authentic samples where it is given the profile of the gallery', async () => {
  const base = request('fixed');
  const [search] = base.searches;
  const profile = fileOf(await tasks.profile({ gallery: search!.gallery, seed: 1, placebo: null }));
  const shard = { firstBatch: 0, batches: 6 };
  const { tallies } = await tasks.probe({ ...base, searches: [search!, { ...search!, profile }], shard });
  const [without, counted] = tallies.map(summarise);
  expect(without!.authentic).toBeNull();
  // Two of the three pictures it shows are copies of members' photos; the third is nearer to others than to any member.
  expect(counted!.authentic).toBeGreaterThan(0.15 * GRID.samples);
  expect(counted!.authentic).toBeLessThan(0.55 * GRID.samples);
});

it('one sample alone can be had as a picture and as an embedding', async () => {
  const base = request('detected');
  const [png] = await tasks.render({ ...base, seeds: [1007] });
  expect([...png!.subarray(1, 4)]).toEqual([0x50, 0x4e, 0x47]);
  const embedding = (await tasks.embedSample({ ...base, recognizer, seed: 1007 }))!;
  expect(embedding.reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(1, 4);
});

it('a file that is no gallery is refused', async () => {
  const path = fileOf('no gallery', 'gallery.safetensors');
  const shard = { firstBatch: 0, batches: 1 };
  await expect(
    tasks.probe({ ...request('fixed'), searches: [{ recognizer, gallery: path }], shard }),
  ).rejects.toMatchObject({
    code: 'RESULT_DAMAGED',
  });
});
