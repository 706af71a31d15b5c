/** How snapshots are called, and where they stand. */
export interface Labels {
  readonly labels: readonly string[];
  /** The one number in each, where it is clear that it counts: null where it is not. */
  readonly numbers: readonly number[] | null;
}

/**
 * What tells the paths of reports apart: "reports/000400/report.json" beside "reports/000800/report.json" is 000400. A
 * number is taken from each where all names are the same but for one run of digits, and these rise in the order given.
 */
export function labelsOf(paths: readonly string[]): Labels {
  const split = paths.map((path) => path.replace(/\.json$/i, '').split(/[\\/]+/));
  const first = split[0] ?? [];
  if (split.length === 1) return { labels: [first.findLast((part) => part !== 'report') ?? 'report'], numbers: null };
  const shortest = Math.min(...split.map(({ length }) => length));
  let end = 0;
  while (end < shortest - 1 && split.every((parts) => parts.at(-1 - end) === first.at(-1 - end))) end++;
  let start = 0;
  while (start < shortest - end - 1 && split.every((parts) => parts[start] === first[start])) start++;
  const labels = split.map((parts) => parts.slice(start, parts.length - end).join('/'));
  return { labels, numbers: numbersIn(labels) };
}

function numbersIn(labels: readonly string[]): number[] | null {
  const found = labels.map((label) => /^(\D*)(\d{1,15})(\D*)$/.exec(label));
  const [first] = found;
  const numbers = found.flatMap((one) =>
    one && one[1] === first?.[1] && one[3] === first?.[3] ? [Number(one[2])] : [],
  );
  const rises = numbers.every((value, i) => i === 0 || value > numbers[i - 1]!);
  return numbers.length === labels.length && rises ? numbers : null;
}
