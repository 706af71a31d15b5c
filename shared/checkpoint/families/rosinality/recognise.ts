/** Recognises rosinality's StyleGAN2. */

import type { FamilyOptions, GeneratorNetwork } from '../../formats/generator-network.ts';
import type { LoadedCheckpoint } from '../../formats/loaded.ts';
import { candidate } from '../candidates.ts';
import { stylegan2Network } from '../stylegan2/recognise.ts';
import { isRosinality, readRosinality } from './read.ts';

/**
 * StyleGAN2 of github.com/rosinality/stylegan2-pytorch, or undefined where there is none. Truncation needs the mean
 * latent, which converted checkpoints hold beside the weights and others do not.
 *
 * @throws CHECKPOINT_UNSUPPORTED, CHECKPOINT_CORRUPT, CHECKPOINT_AMBIGUOUS where it is one, but not as it is known.
 */
export function recogniseRosinality(
  loaded: LoadedCheckpoint,
  options: FamilyOptions = {},
): GeneratorNetwork | undefined {
  const found = candidate(loaded.stateDicts, isRosinality, options.network);
  if (!found) return undefined;
  const around = found.name.slice(0, Math.max(found.name.lastIndexOf('.'), 0));
  const average = loaded.stateDicts.get(around)?.get('latent_avg') ?? null;
  const network = readRosinality(found.value, average);
  const truncation =
    average === null
      ? [{ what: 'truncation', value: 'none', source: 'the file holds no mean latent (latent_avg)' }]
      : [];
  return stylegan2Network(network, options, {
    family: 'StyleGAN2 (rosinality)',
    parameters: network.parameters,
    assumptions: [...found.assumptions, ...network.assumptions, ...truncation],
    noise: 'Rewound, so that a latent is one picture; its own tool draws other noise for each',
  });
}
