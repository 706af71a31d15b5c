import { RewoundError } from '../../errors.ts';
import type { Assumption } from '../generator.ts';

/** The moving average of a generator's weights, which all families' own tools draw from. */
const AVERAGED = ['G_ema', 'g_ema'] as const;

export interface Candidate<T> {
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
  const name = asked ?? AVERAGED.find((known) => found.has(known)) ?? (names.length === 1 ? names[0]! : undefined);
  if (name === undefined) {
    throw new RewoundError('CHECKPOINT_AMBIGUOUS', `The checkpoint holds several generators: ${names.join(', ')}.`, {
      help: 'Say which one to audit, by its name.',
    });
  }
  const value = found.get(name);
  if (value === undefined) return undefined;
  const source = asked === undefined ? "averaged weights, as the family's own tool takes" : 'settings';
  return { value, assumptions: names.length > 1 ? [{ what: 'network', value: name, source }] : [] };
}
