/** The files and models that steps of a planned audit work with. */
import type { Alignment, RecognizerRequest, Resolution } from '../../../engine/compute.ts';
import type { Context } from '../../base/context.ts';
import { keys } from '../../base/layout.ts';
import { localFiles } from '../companions.ts';
import type { NetworkPlan, Plan } from './schema.ts';

/** What `assemble` writes last: where it is, galleries, profiles and the roster are. */
export function assembled({ audit, recognizers }: Plan): string {
  return keys.profile(audit, recognizers.length - 1);
}

/** The resolution photos are brought to: the generated faces' own, on a grid of 2% so that similar ones share work. */
export function resolutionOf({ eyeDistance, mode }: Pick<Alignment, 'eyeDistance' | 'mode'>): Resolution {
  const step = Math.log(1.02);
  return { eyeDistance: Math.exp(Math.round(Math.log(eyeDistance) / step) * step), detect: mode === 'detected' };
}

/** Faces in published pictures are left as they are unless they are larger than usual by this factor. */
export const PICTURE_SLACK = 2;

/** What pictures that no network of ours made are brought to. */
export function pictureResolution({ generator }: Plan): Resolution {
  return { ...resolutionOf(generator.alignment), detect: false, slack: PICTURE_SLACK };
}

/** A recognizer of the plan as the engine takes it: with the path of its file. */
export async function recognizerRequest(
  context: Context,
  { recognizers }: Plan,
  place = 0,
): Promise<RecognizerRequest> {
  const { source } = recognizers[place]!;
  if (source.kind === 'built-in') return source;
  const { card, key, generation, external } = source;
  const path = await context.objects.file(key, generation);
  return { kind: 'card', card, path, external: await localFiles(context, external) };
}

/** The built generator's files, local to this machine, and what they must be: whoever reads them checks that. */
export async function generatorFiles(context: Context, { audit, generator }: NetworkPlan) {
  const { model: content } = generator;
  const path = await context.objects.file(keys.generator(audit, content), undefined, { fixed: true });
  const external = generator.external.map(async ({ location, content }) => ({
    location,
    content,
    path: await context.objects.file(keys.generatorFile(audit, content), undefined, { fixed: true }),
  }));
  return { path, content, external: await Promise.all(external) };
}
