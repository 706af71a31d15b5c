/** Models the network records of StyleGAN pickles. */
import { textOf } from './arguments.ts';
import { type Constructor, Dict, Instance, Misfit } from './values.ts';

/** Classes whose objects are read as bags of attributes: settings, and networks of the TensorFlow era. */
const CLASSES = [
  'argparse Namespace',
  'types SimpleNamespace',
  'dnnlib EasyDict',
  'dnnlib.util EasyDict',
  'dnnlib.tflib.network Network',
  'dnnlib.tflib Network',
  'tfutil Network',
];

/** torch_utils.persistence: (a dictionary with the class's name, its source code and the object's attributes). */
const persistent: Constructor = {
  call([meta]) {
    const fields = meta instanceof Instance ? meta.entries : meta;
    if (!(fields instanceof Dict)) throw new Misfit('a persistent object has no description');
    const state = fields.dict('state');
    const className = textOf(fields.entries.get('class_name'), 'the class of a persistent object');
    if (!state) throw new Misfit('a persistent object has no attributes');
    return new Instance(className, state);
  },
};

/** A path is its parts. */
const path: Constructor = {
  call: (parts) => parts.map((part) => textOf(part, 'a part of a path')).join('/'),
};

const PATHS = ['pathlib', 'pathlib._local'].flatMap((module) =>
  ['Path', 'PurePath', 'PosixPath', 'PurePosixPath', 'WindowsPath', 'PureWindowsPath'].map(
    (name) => `${module} ${name}`,
  ),
);

export const MODULE_GLOBALS: ReadonlyMap<string, Constructor> = new Map<string, Constructor>([
  ...CLASSES.map((global): [string, Constructor] => {
    const className = global.slice(global.indexOf(' ') + 1);
    return [global, { make: () => new Instance(className) }];
  }),
  ...PATHS.map((global): [string, Constructor] => [global, path]),
  ['torch_utils.persistence _reconstruct_persistent_obj', persistent],
]);
