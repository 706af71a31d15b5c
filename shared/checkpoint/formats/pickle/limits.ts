/**
 * What a pickle may cost, whatever it says: a second of work at most. The largest checkpoints people share need a tenth
 * of each, for weights are not read with the pickle.
 */
export const LIMITS = {
  /** Opcodes in a file, nested pickles included: each costs a fraction of a microsecond. */
  operations: 1_500_000,
  /** Values on the stack. */
  stack: 1_000_000,
  /** Open marks, which is to say containers within containers. */
  marks: 1_000,
  memo: 2_000_000,
  /** Longer texts stay in the file, undecoded: source code, and weights written as text by protocol 2. */
  text: 1 << 14,
  /** Python 2 wrote bytes as it wrote texts: longer ones are taken for bytes. */
  shortBytes: 256,
  /** Characters of all decoded texts; a value copied from one container to another counts as eight. */
  characters: 1 << 25,
  /** A line of protocol 0. */
  line: 1 << 16,
  /** Bytes of an integer. */
  integer: 256,
  /** Decimal digits of an integer. */
  digits: 600,
  /** Elements of the arguments of a call, of a shape, and of a tuple used as the key of a dictionary. */
  tuple: 64,
  /** Names of code in one file. */
  names: 1_000,
  /** Characters of a name of code. */
  name: 500,
} as const;
