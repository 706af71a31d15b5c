/** Writes a contact sheet of a generator's first samples, so that a wrong range or latent can be seen at once. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Inspection, InspectRequest } from '../../shared/engine/compute.ts';
import { EngineProcess } from '../../shared/engine/process.ts';
import { below } from '../../shared/pipeline/base/safe-path.ts';
import { contactSheet } from './contact-sheet.ts';
import { putFile } from './files.ts';

const SAMPLES = 16;
const BATCH = 16;
const MEMORY_BYTES = 16 * 2 ** 30;
const SILENCE_MS = 300_000;

/** Runs the generator as an audit would, and writes its samples of seeds 0 to 15. Returns a line that says what was seen. */
export async function writeSampleSheet(
  request: InspectRequest,
  { externalFiles }: Inspection,
  to: string,
): Promise<string> {
  const engine = new EngineProcess({
    device: 'cpu',
    threads: availableParallelism(),
    memoryBytes: MEMORY_BYTES,
    silenceMs: SILENCE_MS,
  });
  const folder = await mkdtemp(join(tmpdir(), 'rewound-samples-'));
  try {
    const beside = externalFiles.map((location) => ({ location, path: below(dirname(request.path), location) }));
    const { model, weights, spec, geometry, samples, undetected } = await engine.tasks.calibrate({
      model: { path: request.path, external: beside },
      card: request.card,
      recipe: request.recipe,
      recognizers: [{ kind: 'built-in' }],
      seed: 0,
      batch: BATCH,
    });
    const built = weights.map(({ location, data }, i) => ({ location, data, path: join(folder, `weights-${i}`) }));
    await writeFile(join(folder, 'model.onnx'), model);
    for (const { path, data } of built) await writeFile(path, data);
    const external = [...beside, ...built.map(({ location, path }) => ({ location, path }))];
    const seeds = Array.from({ length: SAMPLES }, (_, seed) => seed);
    const pictures = await engine.tasks.render({
      model: { path: join(folder, 'model.onnx'), external },
      spec,
      geometry,
      seeds,
    });
    const line = `A face was found in ${samples - undetected} of ${samples} samples.`;
    await putFile(
      to,
      contactSheet('Samples', [line], [{ title: `seeds 0 to ${SAMPLES - 1}`, pictures, type: 'image/png' }]),
    );
    return line;
  } finally {
    engine.close();
    await rm(folder, { recursive: true, force: true });
  }
}
