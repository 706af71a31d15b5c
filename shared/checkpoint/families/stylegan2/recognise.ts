/** Recognises StyleGAN2 of NVlabs' PyTorch repositories. */
import { RewoundError } from '../../../errors.ts';
import type { FamilyOptions, GeneratorNetwork } from '../../formats/generator-network.ts';
import type { LoadedCheckpoint } from '../../formats/loaded.ts';
import type { Assumption } from '../../spec/generator.ts';
import { candidate } from '../candidates.ts';
import type { Stylegan2 } from './architecture.ts';
import { isNvlabsNames, recordOfNames } from './names.ts';
import { isNvlabsStylegan2, type NvlabsStylegan2, readNvlabs } from './nvlabs.ts';
import { addStylegan2 } from './synthesis.ts';

const TOOL = "StyleGAN2's own tool";

/**
 * StyleGAN2 of NVlabs' stylegan2-ada-pytorch and stylegan3, as objects (.pkl) or by the names of its tensors alone, or
 * undefined where there is none.
 *
 * @throws CHECKPOINT_UNSUPPORTED, CHECKPOINT_CORRUPT, CHECKPOINT_AMBIGUOUS where it is one, but not as it is known.
 */
export function recogniseStyleGan2(
  loaded: LoadedCheckpoint,
  options: FamilyOptions = {},
): GeneratorNetwork | undefined {
  const objects = candidate(loaded.modules, isNvlabsStylegan2, options.network);
  if (objects) return network(readNvlabs(objects.value), objects.assumptions, options);
  const names = candidate(loaded.stateDicts, isNvlabsNames, options.network);
  if (!names) return undefined;
  const { record, assumptions } = recordOfNames(names.value);
  return network(readNvlabs(record), [...names.assumptions, ...assumptions], options);
}

function network(read: NvlabsStylegan2, assumptions: readonly Assumption[], options: FamilyOptions): GeneratorNetwork {
  const half =
    read.half.length === 0
      ? []
      : [
          {
            what: 'precision',
            value: `float32 throughout; the file asks for float16 at ${read.half.join(', ')} pixels on a GPU`,
            source: 'Rewound, as the original does on a CPU',
          },
        ];
  return stylegan2Network(read, options, {
    family: `StyleGAN2 (NVlabs, ${read.path})`,
    parameters: read.parameters,
    assumptions: [...assumptions, ...half],
    noise: TOOL,
  });
}

export interface Described {
  readonly family: string;
  readonly parameters: number;
  readonly assumptions: readonly Assumption[];
  /** Why the noise is constant. */
  readonly noise: string;
}

/** The generator that `architecture` describes, whatever implementation it was read from. */
export function stylegan2Network(
  architecture: Stylegan2,
  options: FamilyOptions,
  described: Described,
): GeneratorNetwork {
  const { mapping, blocks, channels } = architecture;
  const cutoff = options.truncationCutoff;
  if (cutoff !== undefined && !(Number.isInteger(cutoff) && cutoff >= 0)) {
    throw new RewoundError('USAGE', `A truncation cutoff of ${cutoff} is no number of layers.`, {
      help: 'Give a whole number, or none to truncate all layers.',
    });
  }
  const hasPsi = mapping.average !== null;
  const noises = blocks.flatMap(({ convs }) => convs.flatMap(({ noise }) => noise ?? []));
  return {
    family: described.family,
    resolution: blocks.at(-1)!.resolution,
    channels,
    latentSize: mapping.latentSize,
    classes: mapping.classes,
    latent: 'normal',
    hasPsi,
    range: [-1, 1],
    parameters: described.parameters,
    assumptions: [
      ...described.assumptions,
      { what: 'latent distribution', value: 'normal', source: TOOL },
      { what: 'image range', value: '-1 is black, 1 is white', source: TOOL },
      ...(noises.length > 0
        ? [
            noiseAssumption(
              options,
              described,
              noises.every(({ constant }) => constant),
            ),
          ]
        : []),
      ...(hasPsi && cutoff !== undefined
        ? [{ what: 'truncated layers', value: `the first ${cutoff}`, source: 'settings' }]
        : []),
    ],
    build: (graph, inputs) => addStylegan2(graph, architecture, inputs, options),
  };
}

function noiseAssumption({ noise }: FamilyOptions, { noise: why }: Described, stored: boolean): Assumption {
  const what = 'noise of the layers';
  if (noise === 'none') return { what, value: 'none', source: 'settings' };
  if (typeof noise === 'object') return { what, value: `drawn once, seed ${noise.seed}`, source: 'settings' };
  if (stored) return { what, value: 'the constant one in the file', source: noise ? 'settings' : why };
  return { what, value: 'drawn once, seed 0', source: 'Rewound, as the file does not hold all of it' };
}
