/** Recognises NVlabs' StyleGAN3. */
import { RewoundError } from '../../../errors.ts';
import type { FamilyOptions, GeneratorNetwork } from '../../formats/generator-network.ts';
import type { LoadedCheckpoint } from '../../formats/loaded.ts';
import type { SavedModule } from '../../formats/saved-module.ts';
import type { Assumption } from '../../spec/generator.ts';
import { candidate } from '../candidates.ts';
import { addMapping, type Mapping, mappingOf } from '../mapping.ts';
import { ModuleReader, parameterCount } from '../module-reader.ts';
import { addSynthesis, type Synthesis, synthesisOf } from './synthesis.ts';

/**
 * The StyleGAN3 generator in a checkpoint of NVlabs' stylegan3 (Karras, Aittala, Laine, Härkönen, Hellsten, Lehtinen
 * and Aila 2021, Alias-Free Generative Adversarial Networks), configurations T and R, or undefined where there is none.
 *
 * @throws CHECKPOINT_UNSUPPORTED, CHECKPOINT_CORRUPT where it is one, but not as it is known.
 */
export function recogniseStyleGan3(
  loaded: LoadedCheckpoint,
  options: FamilyOptions = {},
): GeneratorNetwork | undefined {
  const found = candidate(loaded.modules, isStyleGan3, options.network);
  if (!found) return undefined;
  const { truncationCutoff: cutoff } = options;
  if (cutoff !== undefined && !(Number.isInteger(cutoff) && cutoff >= 0)) {
    throw new RewoundError('USAGE', `A truncation cutoff of ${cutoff} is no number of layers.`, {
      help: 'Give a whole number, or none to truncate all layers.',
    });
  }
  const record = new ModuleReader(found.value, '');
  const mapping = mappingOf(record.child('mapping'));
  const synthesis = synthesisOf(record.child('synthesis'), mapping.styleSize);
  return {
    family: `StyleGAN3-${configurationOf(synthesis)} (NVlabs)`,
    resolution: synthesis.resolution,
    channels: synthesis.channels,
    latentSize: mapping.latentSize,
    classes: mapping.classes,
    latent: 'normal',
    hasPsi: mapping.average !== null,
    range: [-1, 1],
    parameters: parameterCount(found.value),
    assumptions: [...found.assumptions, ...assumptionsOf(mapping, synthesis, cutoff)],
    build: (graph, inputs) => addSynthesis(graph, addMapping(graph, mapping, inputs, cutoff), synthesis),
  };
}

/** Only StyleGAN3's synthesis begins with Fourier features. */
function isStyleGan3(network: SavedModule): boolean {
  return network.modules.get('synthesis')?.modules.get('input')?.className === 'SynthesisInput';
}

/** R is equivariant to rotation, for which its kernels are single pixels. */
function configurationOf({ layers }: Synthesis): 'T' | 'R' {
  return layers.every(({ kernel }) => kernel === 1) ? 'R' : 'T';
}

function assumptionsOf(mapping: Mapping, { layers }: Synthesis, cutoff: number | undefined): Assumption[] {
  const family = "StyleGAN3's own tool";
  const assumptions: Assumption[] = [
    { what: 'latent distribution', value: 'normal', source: family },
    { what: 'image range', value: '-1 is black, 1 is white', source: family },
  ];
  const half = layers.filter(({ halfPrecision }) => halfPrecision).length;
  if (half > 0) {
    assumptions.push({
      what: 'precision',
      value: `float32 throughout; the file asks for float16 in ${half} of ${layers.length} layers on a GPU`,
      source: 'Rewound, as the original does on a CPU',
    });
  }
  if (mapping.average !== null && cutoff !== undefined) {
    assumptions.push({ what: 'truncated layers', value: `the first ${cutoff}`, source: 'settings' });
  }
  return assumptions;
}
