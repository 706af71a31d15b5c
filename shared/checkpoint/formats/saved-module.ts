/** Describes a network that was saved with its objects. */
import type { CheckpointTensor, StateDict } from './tensor.ts';

/** A plain setting of a network or of its training. Arrays and numpy values are numbers and nested lists. */
export type PlainValue = null | boolean | number | string | readonly PlainValue[] | ReadonlyMap<string, PlainValue>;

/** A network whose file holds the objects themselves, not a state dict alone. Nothing in it can be called. */
export interface SavedModule {
  /** Name of its class, e.g. 'SynthesisNetwork'. */
  readonly className: string;
  readonly parameters: StateDict;
  readonly buffers: StateDict;
  readonly modules: ReadonlyMap<string, SavedModule>;
  /** Its other attributes, where they are plain. */
  readonly attributes: ReadonlyMap<string, PlainValue>;
}

/** All tensors of a network by their full names, as its `state_dict()` would give them. */
export function stateDictOf(network: SavedModule): StateDict {
  const tensors = new Map<string, CheckpointTensor>();
  const add = ({ parameters, buffers, modules }: SavedModule, prefix: string) => {
    for (const [name, tensor] of [...parameters, ...buffers]) tensors.set(prefix + name, tensor);
    for (const [name, module] of modules) add(module, `${prefix}${name}.`);
  };
  add(network, '');
  return tensors;
}
