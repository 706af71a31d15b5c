/** Simulates what it is told to, one message after the other, and sends back what came of it. */
import { Simulator } from './audit.ts';
import type { Job } from './pool.ts';
import { STUDIES } from './studies.ts';

const simulator = await Simulator.open();

process.on('message', async ({ study, world, seeds }: Job) => {
  const run: (simulator: Simulator, seed: number, world: never) => Promise<unknown> = STUDIES[study];
  const results: unknown[] = [];
  for (const seed of seeds) results.push(await run(simulator, seed, world as never));
  process.send!(results);
});
