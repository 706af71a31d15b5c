import { Call, Global, type Py, PySet, pickle, Tuple } from './pickler.ts';
import { emptyOrderedDict, type SavedDict, storageFile, tensorCall } from './torch-writer.ts';

/** A network as torch_utils.persistence saves it. */
export interface SavedNetwork {
  readonly className: string;
  readonly parameters?: SavedDict;
  readonly buffers?: SavedDict;
  readonly modules?: Readonly<Record<string, SavedNetwork>>;
  readonly attributes?: Readonly<Record<string, Py>>;
}

/** A dictionary of networks and settings by protocol 4, as NVlabs' training scripts write it. */
export function nvlabsPickle(
  networks: Readonly<Record<string, SavedNetwork>>,
  settings: ReadonlyMap<Py, Py>,
): Uint8Array {
  const entries = Object.entries(networks).map(([key, network]): [Py, Py] => [key, networkCall(network)]);
  return pickle(new Map([...entries, ...settings]), 4);
}

/** Source code that whoever executes it would see. */
const SOURCE = 'raise RuntimeError("this must not run")\n';

function networkCall({ className, parameters = {}, buffers = {}, modules = {}, attributes = {} }: SavedNetwork): Call {
  const state = new Map<Py, Py>([
    ['training', false],
    ['_parameters', orderedDict(parameters, true)],
    ['_buffers', orderedDict(buffers, false)],
    ['_non_persistent_buffers_set', new PySet()],
    ['_backward_hooks', emptyOrderedDict()],
    ['_forward_hooks', emptyOrderedDict()],
    ['_modules', new Call(ORDERED_DICT, [], { entries: new Map(Object.entries(modules).map(networkEntry)) })],
    ...Object.entries(attributes),
  ]);
  const meta = new Map<Py, Py>([
    ['type', 'class'],
    ['version', 6],
    ['module_src', SOURCE],
    ['class_name', className],
    ['state', state],
  ]);
  return new Call(new Global('torch_utils.persistence', '_reconstruct_persistent_obj'), [meta]);
}

const ORDERED_DICT = new Global('collections', 'OrderedDict');

function networkEntry([name, network]: [string, SavedNetwork]): [Py, Py] {
  return [name, networkCall(network)];
}

function orderedDict(tensors: SavedDict, areParameters: boolean): Call {
  const entries = Object.entries(tensors).map(([name, saved], i): [Py, Py] => {
    const blob = storageFile(saved, String(140_000_000_000_000 + 64 * i));
    const tensor = tensorCall(saved, new Call(new Global('torch.storage', '_load_from_bytes'), [blob]));
    if (!areParameters) return [name, tensor];
    return [name, new Call(new Global('torch._utils', '_rebuild_parameter'), [tensor, false, emptyOrderedDict()])];
  });
  return new Call(ORDERED_DICT, [], { entries: new Map(entries) });
}

/** A numpy scalar. */
export function numpyScalar(code: 'f4' | 'f8' | 'i8', bytes: Uint8Array): Call {
  return new Call(new Global('numpy.core.multiarray', 'scalar'), [dtypeCall(code), bytes]);
}

/** A numpy array, row by row. */
export function numpyArray(
  code: 'f4' | 'f8' | 'i8',
  shape: readonly number[],
  bytes: Uint8Array,
  fortran = false,
): Call {
  const make = new Global('numpy.core.multiarray', '_reconstruct');
  const args = [new Global('numpy', 'ndarray'), new Tuple(0), Buffer.from('b')];
  const state = new Tuple(1, new Tuple(...shape), dtypeCall(code), fortran, bytes);
  return new Call(make, args, { state });
}

function dtypeCall(code: string): Call {
  const state = new Tuple(3, '<', null, null, null, -1, -1, 0);
  return new Call(new Global('numpy', 'dtype'), [code, false, true], { state });
}
