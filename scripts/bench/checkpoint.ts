/** Measures reading a checkpoint against reading its file. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadCheckpoint } from '../../shared/checkpoint/formats/load.ts';
import { stateDictOf } from '../../shared/checkpoint/formats/saved-module.ts';
import { fileSource } from '../../shared/checkpoint/formats/source.ts';
import { nvlabsPickle } from '../../test/support/checkpoint/nvlabs-writer.ts';
import { floatTensor, type SavedDict, torchLegacy, torchZip } from '../../test/support/checkpoint/torch-writer.ts';
import type { Benchmark } from './benchmark.ts';
import { interleave, timed } from './interleave.ts';

/** Floats of one tensor: a convolution of 512 by 512 by 3 by 3. */
const SHAPE = [512, 512, 3, 3];

/** Reading a checkpoint, over reading its file into memory: what is in it, and then all of its weights too. */
export const checkpoint: Benchmark = {
  name: 'checkpoint',
  async run({ quick, folder }) {
    const count = quick ? 5 : 21;
    const floats = SHAPE.reduce((product, size) => product * size, 1);
    const values = Float32Array.from({ length: floats }, (_, i) => (i % 1000) / 500 - 1);
    const one = { ...floatTensor([], []), shape: SHAPE, storage: new Uint8Array(values.buffer) };
    const dict: SavedDict = Object.fromEntries(Array.from({ length: count }, (_, i) => [`layer${i}`, one]));
    const network = { className: 'Generator', parameters: dict };
    const files = {
      'NVlabs pickle': nvlabsPickle({ G_ema: network }, new Map()),
      'torch zip': torchZip(dict, 'archive'),
      'torch legacy': torchLegacy(dict, Object.keys(dict)),
    };
    const rows = [];
    for (const [name, bytes] of Object.entries(files)) {
      const path = join(folder, `${name}.pt`);
      writeFileSync(path, bytes);
      const things = {
        raw: () => timed(async () => readFileSync(path)),
        contents: () => timed(async () => read(path, false)),
        weights: () => timed(async () => read(path, true)),
      };
      // The first run has the file read from the disk.
      await interleave(1, things);
      const times = await interleave(quick ? 3 : 7, things);
      const [raw, contents, weights] = [times.raw, times.contents, times.weights].map((all) => Math.min(...all));
      const gigabytes = bytes.length / 1e9;
      const size = `${(gigabytes * 1000).toFixed(0)} MB`;
      rows.push(
        {
          name: `checkpoint, what is in it, ${name}`,
          what: `time to find all tensors / to read the file into memory; ${size}`,
          ratio: contents! / raw!,
          target: { most: 1 },
          parts: { rawMs: raw!, contentsMs: contents!, gigabytesPerSecond: gigabytes / (contents! / 1000) },
        },
        {
          name: `checkpoint, all weights, ${name}`,
          what: `time to have all tensors as floats, checked / to read the file into memory; ${size}`,
          ratio: weights! / raw!,
          target: { most: 4 },
          parts: { rawMs: raw!, weightsMs: weights!, gigabytesPerSecond: gigabytes / (weights! / 1000) },
        },
      );
    }
    return rows;
  },
};

function read(path: string, weights: boolean): void {
  const file = fileSource(path);
  try {
    const { modules, stateDicts } = loadCheckpoint(file);
    const found = [...stateDicts.values(), ...[...modules.values()].map(stateDictOf)];
    if (found.length !== 1) throw new Error('The benchmark has a file of its own making wrong.');
    if (weights) for (const tensor of found[0]!.values()) tensor.floats();
  } finally {
    file.close();
  }
}
