import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { floats, floatTensor } from '../../shared/onnx/runtime.ts';
import type { Report } from '../../shared/report/model.ts';
import { auditReally } from '../support/real-audit.ts';
import { openModel } from '../support/runtime.ts';
import { sharedData } from '../support/shared-data.ts';
import { copyOrl, HALVES, ORL } from './orl.ts';
import { cardOf, putRecognizer, RECOGNIZERS } from './recognizers.ts';

const folder = sharedData('generators/celeba-dcgan32');
const NAME = 'fletchersarip93_dcgan32';

/** A .npy of float32 of any shape: the values after its header. */
function npyValues(path: string): Float32Array {
  const bytes = readFileSync(path);
  return new Float32Array(
    bytes.buffer.slice(bytes.byteOffset + 10 + bytes.readUInt16LE(8), bytes.byteOffset + bytes.length),
  );
}

describe.skipIf(!folder)('a generator trained on CelebA', () => {
  it('gives the pictures that it gave elsewhere', async () => {
    const latents = npyValues(join(folder!, `${NAME}.z.npy`));
    const expected = npyValues(join(folder!, `${NAME}.y.npy`));
    const model = await openModel(readFileSync(join(folder!, `${NAME}.onnx`)));
    const { image } = await model.run({ z: floatTensor(latents, [latents.length / 100, 100]) }, ['image']);
    expect(floats(image)).toHaveLength(expected.length);
    const worst = floats(image).reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0);
    expect(worst).toBeLessThan(1e-4);
  });
});

/** Audits the generator with ORL's first twenty people as members and the others as controls. */
function audit(samples: number, recognizer?: 'fr_feature'): Promise<Omit<Report, 'timing'>> {
  const settings = {
    samples,
    card: { latent: { distribution: 'uniform', low: -1, high: 1 } },
    ...(recognizer ? { recognizer: cardOf(recognizer) } : {}),
  };
  return auditReally(readFileSync(join(folder!, `${NAME}.onnx`)), settings, (project) => {
    copyOrl(join(project, 'members'), HALVES[0], 4);
    copyOrl(join(project, 'controls'), HALVES[1], 4);
    if (recognizer) putRecognizer(project, recognizer);
  });
}

describe.skipIf(!folder || !ORL)('people that the generator never saw are not said to leak', () => {
  it('by the built-in recognizer', async () => {
    const report = await audit(1000);
    expect(report.verdict).toBe('NOT_DETECTED');
    expect(report.generator).toMatchObject({
      width: 32,
      height: 32,
      latent: { size: 100, distribution: 'uniform', low: -1, high: 1 },
      range: [-1, 1],
    });
    expect(report.members).toMatchObject({ identities: 20, undetected: 0 });
    expect(report.controls).toMatchObject({ identities: 20, undetected: 0 });
  });

  it.skipIf(!RECOGNIZERS)("by a user's recognizer", async () => {
    const report = await audit(400, 'fr_feature');
    expect(report.verdict).toBe('NOT_DETECTED');
    expect(report.recognizer).toMatchObject({ name: 'fr_feature', embedding: 512 });
  });
});
