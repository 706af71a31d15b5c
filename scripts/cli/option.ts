/** What an option of a command is: its value's type, its default, its help and how it is read, declared once. */
import { DEVICES, type Device } from '../../shared/onnx/runtime.ts';
import type { Settings } from '../../shared/pipeline/planning/settings.ts';
import { usage } from './usage.ts';

/** An option whose value is a V. `--help`, the defaults and the parser are all made of it. */
export interface Option<V> {
  /** What the value is called in the help; undefined for a flag, which takes none. */
  readonly takes: string | undefined;
  readonly help: string;
  /** What is taken where the option is not given, as the help shows it. */
  readonly fallback?: string | undefined;
  /** Whether it may be given several times. */
  readonly many?: boolean;
  /** The heading under which the help lists it. */
  readonly group?: string;
  /** The value of what was given, in order; nothing where the option was not. Throws USAGE. */
  read(given: readonly string[], flag: string): V;
}

export type Options = Readonly<Record<string, Option<unknown>>>;
export type Values<O extends Options> = { readonly [K in keyof O]: O[K] extends Option<infer V> ? V : never };

/** Reads the text of a value. `flag` is the option as it is typed, such as `--samples`. Throws USAGE. */
export type Reader<V> = (text: string, flag: string) => V;

export function flag(help: string): Option<boolean> {
  return { takes: undefined, help, read: (given) => given.length > 0 };
}

/** A value that may be left out. */
export function optional<V>(takes: string, help: string, read: Reader<V>): Option<V | undefined> {
  return { takes, help, read: ([text], name) => (text === undefined ? undefined : read(text, name)) };
}

/** A value with a default, which is written as the user would write it. */
export function withDefault<V>(takes: string, help: string, read: Reader<V>, fallback: string): Option<V> {
  return { takes, help, fallback, read: ([text = fallback], name) => read(text, name) };
}

/** A value that must be given; `why` says what for. */
export function required<V>(takes: string, help: string, read: Reader<V>, why: string): Option<V> {
  return {
    takes,
    help,
    read([text], name) {
      if (text === undefined) throw usage(`${name} is missing: ${why}.`);
      return read(text, name);
    },
  };
}

/** A value that may be given several times. */
export function several<V>(takes: string, help: string, read: Reader<V>): Option<readonly V[]> {
  return { takes, help, many: true, read: (given, name) => given.map((text) => read(text, name)) };
}

/** The same options, listed under a heading of their own. */
export function grouped<O extends Options>(group: string, options: O): O {
  // Each keeps its type: only the heading is added.
  return Object.fromEntries(Object.entries(options).map(([name, option]) => [name, { ...option, group }])) as O;
}

export const asText: Reader<string> = (text) => text;

/** A whole number within bounds; digits may be parted by underscores. */
export function asWhole(low: number, high: number): Reader<number> {
  return (text, name) => {
    const value = Number(text.replaceAll('_', ''));
    if (!/^[\d_]+$/.test(text) || !Number.isInteger(value) || value < low || value > high) {
      throw usage(`${name} takes a whole number from ${low} to ${high}, not "${text}".`);
    }
    return value;
  };
}

export const asPositive: Reader<number> = (text, name) => {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0) {
    throw usage(`${name} takes a number above 0, not "${text}".`);
  }
  return value;
};

export function asOneOf<T extends string>(allowed: readonly T[]): Reader<T> {
  return (text, name) => {
    const found = allowed.find((value) => value === text);
    if (!found) throw usage(`${name} is one of ${allowed.join(', ')}, not "${text}".`);
    return found;
  };
}

export const asDevice: Reader<Device> = asOneOf(DEVICES);

/** `normal`, or `uniform:low:high`. */
export const asLatent: Reader<NonNullable<NonNullable<Settings['card']>['latent']>> = (text, name) => {
  if (text === 'normal') return { distribution: 'normal' };
  const [law, low, high, ...more] = text.split(':');
  const bounds = [low, high].map((bound) => (bound === undefined || bound === '' ? Number.NaN : Number(bound)));
  if (law !== 'uniform' || more.length > 0 || !bounds.every(Number.isFinite) || bounds[0]! >= bounds[1]!) {
    throw usage(`${name} is "normal" or "uniform:low:high", not "${text}".`);
  }
  return { distribution: 'uniform', low: bounds[0]!, high: bounds[1]! };
};
