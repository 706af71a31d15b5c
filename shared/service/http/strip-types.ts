/** Takes the types out of a TypeScript module, as Node.js does with its own, so that a browser can run it. */
import { stripTypeScriptTypes } from 'node:module';
import { withoutWarning } from '../../terminal.ts';

/** Names what takes the types out. Another version may leave other blanks. */
export const STRIPPED_BY = `amaro ${process.versions.amaro}`;

/**
 * A module without its types, which become blanks: every line stays where it was. Throws SyntaxError where it has more
 * TypeScript than types.
 */
export function withoutTypes(text: string): string {
  return withoutWarning('stripTypeScriptTypes ', () => stripTypeScriptTypes(text));
}
