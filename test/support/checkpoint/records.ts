import { RandomState } from '../../../shared/audit/numbers/random.ts';
import type { LoadedCheckpoint } from '../../../shared/checkpoint/formats/loaded.ts';
import type { PlainValue, SavedModule } from '../../../shared/checkpoint/formats/saved-module.ts';
import type { CheckpointTensor } from '../../../shared/checkpoint/formats/tensor.ts';

export function tensorOf(shape: readonly number[], values: ArrayLike<number>): CheckpointTensor {
  const count = shape.reduce((product, extent) => product * extent, 1);
  if (values.length !== count) throw new RangeError(`${values.length} values cannot be [${shape}]`);
  return { type: 'float32', shape, floats: () => Float32Array.from(values) };
}

interface Parts {
  readonly parameters?: Readonly<Record<string, CheckpointTensor>>;
  readonly buffers?: Readonly<Record<string, CheckpointTensor>>;
  readonly modules?: Readonly<Record<string, SavedModule>>;
  readonly attributes?: Readonly<Record<string, PlainValue>>;
}

export function recordOf(className: string, parts: Parts): SavedModule {
  const { parameters = {}, buffers = {}, modules = {}, attributes = {} } = parts;
  return {
    className,
    parameters: new Map(Object.entries(parameters)),
    buffers: new Map(Object.entries(buffers)),
    modules: new Map(Object.entries(modules)),
    attributes: new Map(Object.entries(attributes)),
  };
}

/** The same record with other attributes in the module at `path`, as another program or a damaged file would have it. */
export function withAttributes(
  record: SavedModule,
  path: readonly string[],
  attributes: Readonly<Record<string, PlainValue>>,
): SavedModule {
  const [first, ...rest] = path;
  if (first === undefined) {
    return { ...record, attributes: new Map([...record.attributes, ...Object.entries(attributes)]) };
  }
  const child = withAttributes(record.modules.get(first)!, rest, attributes);
  return { ...record, modules: new Map([...record.modules, [first, child]]) };
}

/** What a reader gives of a pickle with this one network. */
export function loadedOf(network: SavedModule, key = 'G_ema'): LoadedCheckpoint {
  return {
    container: 'NVlabs pickle',
    modules: new Map([[key, network]]),
    stateDicts: new Map(),
    settings: new Map(),
    findings: [],
  };
}

/** Random tensors, the same in every run. */
export class RandomTensors {
  private readonly state: RandomState;

  constructor(seed: number) {
    this.state = new RandomState(seed);
  }

  /** Normal, times `scale`, plus `mean`. */
  normal(shape: readonly number[], scale = 1, mean = 0): CheckpointTensor {
    const values = new Float32Array(shape.reduce((product, extent) => product * extent, 1));
    this.state.randn(values);
    return tensorOf(
      shape,
      values.map((value) => value * scale + mean),
    );
  }

  /** Positive, without symmetry, and summing to one: a filter in which nothing can be swapped unseen. */
  filter(shape: readonly number[]): CheckpointTensor {
    const values = this.normal(shape)
      .floats()
      .map((value) => Math.exp(value / 2));
    const sum = values.reduce((total, value) => total + value, 0);
    return tensorOf(
      shape,
      values.map((value) => value / sum),
    );
  }
}
