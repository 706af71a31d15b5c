/** Finds networks and state dicts in the object of a pickle. */

import { isTensorFlowNetwork, NetworkReader, tensorsOf } from './module-finder.ts';
import { NdArray } from './pickle/numpy.ts';
import { Dict, Instance, type PickleValue, Sequence } from './pickle/values.ts';
import { PlainReader } from './plain.ts';
import type { PlainValue, SavedModule } from './saved-module.ts';
import type { StateDict } from './tensor.ts';

/** Deeper than any tool wraps weights. */
const MAX_DEPTH = 6;
/** Containers looked into: more than any file of weights has. */
const MAX_CONTAINERS = 10_000;
const MAX_NETWORKS = 100;

export interface Contents {
  readonly modules: ReadonlyMap<string, SavedModule>;
  readonly stateDicts: ReadonlyMap<string, StateDict>;
  readonly settings: ReadonlyMap<string, PlainValue>;
}

/** What TensorFlow-era files keep in this order, without names. */
const NETWORKS = ['G', 'D', 'Gs'];

/**
 * Finds networks and state dicts in the object of a pickle, each by its path of keys. A dictionary with tensors is a
 * state dict of these, whatever else it holds; what is in it is looked at once, by its shortest path.
 */
export function contentsOf(root: PickleValue): Contents {
  const modules = new Map<string, SavedModule>();
  const stateDicts = new Map<string, StateDict>();
  const plain = new PlainReader();
  const networks = new NetworkReader(plain);
  const known = new Map<Dict, StateDict>();
  const seen = new Set<PickleValue>();
  let level: [path: string, value: PickleValue][] = [['', root]];
  for (let depth = 0; depth <= MAX_DEPTH && level.length > 0; depth++) {
    const below: [path: string, value: PickleValue][] = [];
    for (const [path, value] of level) {
      // A network may stand under several names.
      const network = value instanceof Instance ? networks.read(value) : undefined;
      if (network) {
        if (modules.size < MAX_NETWORKS) modules.set(path, network);
        continue;
      }
      if (value instanceof Dict) {
        const tensors = known.get(value) ?? tensorsOf(value);
        known.set(value, tensors);
        if (tensors.size > 0 && stateDicts.size < MAX_CONTAINERS) stateDicts.set(path, tensors);
      }
      if (seen.has(value) || seen.size === MAX_CONTAINERS) continue;
      seen.add(value);
      for (const [key, child] of children(value)) {
        if (isContainer(child)) below.push([path === '' ? key : `${path}.${key}`, child]);
      }
    }
    level = below;
  }
  const settings = settingsOf(root, plain, (key) => modules.has(key) || stateDicts.has(key));
  return { modules, stateDicts, settings };
}

function isContainer(value: PickleValue): boolean {
  return value instanceof Dict || value instanceof Instance || value instanceof Sequence;
}

/** Only keys that are texts: numbers count the states of optimizers. */
function* children(value: PickleValue): Generator<[key: string, value: PickleValue]> {
  if (value instanceof Dict) {
    for (const [key, child] of value.entries) if (typeof key === 'string') yield [key, child];
  } else if (value instanceof Instance) {
    yield* children(value.entries);
  } else if (value instanceof Sequence && value.items.length <= 16) {
    const { items } = value;
    const networks = items.every((item) => item instanceof Instance && isTensorFlowNetwork(item));
    const names = networks && items.length === NETWORKS.length ? NETWORKS : Object.keys(items);
    for (const [i, child] of items.entries()) yield [names[i]!, child];
  }
}

/** What is plain at the top of the file, or beside the tensors. */
function settingsOf(
  root: PickleValue,
  plain: PlainReader,
  isWeights: (key: string) => boolean,
): ReadonlyMap<string, PlainValue> {
  const settings = new Map<string, PlainValue>();
  for (const [key, value] of children(root)) {
    const setting = isWeights(key) || value instanceof NdArray ? undefined : plain.read(value);
    if (setting !== undefined && !(setting instanceof Map && setting.size === 0)) settings.set(key, setting);
  }
  return settings;
}
