/** Checks the arguments that a pickle gives to what it calls. */
import { bytesSource } from '../source.ts';
import { LIMITS } from './limits.ts';
import { Bytes, Global, kindOf, Misfit, type PickleValue, Sequence } from './values.ts';

/** Arguments of modelled constructors, checked. Each function throws Misfit; `what` begins its sentence. */

/** A size, an offset or a stride. */
export function countOf(value: PickleValue | undefined, what: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw misfit(value, what, 'a count');
}

export function countsOf(value: PickleValue | undefined, what: string): readonly number[] {
  const items = itemsOf(value, what);
  if (items.length > LIMITS.tuple) throw new Misfit(`${what} has ${items.length} numbers`);
  return items.map((item) => countOf(item, what));
}

export function textOf(value: PickleValue | undefined, what: string): string {
  if (typeof value === 'string') return value;
  throw misfit(value, what, 'a text');
}

/** Items of a tuple or a list. */
export function itemsOf(value: PickleValue | undefined, what: string): readonly PickleValue[] {
  if (value instanceof Sequence && value.kind !== 'set') return value.items;
  throw misfit(value, what, 'a tuple');
}

export function globalOf(value: PickleValue | undefined, what: string): Global {
  if (value instanceof Global) return value;
  throw misfit(value, what, 'a name of code');
}

/** Bytes, which Python 2 writes as a text with a character for each byte. */
export function bytesOf(value: PickleValue | undefined, what: string): Bytes {
  if (value instanceof Bytes) return value;
  if (typeof value === 'string' && value.length <= LIMITS.shortBytes) return latin1Bytes(value, what);
  throw misfit(value, what, 'bytes');
}

/** Each character as a byte. */
export function latin1Bytes(text: string, what: string): Bytes {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that are bytes
  if (!/^[\x00-\xff]*$/.test(text)) throw new Misfit(`${what} holds a character that is no byte`);
  return bytesInMemory(Buffer.from(text, 'latin1'));
}

export function bytesInMemory(bytes: Uint8Array): Bytes {
  return new Bytes(bytesSource(bytes), 0, bytes.length);
}

function misfit(value: PickleValue | undefined, what: string, wanted: string): Misfit {
  return new Misfit(`${what} is ${value === undefined ? 'missing' : kindOf(value)}, not ${wanted}`);
}
