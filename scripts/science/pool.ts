/** Spreads simulations over processes. */
import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { STUDIES } from './studies.ts';

type Study = keyof typeof STUDIES;
type Result<S extends Study> = Awaited<ReturnType<(typeof STUDIES)[S]>>;
/** What a study is of; `known` is of all its worlds at once. */
type World<S extends Study> =
  Parameters<(typeof STUDIES)[S]> extends readonly [unknown, unknown, infer W] ? W : undefined;

export interface Job {
  readonly study: Study;
  readonly world: string | number | undefined;
  readonly seeds: readonly number[];
}

const CHUNK = 10;

/** A process for each core, each simulating some seeds at a time. */
export class Pool {
  readonly #idle: ChildProcess[] = Array.from({ length: availableParallelism() }, () =>
    fork(join(import.meta.dirname, 'child.ts'), { serialization: 'advanced' }),
  );

  /** Results in the order of the seeds, which count from 0. */
  async run<S extends Study>(study: S, world: World<S>, seeds: number): Promise<readonly Result<S>[]> {
    const results: Result<S>[] = [];
    let next = 0;
    const work = async (child: ChildProcess) => {
      while (next < seeds) {
        const first = next;
        next = Math.min(seeds, first + CHUNK);
        const chunk = Array.from({ length: next - first }, (_, i) => first + i);
        const found = await ask(child, { study, world: world as Job['world'], seeds: chunk });
        for (const [i, one] of found.entries()) results[first + i] = one as Result<S>;
      }
    };
    await Promise.all(this.#idle.map(work));
    return results;
  }

  close(): void {
    for (const child of this.#idle) child.kill();
  }
}

function ask(child: ChildProcess, job: Job): Promise<readonly unknown[]> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`A simulating process ended with ${code}.`));
    child.once('exit', ended);
    child.once('message', (results) => {
      child.off('exit', ended);
      if (Array.isArray(results)) resolve(results);
      else reject(new Error('A simulating process gave no list of results.'));
    });
    child.send(job);
  });
}
