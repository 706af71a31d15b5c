/** Finds modules of this folder that are run in processes of their own. */
import { extname, join } from 'node:path';

/** The path of a module of this folder, to be run by itself: TypeScript here, JavaScript in the npm package. */
export function beside(name: string): string {
  return join(import.meta.dirname, `${name}${extname(import.meta.filename)}`);
}
