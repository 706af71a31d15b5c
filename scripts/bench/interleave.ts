/**
 * Does several things in turn, `rounds` times: A B C A B C. What disturbs the machine for a while then disturbs all of
 * them. Returns each one's results in the order of the rounds.
 */
export async function interleave<K extends string, T>(
  rounds: number,
  things: Readonly<Record<K, (round: number) => Promise<T>>>,
): Promise<Record<K, T[]>> {
  const names = Object.keys(things) as K[];
  const results = Object.fromEntries(names.map((name) => [name, [] as T[]])) as Record<K, T[]>;
  for (let round = 0; round < rounds; round++) {
    for (const name of names) results[name].push(await things[name](round));
  }
  return results;
}

/** Milliseconds that `work` takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
