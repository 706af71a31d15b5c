import { sweepMessage } from '../shared/pipeline/messages.ts';
import { STALE_MS, sweep } from '../shared/pipeline/sweep.ts';
import { subscriber } from './bootstrap.ts';

export const onSweep = subscriber('sweep', sweepMessage, (context) => sweep(context, STALE_MS));
