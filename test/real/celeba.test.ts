import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { localTasks } from '../../shared/engine/tasks.ts';
import { floats, floatTensor } from '../../shared/onnx/runtime.ts';
import type { Report } from '../../shared/report/model.ts';
import { openModel } from '../support/runtime.ts';
import { sharedData } from '../support/shared-data.ts';
import { tempDir } from '../support/temp.ts';
import { CHECKPOINT, PROJECT, World } from '../support/world.ts';
import { ORL, photosOf } from './orl.ts';

const folder = sharedData('generators/celeba-dcgan32');
const recognizers = sharedData('recognizers');
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
async function audit(samples: number, recognizer?: { card: object; model: string }): Promise<Omit<Report, 'timing'>> {
  const work = tempDir();
  const project = join(work, PROJECT);
  for (let person = 1; person <= 40; person++) {
    const to = join(project, person <= 20 ? 'members' : 'controls', `s${person}`);
    mkdirSync(to, { recursive: true });
    for (const photo of photosOf(person).slice(0, 4)) cpSync(photo, join(to, basename(photo)));
  }
  mkdirSync(join(project, 'checkpoints'));
  cpSync(join(folder!, `${NAME}.onnx`), join(work, CHECKPOINT));
  const settings = { samples, card: { latent: { distribution: 'uniform', low: -1, high: 1 } } };
  if (recognizer) {
    mkdirSync(join(project, 'recognizer'));
    writeFileSync(join(project, 'recognizer/card.json'), JSON.stringify(recognizer.card));
    cpSync(recognizer.model, join(project, 'recognizer', basename(recognizer.model)));
    Object.assign(settings, { recognizer: 'recognizer/card.json' });
  }
  writeFileSync(join(project, 'project.json'), JSON.stringify(settings));
  const world = new World({ folder: work, engine: localTasks({ device: 'cpu', threads: 1 }, () => undefined) });
  try {
    await world.land();
    await world.run();
    return await world.report();
  } finally {
    world.close();
  }
}

describe.skipIf(!folder || !ORL)(
  'people that the generator never saw are not said to leak',
  { timeout: 240_000 },
  () => {
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

    it.skipIf(!recognizers)("by a user's recognizer", async () => {
      const card = {
        name: 'fr_feature',
        model: 'fr_feature.onnx',
        size: 112,
        layout: 'NCHW',
        mean: 127,
        scale: 1 / 128,
        template: '112',
        embedding: 512,
        licence: 'for tests',
      };
      const report = await audit(400, { card, model: join(recognizers!, 'fr_feature.onnx') });
      expect(report.verdict).toBe('NOT_DETECTED');
      expect(report.recognizer).toMatchObject({ name: 'fr_feature', embedding: 512 });
    });
  },
);
