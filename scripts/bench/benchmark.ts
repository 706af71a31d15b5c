/** One comparison: two things done in turn in the same run, as a ratio. Absolute times mean nothing on a busy machine. */
export interface Row {
  readonly name: string;
  /** What is divided by what, and on which data. */
  readonly what: string;
  readonly ratio: number;
  readonly target: { readonly most: number } | { readonly least: number };
  /** What the ratio was made of: milliseconds, bytes or samples per second, by name. */
  readonly parts: Readonly<Record<string, number>>;
}

/** A benchmark that cannot run here, and why. */
export interface Skipped {
  readonly name: string;
  readonly skipped: string;
}

export interface Benchmark {
  readonly name: string;
  /** `folder` is empty and removed afterwards. `note` tells the person who waits. */
  run(options: BenchmarkOptions): Promise<readonly (Row | Skipped)[]>;
}

export interface BenchmarkOptions {
  readonly quick: boolean;
  readonly folder: string;
  readonly note: (text: string) => void;
}

export function meetsTarget({ ratio, target }: Row): boolean {
  return 'most' in target ? ratio <= target.most : ratio >= target.least;
}
