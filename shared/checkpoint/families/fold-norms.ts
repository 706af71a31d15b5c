/** Folds spectral and weight normalisation, which torch keeps beside a weight, into the weight. */
import type { CheckpointTensor, StateDict } from '../formats/tensor.ts';

/** Names that torch's two ways of normalising give: the older one beside the weight, the newer one as a parametrization. */
const SPECTRAL = [
  { original: /^(.*)weight_orig$/, u: 'weight_u', v: 'weight_v' },
  {
    original: /^(.*)parametrizations\.weight\.original$/,
    u: 'parametrizations.weight.0._u',
    v: 'parametrizations.weight.0._v',
  },
] as const;
const WEIGHT = [
  { direction: /^(.*)weight_v$/, size: 'weight_g' },
  { direction: /^(.*)parametrizations\.weight\.original1$/, size: 'parametrizations.weight.original0' },
] as const;

/**
 * The same state dict with plain weights; the dict itself where nothing in it is normalised. Spectral norm: W / sigma with
 * sigma = u^T W v (Miyato et al. 2018), u and v being those of the last step of training. Weight norm: g v / |v|
 * (Salimans and Kingma 2016).
 */
export function foldNorms(tensors: StateDict): StateDict {
  const folded = new Map<string, CheckpointTensor>();
  const used = new Set<string>();
  const weights = new Map<string, CheckpointTensor>();
  for (const [name, tensor] of tensors) {
    const weight = spectralWeight(tensors, name, tensor, used) ?? normalisedWeight(tensors, name, tensor, used);
    if (weight) weights.set(name, weight);
  }
  if (weights.size === 0) return tensors;
  for (const [name, tensor] of tensors) {
    const weight = weights.get(name);
    if (weight) folded.set(plainName(name), weight);
    else if (!used.has(name)) folded.set(name, tensor);
  }
  return folded;
}

function plainName(name: string): string {
  return name.replace(/(weight_orig|weight_v|parametrizations\.weight\.original1?)$/, 'weight');
}

function spectralWeight(
  tensors: StateDict,
  name: string,
  weight: CheckpointTensor,
  used: Set<string>,
): CheckpointTensor | undefined {
  for (const { original, u: uName, v: vName } of SPECTRAL) {
    const base = original.exec(name)?.[1];
    const [u, v] = [tensors.get(`${base}${uName}`), tensors.get(`${base}${vName}`)];
    if (base === undefined || !u || !v || weight.shape.length < 2) continue;
    used.add(name).add(`${base}${uName}`).add(`${base}${vName}`);
    return { type: 'float32', shape: weight.shape, floats: () => divided(weight, u.floats(), v.floats()) };
  }
  return undefined;
}

/** W / sigma. torch takes the matrix along the outputs: axis 0, or axis 1 of a transposed convolution. */
function divided({ shape, floats }: CheckpointTensor, u: Float32Array, v: Float32Array): Float32Array {
  const values = floats();
  const along = ([0, 1] as const).filter((axis) => shape[axis] === u.length && values.length === u.length * v.length);
  // Where both fit, u and v are singular vectors of one of them, which makes its sigma the greater.
  const sigma = Math.max(...along.map((axis) => Math.abs(sigmaOf(values, shape, axis, u, v))));
  return values.map((value) => value / sigma);
}

function sigmaOf(
  values: Float32Array,
  [first = 1, second = 1]: readonly number[],
  axis: 0 | 1,
  u: Float32Array,
  v: Float32Array,
): number {
  const rest = values.length / (first * second);
  let sigma = 0;
  for (let i = 0; i < first; i++) {
    for (let j = 0; j < second; j++) {
      const [row, column] = axis === 0 ? [i, j] : [j, i];
      for (let k = 0; k < rest; k++) sigma += u[row]! * v[column * rest + k]! * values[(i * second + j) * rest + k]!;
    }
  }
  return sigma;
}

function normalisedWeight(
  tensors: StateDict,
  name: string,
  direction: CheckpointTensor,
  used: Set<string>,
): CheckpointTensor | undefined {
  for (const { direction: pattern, size: sizeName } of WEIGHT) {
    const base = pattern.exec(name)?.[1];
    const size = tensors.get(`${base}${sizeName}`);
    if (base === undefined || !size || size.shape.length !== direction.shape.length) continue;
    used.add(name).add(`${base}${sizeName}`);
    return { type: 'float32', shape: direction.shape, floats: () => scaled(direction, size) };
  }
  return undefined;
}

/** g v / |v|, the norm being over all axes along which g has one value. */
function scaled(direction: CheckpointTensor, size: CheckpointTensor): Float32Array {
  const [values, sizes] = [direction.floats(), size.floats()];
  const norms = new Float64Array(sizes.length);
  const place = (index: number) => {
    let [rest, at, stride] = [index, 0, 1];
    for (let axis = direction.shape.length - 1; axis >= 0; axis--) {
      const extent = direction.shape[axis]!;
      const own = size.shape[axis]!;
      if (own > 1) {
        at += (rest % extent) * stride;
        stride *= own;
      }
      rest = Math.floor(rest / extent);
    }
    return at;
  };
  values.forEach((value, i) => {
    norms[place(i)]! += value * value;
  });
  return values.map((value, i) => (value * sizes[place(i)]!) / Math.sqrt(norms[place(i)]!));
}
