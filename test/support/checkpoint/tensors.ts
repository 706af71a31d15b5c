import { RandomState } from '../../../shared/audit/numbers/random.ts';
import type { LoadedCheckpoint } from '../../../shared/checkpoint/formats/loaded.ts';
import type { CheckpointTensor, StateDict } from '../../../shared/checkpoint/formats/tensor.ts';

/** A tensor that no file holds. */
export function tensor(values: ArrayLike<number>, shape: readonly number[]): CheckpointTensor {
  return { type: 'float32', shape, floats: () => Float32Array.from(values) };
}

/** A checkpoint of state dicts alone, as if it had been read. */
export function loadedOf(stateDicts: Readonly<Record<string, StateDict>>): LoadedCheckpoint {
  return {
    container: 'torch zip',
    modules: new Map(),
    stateDicts: new Map(Object.entries(stateDicts)),
    settings: new Map(),
    findings: [],
  };
}

/** The state dict of a small DCGAN with random weights, of 4 pixels doubled so often, its names behind `prefix`. */
export function dcganDict({
  prefix = 'main.',
  latent = 6,
  channels = 3,
  doublings = 2,
  seed = 1,
} = {}): Map<string, CheckpointTensor> {
  const random = new RandomState(seed);
  const dict = new Map<string, CheckpointTensor>();
  const normal = (count: number, centre = 0, deviation = 1) => {
    const values = new Float32Array(count);
    random.randn(values);
    return values.map((value) => centre + deviation * value);
  };
  const widths = [latent, 5, ...new Array<number>(doublings - 1).fill(4), channels];
  for (let i = 0; i <= doublings; i++) {
    const [input, output] = [widths[i]!, widths[i + 1]!];
    dict.set(`${prefix}${3 * i}.weight`, tensor(normal(input * output * 16, 0, 0.3), [input, output, 4, 4]));
    if (i === doublings) continue;
    const name = `${prefix}${3 * i + 1}`;
    dict.set(`${name}.weight`, tensor(normal(output, 1, 0.2), [output]));
    dict.set(`${name}.bias`, tensor(normal(output, 0, 0.2), [output]));
    dict.set(`${name}.running_mean`, tensor(normal(output, 0, 0.3), [output]));
    dict.set(
      `${name}.running_var`,
      tensor(
        normal(output).map((value) => 0.5 + value * value),
        [output],
      ),
    );
    dict.set(`${name}.num_batches_tracked`, tensor([7], []));
  }
  return dict;
}
