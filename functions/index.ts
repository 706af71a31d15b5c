/**
 * The functions, in the order the data takes:
 *
 *   checkpoint dropped -> plan -> enrol (xN) -> assemble -> probe (xN) -> merge -> confirm (xN) -> conclude -> notify
 *   (sweep mends what a dying process lost; deadletter ends audits whose messages fail for good)
 *
 * Each is called with the messages of the topic of its name, on Google Cloud by Pub/Sub push and on a laptop by the
 * local delivery loop.
 */
import { TOPICS } from '../shared/pipeline/messages.ts';
import { onAssemble } from './assemble.ts';
import type { Subscriber } from './bootstrap.ts';
import { onConclude } from './conclude.ts';
import { onConfirm } from './confirm.ts';
import { onDeadletter } from './deadletter.ts';
import { onEnrol } from './enrol.ts';
import { onMerge } from './merge.ts';
import { onNotify } from './notify.ts';
import { onPlan } from './plan.ts';
import { onProbe } from './probe.ts';
import { onSweep } from './sweep.ts';

export { useContext } from './bootstrap.ts';

export const functions: ReadonlyMap<string, Subscriber> = new Map([
  [TOPICS.plan, onPlan],
  [TOPICS.enrol, onEnrol],
  [TOPICS.assemble, onAssemble],
  [TOPICS.probe, onProbe],
  [TOPICS.merge, onMerge],
  [TOPICS.confirm, onConfirm],
  [TOPICS.conclude, onConclude],
  [TOPICS.notify, onNotify],
  [TOPICS.sweep, onSweep],
  [TOPICS.deadletter, onDeadletter],
]);
