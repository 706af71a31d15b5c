import { numpyArray, numpyScalar } from './nvlabs-writer.ts';
import { Call, Global, type Py, pickle, Tuple } from './pickler.ts';

/** A network of dnnlib.tflib, as StyleGAN's and StyleGAN2's TensorFlow releases hold three. */
export interface SavedTensorFlowNetwork {
  readonly name: string;
  readonly settings: Readonly<Record<string, Py>>;
  readonly variables: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly values: readonly number[] }>
  >;
  readonly components?: Readonly<Record<string, SavedTensorFlowNetwork>>;
  /** The function that builds it. */
  readonly builtBy?: string;
  /** Later releases keep settings and components in plain dictionaries. */
  readonly plain?: boolean;
}

export function tensorFlowPickle(networks: readonly SavedTensorFlowNetwork[], protocol: 2 | 4): Uint8Array {
  return pickle(new Tuple(...networks.map(networkCall)), protocol);
}

function networkCall(network: SavedTensorFlowNetwork): Call {
  const { name, settings, variables, components = {}, builtBy = 'G_main', plain = false } = network;
  const parts = Object.fromEntries(Object.entries(components).map(([key, one]) => [key, networkCall(one)]));
  const dictionary = (entries: Readonly<Record<string, Py>>) =>
    plain ? new Map<Py, Py>(Object.entries(entries)) : easyDict(entries);
  const state = new Map<Py, Py>([
    ['version', 4],
    ['name', name],
    ['static_kwargs', dictionary(settings)],
    ['components', dictionary(parts)],
    ['build_module_src', 'raise RuntimeError("this must not run")'],
    ['build_func_name', builtBy],
    [
      'variables',
      Object.entries(variables).map(([key, { shape, values }]) => {
        const bytes = new Uint8Array(Float32Array.from(values).buffer);
        return new Tuple(key, shape.length === 0 ? numpyScalar('f4', bytes) : numpyArray('f4', shape, bytes));
      }),
    ],
  ]);
  return new Call(new Global('dnnlib.tflib.network', 'Network'), [], { make: true, state });
}

function easyDict(entries: Readonly<Record<string, Py>>): Call {
  return new Call(new Global('dnnlib.util', 'EasyDict'), [], { make: true, entries: new Map(Object.entries(entries)) });
}
