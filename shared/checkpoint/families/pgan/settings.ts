/** Reads the settings of a Progressive GAN that its tensors do not say. */
import type { LoadedCheckpoint } from '../../formats/loaded.ts';
import type { PlainValue } from '../../formats/saved-module.ts';
import type { Assumption } from '../../spec/generator.ts';
import { unsupported } from '../module-reader.ts';

/** What the tensors do not say. */
export interface PganSettings {
  /** Of leaky ReLU, below zero. */
  readonly slope: number;
  /** Whether layers are multiplied by He's constant as they run. */
  readonly equalised: boolean;
  readonly assumptions: readonly Assumption[];
}

/** Settings that must be so, and what is usual where the file does not say. */
const REQUIRED = [
  ['perChannelNormalization', true, 'pixel normalisation', 'after each layer'],
  ['alpha', 0, 'blending with the scale before', 'none: training of the last scale is complete'],
  ['categoryVectorDim', 0, 'classes', 'none in the latent'],
  ['lossCriterion', 'WGANGP', 'activation of the image', 'none, as with the loss WGANGP'],
] as const;

/** Reads the settings that pytorch_GAN_zoo keeps under "config"; what is not there is assumed, and said. */
export function pganSettings({ settings }: LoadedCheckpoint): PganSettings {
  const config = settings.get('config');
  const get = (name: string): PlainValue | undefined => (config instanceof Map ? config.get(name) : undefined);
  const assumptions: Assumption[] = [];
  const assume = (what: string, value: string) => {
    assumptions.push({ what, value, source: 'default of pytorch_GAN_zoo, as the file does not say' });
  };
  for (const [name, wanted, what, value] of REQUIRED) {
    const found = get(name);
    if (found === undefined) assume(what, value);
    else if (found !== wanted) {
      throw unsupported(
        `The network's "${name}" is ${JSON.stringify(found)}; Rewound knows ${JSON.stringify(wanted)}.`,
      );
    }
  }
  const slope = get('leakyReluLeak') ?? 0.2;
  if (typeof slope !== 'number' || !(slope >= 0 && slope <= 1)) {
    throw unsupported(`The network's "leakyReluLeak" is ${JSON.stringify(slope)}; Rewound knows numbers from 0 to 1.`);
  }
  if (get('leakyReluLeak') === undefined) assume('slope of leaky ReLU', '0.2');
  const equalised = get('equalizedlR') ?? true;
  if (typeof equalised !== 'boolean') {
    throw unsupported(`The network's "equalizedlR" is ${JSON.stringify(equalised)}; Rewound knows true or false.`);
  }
  if (get('equalizedlR') === undefined) assume("He's constant", 'multiplies each layer as it runs');
  return { slope, equalised, assumptions };
}
