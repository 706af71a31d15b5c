/** Measures audits of sets of pictures: against the networks' own time, and how choosing pictures grows with the set. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listArchive } from '../../shared/collection/archive.ts';
import { embedPhotos } from '../../shared/engine/enrol.ts';
import { readBatches } from '../../shared/engine/photo-files.ts';
import { FaceLocator } from '../../shared/faces/locate.ts';
import { openBuiltInRecognizer } from '../../shared/faces/recognizer.ts';
import { Runtime } from '../../shared/onnx/runtime.ts';
import { choosePictures, type SetPicture } from '../../shared/pipeline/planning/picture-set.ts';
import { zipOf } from '../../test/support/collection/archives.ts';
import { DEMO } from '../../test/support/demo.ts';
import type { Benchmark, Row } from './benchmark.ts';
import { interleave, timed } from './interleave.ts';

/** Pictures embedded in one batch of the grid. */
const BATCH = 64;
const SIZE = { eyeDistance: 16, detect: false, slack: 2 };

export const pictures: Benchmark = {
  name: 'pictures',
  async run({ quick, folder }) {
    return [await embedding(join(folder, 'set'), quick ? 128 : 640), await choosing(quick ? 25_000 : 250_000)];
  },
};

async function embedding(folder: string, count: number): Promise<Row> {
  const controls = join(DEMO, 'controls');
  const photos = readdirSync(controls).flatMap((person) =>
    readdirSync(join(controls, person)).map((file) => join(controls, person, file)),
  );
  const files = Array.from({ length: count }, (_, i) => ({
    name: `${i}.jpg`,
    bytes: readFileSync(photos[i % photos.length]!),
  }));
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'set.zip');
  writeFileSync(path, zipOf(files));
  const runtime = new Runtime({ device: 'cpu', threads: 1 });
  const chain = { locator: await FaceLocator.open(runtime), recognizers: [await openBuiltInRecognizer(runtime)] };
  const { entries } = await listArchive(path);
  const embed = async () => {
    for await (const read of readBatches(
      entries.map(({ at }) => ({ path, at })),
      BATCH,
    ))
      await embedPhotos(read, SIZE, chain);
  };
  await embed();
  runtime.times.clear();
  const { all } = await interleave(2, { all: () => timed(embed) });
  const networks = [...runtime.times.values()].reduce((sum, ms) => sum + ms, 0);
  const whole = all.reduce((sum, ms) => sum + ms, 0);
  return {
    name: 'pictures, embedding',
    what: `time to read, locate and embed pictures of a zip / the networks' own time; ${count} of 64 pixels`,
    ratio: whole / networks,
    target: { most: 1.5 },
    parts: { wholeMs: whole, networksMs: networks, picturesPerSecond: (all.length * count) / (whole / 1000) },
  };
}

async function choosing(count: number): Promise<Row> {
  const setOf = (length: number) =>
    Array.from(
      { length },
      (_, i): SetPicture => ({ name: `${i}.jpg`, key: 'set.zip', generation: '1', md5: `${i}`, folder: '' }),
    );
  const [few, many] = [setOf(count), setOf(4 * count)];
  const choose = (set: readonly SetPicture[]) =>
    timed(async () => {
      choosePictures(set, { samples: undefined, seed: 0 });
    });
  const times = await interleave(3, { few: () => choose(few), many: () => choose(many) });
  const [one, four] = [Math.min(...times.few), Math.min(...times.many)];
  return {
    name: 'pictures, choosing',
    what: `time to choose from ${4 * count} pictures / 4 times that of ${count}`,
    ratio: four / (4 * one),
    target: { most: 1.5 },
    parts: { fewMs: one, manyMs: four, perPictureUs: (1000 * four) / (4 * count) },
  };
}
