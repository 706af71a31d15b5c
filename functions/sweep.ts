import { sweepMessage } from '../shared/pipeline/messages.ts';
import { STALE_MS, sweep } from '../shared/pipeline/sweep.ts';
import { runAgenda } from '../shared/service/agenda.ts';
import { subscriber } from './bootstrap.ts';

/** Mends what was lost, and publishes what has become due; neither waits for the other to succeed. */
export const onSweep = subscriber('sweep', sweepMessage, async (context) => {
  const [swept, ran] = await Promise.allSettled([sweep(context, STALE_MS), runAgenda(context)]);
  for (const result of [swept, ran]) if (result.status === 'rejected') throw result.reason;
});
