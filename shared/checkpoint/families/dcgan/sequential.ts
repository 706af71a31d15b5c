/** Reads a state dict as one flat Sequential. */
import type { CheckpointTensor, StateDict } from '../../formats/tensor.ts';

/** A layer of a torch Sequential that has tensors; those without, such as activations, leave a gap in the numbers. */
export interface NumberedLayer {
  readonly index: number;
  /** What the names of its tensors begin with in the state dict. */
  readonly name: string;
  readonly kind: 'convTranspose' | 'batchNorm';
  readonly weight: CheckpointTensor;
}

/** Names under which a generator lies beside a discriminator in one state dict. */
const GENERATOR = /^(g|gen|generator|net_?g|model_?g|g_?net|g_ema|netg_ema|ema)$/i;
const TENSOR = /^(\d{1,4})\.(weight|bias|running_mean|running_var|num_batches_tracked)$/;

/**
 * Reads a state dict as the generator it holds as one flat Sequential of transposed convolutions and batch
 * normalisations, whatever its names begin with: "main.", "module.main.", "netG.main.". Undefined where it is anything
 * else.
 */
export function sequentialOf(tensors: StateDict): readonly NumberedLayer[] | undefined {
  const names = [...tensors.keys()];
  let prefix = commonPrefix(names);
  let mine = names;
  if (mine.some((name) => !TENSOR.test(name.slice(prefix.length)))) {
    mine = names.filter((name) => GENERATOR.test(name.slice(prefix.length).split('.', 1)[0]!));
    prefix = commonPrefix(mine);
  }
  const layers = new Map<number, Map<string, CheckpointTensor>>();
  for (const name of mine) {
    const [, index, what] = TENSOR.exec(name.slice(prefix.length)) ?? [];
    if (index === undefined || what === undefined) return undefined;
    const layer = layers.get(Number(index)) ?? new Map<string, CheckpointTensor>();
    layers.set(Number(index), layer.set(what, tensors.get(name)!));
  }
  const numbered: NumberedLayer[] = [];
  for (const [index, layer] of [...layers].sort(([a], [b]) => a - b)) {
    const weight = layer.get('weight');
    const isNorm = layer.has('running_mean') && layer.has('running_var');
    if (!weight || weight.shape.length !== (isNorm ? 1 : 4)) return undefined;
    numbered.push({ index, name: `${prefix}${index}`, kind: isNorm ? 'batchNorm' : 'convTranspose', weight });
  }
  return numbered.length > 0 ? numbered : undefined;
}

/** The segments, with their dots, that every name begins with; a number is no part of it. */
function commonPrefix(names: readonly string[]): string {
  const [first = ''] = names;
  let prefix = '';
  for (const segment of first.split('.').slice(0, -1)) {
    const longer = `${prefix}${segment}.`;
    if (/^\d+$/.test(segment) || !names.every((name) => name.startsWith(longer))) break;
    prefix = longer;
  }
  return prefix;
}
