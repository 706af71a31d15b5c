/** Recognises StyleGAN2 for TensorFlow. */

import type { FamilyOptions, GeneratorNetwork } from '../../formats/generator-network.ts';
import type { LoadedCheckpoint } from '../../formats/loaded.ts';
import type { PlainValue, SavedModule } from '../../formats/saved-module.ts';
import type { Assumption } from '../../spec/generator.ts';
import { candidate } from '../candidates.ts';
import { stylegan2Network } from '../stylegan2/recognise.ts';
import { readTensorFlow } from './read.ts';
import { unknown } from './refused.ts';

/** Names of the functions that build the networks, those of a whole one first. */
const MAIN = 'G_main';
const MAPPING = 'G_mapping';
/** Of stylegan2, of stylegan2-ada, and of stylegan2's configurations B to D. */
const SYNTHESIS = ['G_synthesis_stylegan2', 'G_synthesis'];
const REVISED = 'G_synthesis_stylegan_revised';

/**
 * StyleGAN2 of NVlabs' stylegan2 and stylegan2-ada for TensorFlow, or undefined where there is none.
 *
 * @throws CHECKPOINT_UNSUPPORTED, CHECKPOINT_CORRUPT, CHECKPOINT_AMBIGUOUS where it is a network of TensorFlow's, but
 *   not one that is known.
 */
export function recogniseTensorFlowStyleGan2(
  loaded: LoadedCheckpoint,
  options: FamilyOptions = {},
): GeneratorNetwork | undefined {
  const networks = new Map([...loaded.modules].filter(([, network]) => isTensorFlow(network)));
  if (networks.size === 0) return undefined;
  const found = candidate(networks, isGenerator, options.network);
  if (!found) {
    if (options.network !== undefined) return undefined;
    const functions = [...networks].map(([name, network]) => `${name} (${shown(functionOf(network))})`);
    throw unknown(
      `No generator that Rewound knows is among the networks of TensorFlow in the file: ${functions.slice(0, 8).join(', ')}. It knows ${MAIN}.`,
    );
  }
  const synthesis = synthesisOf(found.value, found.name);
  const network = readTensorFlow(found.value, synthesis === REVISED);
  const formulas: Assumption = {
    what: 'formulas',
    value: `${MAIN}, ${MAPPING} and ${synthesis} as NVlabs published them`,
    source: 'names of the functions in the file; its source code is not read',
  };
  const half =
    network.half.length === 0
      ? []
      : [
          {
            what: 'precision',
            value: `float32 throughout; the file asks for float16 at ${network.half.join(', ')} pixels`,
            source: 'Rewound',
          },
        ];
  return stylegan2Network(network, options, {
    family: `StyleGAN2 (NVlabs for TensorFlow, ${network.path})`,
    parameters: network.parameters,
    assumptions: [...found.assumptions, formulas, ...network.assumptions, ...half],
    noise: 'Rewound, so that a latent is one picture; its own tool draws other noise for each',
  });
}

/** dnnlib.tflib.Network. */
function isTensorFlow({ className, attributes }: SavedModule): boolean {
  return className === 'Network' && attributes.has('build_func_name');
}

function isGenerator(network: SavedModule): boolean {
  return functionOf(network) === MAIN;
}

function functionOf({ attributes }: SavedModule): PlainValue | undefined {
  return attributes.get('build_func_name');
}

/** The function that built the synthesis network. */
function synthesisOf(network: SavedModule, name: string): string {
  const settings = network.attributes.get('static_kwargs');
  const built = (part: string, otherwise: string): PlainValue => {
    const asked = settings instanceof Map ? settings.get(`${part}_func`) : undefined;
    const component = network.modules.get(part);
    return (component && functionOf(component)) ?? asked ?? otherwise;
  };
  const other = [...network.modules.keys()].find((part) => part !== 'mapping' && part !== 'synthesis');
  if (other !== undefined) throw unknown(`The network "${name}" also has a part "${shown(other)}".`);
  const mapping = built('mapping', MAPPING);
  if (mapping !== MAPPING) {
    throw unknown(`The mapping of the network "${name}" was built by ${shown(mapping)}; Rewound knows ${MAPPING}.`);
  }
  const synthesis = built('synthesis', SYNTHESIS[0]!);
  const known = [...SYNTHESIS, REVISED].find((one) => one === synthesis);
  if (known !== undefined) return known;
  throw unknown(
    `The synthesis of the network "${name}" was built by ${shown(synthesis)}; Rewound knows ${SYNTHESIS.join(', ')} and ${REVISED}.`,
  );
}

/** Never longer than a few words. */
function shown(name: PlainValue | undefined): string {
  return typeof name === 'string' ? name.slice(0, 60) : 'no function that it names';
}
