import { numpyArray } from './nvlabs-writer.ts';
import { Call, Global, type Py, pickle, Tuple } from './pickler.ts';

/** A network of dnnlib.tflib, as StyleGAN's and StyleGAN2's TensorFlow releases hold three. */
export interface SavedTensorFlowNetwork {
  readonly name: string;
  readonly settings: Readonly<Record<string, Py>>;
  readonly variables: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly values: readonly number[] }>
  >;
  readonly components?: Readonly<Record<string, SavedTensorFlowNetwork>>;
}

export function tensorFlowPickle(networks: readonly SavedTensorFlowNetwork[], protocol: 2 | 4): Uint8Array {
  return pickle(new Tuple(...networks.map(networkCall)), protocol);
}

function networkCall({ name, settings, variables, components = {} }: SavedTensorFlowNetwork): Call {
  const state = new Map<Py, Py>([
    ['version', 4],
    ['name', name],
    ['static_kwargs', easyDict(settings)],
    [
      'components',
      easyDict(Object.fromEntries(Object.entries(components).map(([key, one]) => [key, networkCall(one)]))),
    ],
    ['build_module_src', 'raise RuntimeError("this must not run")'],
    ['build_func_name', 'G_main'],
    [
      'variables',
      Object.entries(variables).map(
        ([key, { shape, values }]) =>
          new Tuple(key, numpyArray('f4', shape, new Uint8Array(Float32Array.from(values).buffer))),
      ),
    ],
  ]);
  return new Call(new Global('dnnlib.tflib.network', 'Network'), [], { make: true, state });
}

function easyDict(entries: Readonly<Record<string, Py>>): Call {
  return new Call(new Global('dnnlib.util', 'EasyDict'), [], { make: true, entries: new Map(Object.entries(entries)) });
}
