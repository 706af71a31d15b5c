/** Finds the family that a checkpoint's generator belongs to. */

import type { FamilyOptions, GeneratorNetwork } from '../formats/generator-network.ts';
import type { LoadedCheckpoint } from '../formats/loaded.ts';
import { recogniseDcgan } from './dcgan/recognise.ts';
import { recognisePgan } from './pgan/recognise.ts';
import { recogniseRosinality } from './rosinality/recognise.ts';
import { recogniseSequential } from './stack/modules.ts';
import { recognisePublished } from './stack/published.ts';
import { recogniseStyleGan2 } from './stylegan2/recognise.ts';
import { recogniseTensorFlowStyleGan2 } from './stylegan2-tf/recognise.ts';
import { recogniseStyleGan3 } from './stylegan3/recognise.ts';
import { unwrapped } from './unwrap.ts';

/** Each tells its own networks by their names and shapes, so that no two take the same checkpoint. */
const FAMILIES = [
  recogniseStyleGan2,
  recogniseTensorFlowStyleGan2,
  recogniseStyleGan3,
  recogniseRosinality,
  recognisePgan,
  recogniseDcgan,
  recogniseSequential,
  recognisePublished,
] as const;

/**
 * The generator in a checkpoint; undefined where it is of no known family. What no family knows as it is, is looked at
 * once more without what training wraps around it.
 */
export function recognise(loaded: LoadedCheckpoint, options: FamilyOptions): GeneratorNetwork | undefined {
  const known = recogniseAsItIs(loaded, options);
  if (known) return known;
  const { loaded: plain, assumptions } = unwrapped(loaded);
  const network = recogniseAsItIs(plain, options);
  return network && { ...network, assumptions: [...assumptions, ...network.assumptions] };
}

function recogniseAsItIs(loaded: LoadedCheckpoint, options: FamilyOptions): GeneratorNetwork | undefined {
  for (const family of FAMILIES) {
    const network = family(loaded, options);
    if (network) return network;
  }
  return undefined;
}
