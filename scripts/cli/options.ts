import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { isErrno, RewoundError } from '../../shared/errors.ts';
import { DEVICES, type Device } from '../../shared/onnx/runtime.ts';
import type { Settings } from '../../shared/pipeline/planning/settings.ts';
import { named } from './files.ts';

export function usage(message: string, help = 'Run "rewound --help" for the options.'): RewoundError {
  return new RewoundError('USAGE', message, { help });
}

/** `parseArgs` with our errors. */
export function parse<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error));
  }
}

/** The one positional argument a command takes. */
export function onlyArgument(positionals: readonly string[], what: string): string {
  const [first, ...more] = positionals;
  if (first === undefined) throw usage(`The ${what} is missing.`);
  if (more.length > 0) throw usage(`One ${what} at a time, please: "${more[0]}" is too much.`);
  return first;
}

/** The npm scripts that run this command line. npm runs them in the repository, wherever the user stands. */
const NPM_SCRIPTS = new Set(['rewound', 'serve', 'demo']);

/** A path as the user means it: relative to where the command was typed. */
export function userPath(path: string): string {
  const { npm_lifecycle_event: script, INIT_CWD: typedIn } = process.env;
  return resolve(script !== undefined && NPM_SCRIPTS.has(script) && typedIn ? typedIn : '.', path);
}

/** What is at a path; undefined where nothing is. Throws where the system does not let this user look. */
function foundAt(path: string): Promise<Stats | undefined> {
  return named(path, 'read', () =>
    stat(path).catch((error) => {
      if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return undefined;
      throw error;
    }),
  );
}

/** Throws unless there is a file: NOT_FOUND, or USAGE for a folder. */
export async function requireFile(path: string): Promise<void> {
  const found = await foundAt(path);
  if (found?.isDirectory()) throw usage(`${path} is a folder, not a file.`, 'Give the path of the file in it.');
  if (!found?.isFile()) {
    throw new RewoundError('NOT_FOUND', `There is no file ${path}.`, { help: 'Check the path.' });
  }
}

/** The folder an option names. Throws NOT_FOUND unless it is there. */
export async function requireFolder(path: string, option: string): Promise<string> {
  const folder = userPath(path);
  const found = await foundAt(folder);
  if (!found?.isDirectory()) {
    throw new RewoundError('NOT_FOUND', `${option}: there is no folder ${folder}.`, { help: 'Check the path.' });
  }
  return folder;
}

/** A whole number within bounds. */
export function whole(text: string | undefined, name: string, low: number, high: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text.replaceAll('_', ''));
  if (!/^[\d_]+$/.test(text) || !Number.isInteger(value) || value < low || value > high) {
    throw usage(`--${name} takes a whole number from ${low} to ${high}, not "${text}".`);
  }
  return value;
}

export function device(text: string): Device {
  const found = DEVICES.find((name) => name === text);
  if (!found) throw usage(`--device is one of ${DEVICES.join(', ')}, not "${text}".`);
  return found;
}

export function oneOf<T extends string>(text: string, name: string, allowed: readonly T[]): T {
  const found = allowed.find((value) => value === text);
  if (!found) throw usage(`--${name} is one of ${allowed.join(', ')}, not "${text}".`);
  return found;
}

type Card = NonNullable<Settings['card']>;

/** `normal`, or `uniform:low:high`. */
export function latent(text: string): NonNullable<Card['latent']> {
  if (text === 'normal') return { distribution: 'normal' };
  const [name, low, high, ...more] = text.split(':');
  const bounds = [low, high].map((bound) => (bound === undefined || bound === '' ? Number.NaN : Number(bound)));
  if (name !== 'uniform' || more.length > 0 || !bounds.every(Number.isFinite) || bounds[0]! >= bounds[1]!) {
    throw usage(`--latent is "normal" or "uniform:low:high", not "${text}".`);
  }
  return { distribution: 'uniform', low: bounds[0]!, high: bounds[1]! };
}
