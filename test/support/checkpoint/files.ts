import type { PlainValue, SavedModule } from '../../../shared/checkpoint/formats/saved-module.ts';
import type { StateDict } from '../../../shared/checkpoint/formats/tensor.ts';
import { tensorOf, writeSafetensors } from '../../../shared/safetensors.ts';
import { nvlabsPickle, type SavedNetwork } from './nvlabs-writer.ts';
import type { Py } from './pickler.ts';
import { floatTensor, type SavedDict } from './torch-writer.ts';

/** Checkpoints as their tools would write them, of networks that are at hand. */

export function savedDict(tensors: StateDict): SavedDict {
  return Object.fromEntries([...tensors].map(([name, one]) => [name, floatTensor(one.shape, [...one.floats()])]));
}

export function safetensorsFile(tensors: StateDict): Uint8Array {
  return writeSafetensors(
    Object.fromEntries([...tensors].map(([name, one]) => [name, tensorOf('F32', one.floats(), one.shape)])),
  );
}

/** What NVlabs' training writes: networks by name, and its settings. */
export function networkPickle(
  networks: Readonly<Record<string, SavedModule>>,
  settings: ReadonlyMap<string, Py> = new Map(),
): Uint8Array {
  const saved = Object.entries(networks).map(([name, record]) => [name, savedNetwork(record)]);
  return nvlabsPickle(Object.fromEntries(saved), settings);
}

function savedNetwork({ className, parameters, buffers, modules, attributes }: SavedModule): SavedNetwork {
  return {
    className,
    parameters: savedDict(parameters),
    buffers: savedDict(buffers),
    modules: Object.fromEntries([...modules].map(([name, child]) => [name, savedNetwork(child)])),
    attributes: Object.fromEntries([...attributes].map(([name, value]) => [name, pickled(value)])),
  };
}

function pickled(value: PlainValue): Py {
  if (value instanceof Map) return new Map([...value].map(([key, one]) => [key, pickled(one)]));
  return Array.isArray(value) ? value.map(pickled) : (value as Exclude<PlainValue, readonly PlainValue[]>);
}
