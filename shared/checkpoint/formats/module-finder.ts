/** Makes network records of the objects in a pickle. */
import { corrupt } from './faults.ts';
import { NdArray } from './pickle/numpy.ts';
import { StridedTensor } from './pickle/strided.ts';
import { type Dict, Instance, type PickleValue, Sequence } from './pickle/values.ts';
import type { PlainReader } from './plain.ts';
import type { PlainValue, SavedModule } from './saved-module.ts';
import type { CheckpointTensor, StateDict } from './tensor.ts';

/** Tensors and modules: a network may hold the same ones in several places, and whoever walks through it meets each. */
const MAX_PARTS = 200_000;
const MAX_DEPTH = 64;

/** torch.nn.Module's own bookkeeping, and what is read in its own way. */
const BOOKKEEPING =
  /^_(parameters|buffers|modules|backend|non_persistent_buffers_set|is_full_backward_hook|.*_hooks(_with_kwargs|_always_called)?|backward_pre_hooks|init_(args|kwargs))$/;

/** Makes networks of the objects in a pickle. */
export class NetworkReader {
  private readonly plain: PlainReader;
  private readonly made = new Map<Instance, SavedModule>();
  /** How many parts someone who walks through all of it meets. */
  private readonly sizes = new Map<SavedModule, number>();
  /** Those being made now: to meet one again is to go in a circle. */
  private readonly making = new Set<Instance>();

  constructor(plain: PlainReader) {
    this.plain = plain;
  }

  /** The network that an object is, or undefined where it is none. */
  read(object: Instance): SavedModule | undefined {
    if (isTorchModule(object)) return this.memoized(object, () => this.torchModule(object));
    if (isTensorFlowNetwork(object)) return this.memoized(object, () => this.tensorFlowNetwork(object));
    return undefined;
  }

  private memoized(object: Instance, make: () => SavedModule): SavedModule {
    const known = this.made.get(object);
    if (known) return known;
    if (this.making.has(object)) throw corrupt('a network contains itself');
    if (this.making.size === MAX_DEPTH) throw corrupt('its networks are nested too deeply');
    this.making.add(object);
    const record = make();
    this.making.delete(object);
    let size = 1 + record.parameters.size + record.buffers.size;
    for (const child of record.modules.values()) size += this.sizes.get(child) ?? 0;
    if (size > MAX_PARTS) throw corrupt('a network has too many parts');
    this.sizes.set(record, size);
    this.made.set(object, record);
    return record;
  }

  private torchModule({ className, attributes }: Instance): SavedModule {
    return {
      className,
      parameters: tensorsOf(attributes.dict('_parameters')),
      buffers: tensorsOf(attributes.dict('_buffers')),
      modules: this.modulesOf(attributes.dict('_modules')),
      attributes: this.attributesOf(attributes, (name) => BOOKKEEPING.test(name)),
    };
  }

  /** dnnlib.tflib.Network: its variables as (name, array) pairs, and the networks it is made of. */
  private tensorFlowNetwork({ className, attributes }: Instance): SavedModule {
    const parameters = new Map<string, CheckpointTensor>();
    const variables = attributes.entries.get('variables');
    if (variables instanceof Sequence) {
      for (const pair of variables.items) {
        const [name, value] = pair instanceof Sequence ? pair.items : [];
        // Some are single numbers of numpy's.
        const tensor = typeof value === 'number' ? scalarTensor(value) : tensorOf(value);
        if (typeof name === 'string' && tensor) parameters.set(name, tensor);
      }
    }
    const components = attributes.entries.get('components');
    return {
      className,
      parameters,
      buffers: new Map(),
      modules: this.modulesOf(components instanceof Instance ? components.entries : attributes.dict('components')),
      attributes: this.attributesOf(attributes, (name) => /^(variables|components|.*_module_src)$/.test(name)),
    };
  }

  private modulesOf(dict: Dict | undefined): ReadonlyMap<string, SavedModule> {
    const modules = new Map<string, SavedModule>();
    for (const [name, value] of dict?.entries ?? []) {
      const module = value instanceof Instance ? this.read(value) : undefined;
      if (module) modules.set(String(name), module);
    }
    return modules;
  }

  private attributesOf({ entries }: Dict, skip: (name: string) => boolean): ReadonlyMap<string, PlainValue> {
    const attributes = new Map<string, PlainValue>();
    for (const [key, value] of entries) {
      const name = String(key);
      const plain = skip(name) ? undefined : this.plain.read(value);
      if (plain !== undefined) attributes.set(name, plain);
    }
    return attributes;
  }
}

function isTorchModule({ attributes }: Instance): boolean {
  return attributes.dict('_parameters') !== undefined && attributes.dict('_modules') !== undefined;
}

export function isTensorFlowNetwork({ className, attributes }: Instance): boolean {
  return className === 'Network' && attributes.entries.get('variables') instanceof Sequence;
}

/** The tensors among the values of a dictionary. A numpy array is one too. */
export function tensorsOf(dict: Dict | undefined): StateDict {
  const tensors = new Map<string, CheckpointTensor>();
  for (const [name, value] of dict?.entries ?? []) {
    const tensor = tensorOf(value);
    if (tensor && typeof name === 'string') tensors.set(name, tensor);
  }
  return tensors;
}

function tensorOf(value: PickleValue | undefined): CheckpointTensor | undefined {
  if (value instanceof StridedTensor) return value;
  return value instanceof NdArray ? value.tensor : undefined;
}

function scalarTensor(value: number): CheckpointTensor {
  return { type: 'float64', shape: [], floats: () => Float32Array.of(value) };
}
