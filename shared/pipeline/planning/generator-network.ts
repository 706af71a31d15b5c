/** Plans the generator of an audit that is a network: builds it, and runs a few samples. */
import type { RecognizerInfo } from '../../faces/recognizer.ts';
import { contentOf } from '../../seal.ts';
import type { Context } from '../base/context.ts';
import { keys } from '../base/layout.ts';
import { putOnce } from '../base/once.ts';
import { uploadedBytes } from '../base/uploaded-files.ts';
import type { ExternalObject } from './companions.ts';
import { type Identified, usable } from './identify.ts';
import type { Plan } from './plan/schema.ts';
import type { FoundRecognizer } from './recognizer.ts';
import type { Settings } from './settings.ts';

/** What stands in the place of the generator, planned. */
export interface PlannedGenerator {
  readonly generator: Plan['generator'];
  /** The audit's settings, with what only the generator could tell. */
  readonly settings: Settings;
  /** Milliseconds a sample takes. */
  readonly sampleMs: number;
  /** In the order they were asked for. */
  readonly recognizers: readonly RecognizerInfo[];
}

/** Builds a network and writes its files into the work of the audit. */
export async function planNetwork(
  context: Context,
  { audit, checkpoint, card, recipe, external: beside }: Identified,
  settings: Settings,
  recognizers: readonly FoundRecognizer[],
): Promise<PlannedGenerator> {
  const path = await context.objects.file(checkpoint.key, checkpoint.generation);
  const external = await copyExternal(context, audit, usable(beside));
  const calibration = await context.compute.calibrate({
    model: { path, external },
    card: usable(card),
    recipe: usable(recipe),
    recognizers: recognizers.map(({ request }) => request),
    seed: settings.seed,
    batch: settings.batch,
  });
  const { spec, range, assumptions, geometry, alignment, samples, undetected, sampleMs, model } = calibration;
  const content = contentOf(model);
  await putOnce(context, keys.generator(audit, content), model);
  const built = await Promise.all(
    calibration.weights.map(async ({ location, data }) => ({ location, content: await keep(context, audit, data) })),
  );
  return {
    settings,
    sampleMs,
    recognizers: calibration.recognizers,
    generator: {
      spec,
      range: [range[0], range[1]],
      assumptions: [...assumptions],
      geometry,
      alignment: { ...alignment, points: [...alignment.points] },
      calibration: { samples, undetected },
      model: content,
      external: [...external.map(({ location, content }) => ({ location, content })), ...built],
    },
  };
}

/** Copies the weights an ONNX model keeps beside it, so that the audit no longer needs the drop area. */
async function copyExternal(context: Context, audit: string, files: readonly ExternalObject[]) {
  return Promise.all(
    files.map(async ({ location, ...file }) => {
      const bytes = await uploadedBytes(context, file);
      const content = await keep(context, audit, bytes);
      return { location, content, path: await context.objects.file(keys.generatorFile(audit, content)) };
    }),
  );
}

/** Keeps a file of weights with the audit, and says what it is called. */
async function keep(context: Context, audit: string, bytes: Uint8Array): Promise<string> {
  const content = contentOf(bytes);
  await putOnce(context, keys.generatorFile(audit, content), bytes);
  return content;
}
