/** Finds what a global of a pickle stands for, among the few that are modelled. */

import { MODULE_GLOBALS } from './modules.ts';
import { NUMPY_GLOBALS } from './numpy.ts';
import { PYTHON_GLOBALS } from './python.ts';
import { TORCH_GLOBALS } from './torch.ts';
import { type Constructor, Instance } from './values.ts';

const GLOBALS: ReadonlyMap<string, Constructor> = new Map([
  ...PYTHON_GLOBALS,
  ...NUMPY_GLOBALS,
  ...TORCH_GLOBALS,
  ...MODULE_GLOBALS,
]);

function layer(className: string): Constructor {
  return { make: () => new Instance(className) };
}

/** What a global stands for; undefined for all code that this reader does not model. */
export function findGlobal(module: string, name: string): Constructor | undefined {
  // Layers, in networks saved whole.
  if (/^torch\.nn\.(modules|parallel)\.[\w.]+$/.test(module) && /^[A-Z]\w*$/.test(name)) return layer(name);
  // A space is what neither a module nor a name has: "a.b" of "c" and "b" of "c.a" are different pieces of code.
  return name.includes(' ') || module.includes(' ') ? undefined : GLOBALS.get(`${module} ${name}`);
}
