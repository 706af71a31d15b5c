/** Takes state dicts out of what training wraps around them, for families that do not know them as they are. */
import type { LoadedCheckpoint } from '../formats/loaded.ts';
import type { CheckpointTensor, StateDict } from '../formats/tensor.ts';
import type { Assumption } from '../spec/generator.ts';
import { foldNorms } from './fold-norms.ts';

/** First segments of names that only say which network of several it is, or how it was wrapped. */
const WRAPPERS = /^(module|_orig_mod|ema_model|online_model|model|ema|decoder|generator|net_?g|g|gen|synthesis_net)$/i;
/** What wrappers count beside the weights. */
const COUNTERS = /^(n_averaged|initted|step|num_updates|decay)$/;
/** Deeper than anybody wraps. */
const MOST_WRAPPERS = 6;

export interface Unwrapped {
  readonly loaded: LoadedCheckpoint;
  readonly assumptions: readonly Assumption[];
}

/**
 * The same checkpoint with its state dicts without wrappers, counters and normalisations, and with the layers of a stack
 * of transposed convolutions numbered in the order of the file. What was done is among the assumptions.
 */
export function unwrapped(loaded: LoadedCheckpoint): Unwrapped {
  const stateDicts = new Map<string, StateDict>();
  const said = new Map<string, Assumption>();
  const say = (what: string, value: string, source: string) => said.set(`${what} ${value}`, { what, value, source });
  const put = (path: string, tensors: StateDict) => {
    // A file may hold several networks: what was done to which is said.
    const of = path === '' ? '' : ` of "${path}"`;
    const plain = foldNorms(tensors);
    if (plain !== tensors) say('normalisation', `folded into the weights${of}`, 'names in the checkpoint');
    const numbered = numberedStack(plain);
    if (numbered) say('layers', `in the order of the file${of}`, 'shapes in the checkpoint, which leave one reading');
    stateDicts.set(path, numbered ?? plain);
  };
  for (const [path, tensors] of loaded.stateDicts) {
    const parts = partsOf(tensors);
    // What lies beside a wrapped network, such as the mean latent, is looked for by its own path.
    if (!parts.has('')) stateDicts.set(path, tensors);
    for (const [prefix, part] of parts) {
      if (prefix === '') put(path, part);
      else {
        const name = stateDicts.has(prefix) || loaded.stateDicts.has(prefix) ? `${path}.${prefix}` : prefix;
        say('wrapper', `"${prefix}" taken off the names`, 'names in the checkpoint');
        put(name, part);
      }
    }
  }
  return { loaded: { ...loaded, stateDicts }, assumptions: [...said.values()] };
}

/** The tensors by the wrapper they are in; all of them under '' where there is none. */
function partsOf(tensors: StateDict): ReadonlyMap<string, StateDict> {
  let parts = new Map<string, StateDict>([['', withoutCounters(tensors)]]);
  for (let depth = 0; depth < MOST_WRAPPERS; depth++) {
    const next = new Map<string, StateDict>();
    for (const [prefix, part] of parts) {
      const groups = Map.groupBy(part.keys(), (name) => {
        const first = name.slice(0, name.indexOf('.'));
        return name.includes('.') && WRAPPERS.test(first) ? first : '';
      });
      if (groups.size === 1 && groups.has('')) {
        next.set(prefix, part);
        continue;
      }
      for (const [first, names] of groups) {
        if (first === '') continue;
        const inside = new Map(names.map((name) => [name.slice(first.length + 1), part.get(name)!]));
        next.set(prefix === '' ? first : `${prefix}.${first}`, withoutCounters(inside));
      }
    }
    if (next.size === parts.size && [...next.keys()].every((key) => parts.has(key))) break;
    parts = next;
  }
  return parts;
}

function withoutCounters(tensors: StateDict): StateDict {
  const kept = [...tensors].filter(
    ([name, { shape }]) => !(COUNTERS.test(name) && shape.every((extent) => extent === 1)),
  );
  return kept.length === tensors.size ? tensors : new Map(kept);
}

const TENSOR = /^(.*)\.(weight|bias|running_mean|running_var|num_batches_tracked)$/;

/**
 * A stack of transposed convolutions and batch normalisations with names of its own, numbered as torch's Sequential
 * would with an activation after each pair, in the order of the file. Undefined where channels do not follow from layer
 * to layer, or the names are numbers already.
 */
function numberedStack(tensors: StateDict): StateDict | undefined {
  const layers = new Map<string, Map<string, CheckpointTensor>>();
  for (const [name, tensor] of tensors) {
    const [, layer, what] = TENSOR.exec(name) ?? [];
    if (layer === undefined || what === undefined) return undefined;
    const own = layers.get(layer) ?? new Map<string, CheckpointTensor>();
    layers.set(layer, own.set(what, tensor));
  }
  if ([...layers.keys()].every((name) => /^([a-z_]+\.)?\d+$/i.test(name))) return undefined;
  const numbered = new Map<string, CheckpointTensor>();
  let [index, channels] = [-2, 0];
  for (const own of layers.values()) {
    const weight = own.get('weight');
    if (!weight) return undefined;
    const isNorm = own.has('running_mean') && own.has('running_var');
    if (
      isNorm ? weight.shape[0] !== channels : weight.shape.length !== 4 || (index >= 0 && weight.shape[0] !== channels)
    ) {
      return undefined;
    }
    index += isNorm ? 1 : 2;
    if (!isNorm) channels = weight.shape[1] ?? 0;
    for (const [what, tensor] of own) numbered.set(`main.${index}.${what}`, tensor);
  }
  return channels === 1 || channels === 3 ? numbered : undefined;
}
