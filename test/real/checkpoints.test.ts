import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bytesSource } from '../../shared/checkpoint/formats/source.ts';
import { readGenerator } from '../../shared/checkpoint/read.ts';
import { floats, floatTensor } from '../../shared/onnx/runtime.ts';
import { auditReally } from '../support/real-audit.ts';
import { openModel } from '../support/runtime.ts';
import { sharedData } from '../support/shared-data.ts';
import { copyOrl, HALVES, ORL } from './orl.ts';

const orl = sharedData('generators/orl-dcgan-a');
const celeba = sharedData('generators/celeba-dcgan32');
const CELEBA = 'fletchersarip93_dcgan32';

/** The values after `skip` bytes. */
function values(path: string, skip = 0): Float32Array {
  const bytes = readFileSync(path);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset + skip, bytes.byteOffset + bytes.length));
}

/** Of a .npy file, whose header says how long it is. */
const npyValues = (path: string) => values(path, 10 + readFileSync(path).readUInt16LE(8));

async function pictures(model: Uint8Array, latents: Float32Array, dims: readonly number[]): Promise<Float32Array> {
  const opened = await openModel(model);
  return floats((await opened.run({ z: floatTensor(latents, [latents.length / 100, ...dims]) }, ['image'])).image);
}

/** The same from a checkpoint of weights. */
function picturesOf(checkpoint: string, latents: Float32Array): Promise<Float32Array> {
  const generator = readGenerator(bytesSource(readFileSync(checkpoint)), {});
  return pictures(generator.build(2 ** 30).model, latents, [100]);
}

const worst = (a: Float32Array, b: Float32Array) => {
  expect(a).toHaveLength(b.length);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
};

describe.skipIf(!celeba)("a stranger's network, known by its tensors alone", () => {
  it('gives the pictures that it gave elsewhere, and those of its ONNX export', async () => {
    const latents = npyValues(join(celeba!, `${CELEBA}.z.npy`));
    const made = await picturesOf(join(celeba!, 'generator.pt'), latents);
    expect(worst(made, npyValues(join(celeba!, `${CELEBA}.y.npy`)))).toBeLessThan(3e-6);
    const exported = await pictures(readFileSync(join(celeba!, `${CELEBA}.onnx`)), latents, [100]);
    expect(worst(made, exported)).toBeLessThan(3e-6);
  });
});

describe.skipIf(!orl)('a DCGAN as PyTorch saved it', () => {
  const checkpoint = join(orl ?? '', 'generator.pth');
  const exported = join(orl ?? '', 'generator.onnx');

  it('gives the pictures that it gave elsewhere, and those of its ONNX export', async () => {
    const latents = values(join(orl!, 'golden.z.f32'));
    const made = await picturesOf(checkpoint, latents);
    expect(worst(made, values(join(orl!, 'golden.img.f32')))).toBeLessThan(1e-6);
    expect(worst(made, await pictures(readFileSync(exported), latents, [100, 1, 1]))).toBeLessThan(1e-6);
  });

  it.skipIf(!ORL)('is audited as its ONNX export is', async () => {
    const audit = (path: string) =>
      auditReally(readFileSync(path), { samples: 256, fresh: 256 }, (project) => {
        copyOrl(join(project, 'members'), HALVES[0], 2);
        copyOrl(join(project, 'controls'), HALVES[1], 2);
      });
    const [mine, theirs] = [await audit(checkpoint), await audit(exported)];
    expect(mine.generator.format).toBe('DCGAN, torch zip');
    expect(mine.verdict).toBe(theirs.verdict);
    expect(mine.auc!.estimate).toBeCloseTo(theirs.auc!.estimate, 6);
    expect(mine.delta).toEqual(theirs.delta);
    // The same people in the same samples; a pixel on the edge of rounding may fall to another side.
    expect(mine.matches.length).toBeGreaterThan(0);
    expect(mine.matches.map(({ seed, identity, photo }) => [seed, identity, photo])).toEqual(
      theirs.matches.map(({ seed, identity, photo }) => [seed, identity, photo]),
    );
    for (const [i, { similarity }] of mine.matches.entries()) {
      expect(Math.abs(similarity - theirs.matches[i]!.similarity)).toBeLessThan(1e-4);
    }
  });
});
