/** Measures reading pictures from archives against reading them from a folder, and grouping photos against its arithmetic. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RandomState } from '../../shared/audit/numbers/random.ts';
import { listArchive, readPictures } from '../../shared/collection/archive.ts';
import { linkRows } from '../../shared/engine/link.ts';
import { Similarity } from '../../shared/faces/similarity.ts';
import { Runtime } from '../../shared/onnx/runtime.ts';
import { parquetOf, pictureOf, tarGzOf, tarOf, zipOf } from '../../test/support/collection/archives.ts';
import type { Benchmark, Row } from './benchmark.ts';
import { interleave, timed } from './interleave.ts';

/** Bytes of a picture: a face of 112 pixels as a JPEG of high quality. */
const BYTES = 8000;
/** Photos that the engine reads at the same time. */
const TOGETHER = 32;
const LENGTH = 512;
const BLOCK = 1024;

export const collection: Benchmark = {
  name: 'collection',
  async run({ quick, folder }) {
    return [
      ...(await reading(join(folder, 'collection'), quick ? 2000 : 20_000)),
      await grouping(quick ? 4096 : 16_384),
    ];
  },
};

async function reading(folder: string, count: number): Promise<Row[]> {
  const files = Array.from({ length: count }, (_, i) => ({
    name: `p${Math.floor(i / 10)}/${i}.jpg`,
    bytes: pictureOf(String(i), BYTES),
    label: Math.floor(i / 10),
  }));
  mkdirSync(folder, { recursive: true });
  for (const { name, bytes } of files) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
  const archives = { zip: zipOf(files), tar: tarOf(files), 'tar.gz': tarGzOf(files), parquet: parquetOf(files) };
  const paths = Object.entries(archives).map(([name, bytes]) => {
    const path = join(folder, `all.${name}`);
    writeFileSync(path, bytes);
    return [name, path] as const;
  });
  const fromFolder = () =>
    timed(async () => {
      for (let i = 0; i < count; i += TOGETHER) {
        await Promise.all(files.slice(i, i + TOGETHER).map(({ name }) => readFile(join(folder, name))));
      }
    });
  const fromArchive = (path: string) =>
    timed(async () => {
      const { entries } = await listArchive(path);
      let read = 0;
      for await (const bytes of readPictures(
        path,
        entries.map(({ at }) => at),
      ))
        read += bytes.length;
      if (read !== count * BYTES) throw new Error(`${path} gave ${read} bytes.`);
    });
  const things = {
    folder: fromFolder,
    ...Object.fromEntries(paths.map(([name, path]) => [name, () => fromArchive(path)])),
  };
  const times: Readonly<Record<string, readonly number[]>> = await interleave(3, things);
  const least = (name: string) => Math.min(...times[name]!);
  return paths.map(([name]) => ({
    name: `collection, pictures of ${name}`,
    what: `time to list and read all pictures / to read them from a folder; ${count} of ${BYTES} bytes`,
    ratio: least(name) / least('folder'),
    target: { most: name === 'tar.gz' ? 3 : 1 },
    parts: { folderMs: least('folder'), archiveMs: least(name), picturesPerSecond: count / (least(name) / 1000) },
  }));
}

async function grouping(count: number): Promise<Row> {
  const rows = new Float32Array(count * LENGTH);
  new RandomState(1).randn(rows);
  for (let i = 0; i < count; i++) {
    const row = rows.subarray(i * LENGTH, (i + 1) * LENGTH);
    const norm = Math.hypot(...row);
    for (let k = 0; k < LENGTH; k++) row[k]! /= norm;
  }
  const isMember = Uint8Array.from({ length: count }, (_, i) => i % 2);
  const similarity = await Similarity.open(new Runtime({ device: 'cpu', threads: 1 }), LENGTH);
  const block = (i: number) => rows.subarray(i * LENGTH, Math.min(count, i + BLOCK) * LENGTH);
  const times = await interleave(1, {
    arithmetic: () =>
      timed(async () => {
        for (let i = 0; i < count; i += BLOCK)
          for (let j = i; j < count; j += BLOCK) await similarity.cosines(block(i), block(j));
      }),
    grouping: () => timed(async () => linkRows({ rows, length: LENGTH, isMember }, similarity, () => undefined)),
  });
  await similarity.release();
  const [arithmetic, grouped] = [times.arithmetic[0]!, times.grouping[0]!];
  return {
    name: 'collection, grouping',
    what: `time to find the pairs that are alike / to compute all similarities; ${count} photos without labels`,
    ratio: grouped / arithmetic,
    target: { most: 2 },
    parts: { arithmeticMs: arithmetic, groupingMs: grouped, perPhotoMs: grouped / count },
  };
}
