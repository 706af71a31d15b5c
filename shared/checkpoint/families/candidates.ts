/** Chooses the network of a family among all in a checkpoint. */
import { RewoundError } from '../../errors.ts';
import type { Assumption } from '../spec/generator.ts';

/** The moving average of a generator's weights, which all families' own tools draw from. */
const AVERAGED: readonly string[] = ['G_ema', 'g_ema', 'avgG', 'Gs', 'ema_model', 'params_ema'];

export interface Candidate<T> {
  /** Its path in the file. */
  readonly name: string;
  readonly value: T;
  /** Nothing where the file leaves no choice. */
  readonly assumptions: readonly Assumption[];
}

/**
 * The network of a family among all there are in a checkpoint: the one asked for, the averaged one, or the only one.
 * Undefined where there is none of this family. Throws CHECKPOINT_AMBIGUOUS where several are equally likely.
 */
export function candidate<T>(
  networks: ReadonlyMap<string, T>,
  matches: (network: T) => boolean,
  asked: string | undefined,
): Candidate<T> | undefined {
  const found = new Map([...networks].filter(([, network]) => matches(network)));
  if (found.size === 0) return undefined;
  const names = [...found.keys()];
  const name = asked ?? averaged(names) ?? (names.length === 1 ? names[0]! : undefined);
  if (name === undefined) {
    throw new RewoundError('CHECKPOINT_AMBIGUOUS', `The checkpoint holds several generators: ${names.join(', ')}.`, {
      help: 'Say which one to audit, by its name.',
    });
  }
  const value = found.get(name);
  if (value === undefined) return undefined;
  const source = asked === undefined ? "averaged weights, as the family's own tool takes" : 'settings';
  return { name, value, assumptions: names.length > 1 ? [{ what: 'network', value: name, source }] : [] };
}

/** By its own name, in whatever the file has it. */
function averaged(names: readonly string[]): string | undefined {
  const found = names.filter((name) => AVERAGED.includes(name.slice(name.lastIndexOf('.') + 1)));
  return found.length === 1 ? found[0] : undefined;
}
