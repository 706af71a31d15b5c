/** Writes and reads JSON that gives the same value back. */
import { RewoundError } from '../errors.ts';
import type { Json } from './ports.ts';

/**
 * JSON that reads back as the same value. The type alone does not keep out NaN or a Date behind a cast, and
 * JSON.stringify would quietly turn them into something else.
 * @throws INTERNAL if `value` holds anything but JSON.
 */
export function toJsonText(value: Json): string {
  assertJson(value);
  return JSON.stringify(value);
}

/** The value of a text that `toJsonText` made. Throws SyntaxError for anything that is not JSON. */
export function parseJson(text: string): Json {
  return JSON.parse(text);
}

function assertJson(value: unknown): void {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return;
  if (typeof value === 'number' && Number.isFinite(value)) return;
  if (typeof value === 'object' && (Array.isArray(value) || isPlain(value))) {
    for (const item of Object.values(value)) assertJson(item);
    return;
  }
  throw new RewoundError('INTERNAL', `A ${describe(value)} cannot be stored as JSON.`, {
    help: 'This is a defect in Rewound. Please report it with the command you ran.',
  });
}

/** Objects of a literal or of JSON.parse, not of a class. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The kind of a value, never the value itself. */
function describe(value: unknown): string {
  return typeof value === 'number' ? 'number that is not finite' : `value of type ${typeof value}`;
}
