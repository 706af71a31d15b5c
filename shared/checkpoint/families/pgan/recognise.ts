/** Recognises Progressive GAN generators of pytorch_GAN_zoo. */

import type { FamilyOptions, GeneratorNetwork } from '../../formats/generator-network.ts';
import type { LoadedCheckpoint } from '../../formats/loaded.ts';
import { candidate } from '../candidates.ts';
import { isPgan, pganOf } from './architecture.ts';
import { addPgan } from './graph.ts';
import { pganSettings } from './settings.ts';

const TOOL = 'pytorch_GAN_zoo';

/**
 * The Progressive GAN generator (Karras et al. 2018) in a checkpoint of facebookresearch's pytorch_GAN_zoo, or
 * undefined where there is none.
 *
 * @throws CHECKPOINT_UNSUPPORTED, CHECKPOINT_CORRUPT where it is one, but not as it is known.
 */
export function recognisePgan(loaded: LoadedCheckpoint, options: FamilyOptions = {}): GeneratorNetwork | undefined {
  const found = candidate(loaded.stateDicts, isPgan, options.network);
  if (!found) return undefined;
  const network = pganOf(found.value);
  const settings = pganSettings(loaded);
  return {
    family: 'Progressive GAN (pytorch_GAN_zoo)',
    resolution: network.resolution,
    channels: network.channels,
    latentSize: network.latentSize,
    classes: 0,
    latent: 'normal',
    hasPsi: false,
    range: [-1, 1],
    parameters: network.parameters,
    assumptions: [
      ...found.assumptions,
      ...settings.assumptions,
      { what: 'latent distribution', value: 'normal', source: TOOL },
      { what: 'image range', value: '-1 is black, 1 is white', source: TOOL },
    ],
    build: (graph, { z }) => addPgan(graph, z, network, settings),
  };
}
