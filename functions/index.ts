/**
 * The functions, in the order the data takes:
 *
 *   checkpoint dropped -> plan -> enrol (xN) -> assemble -> probe (xN) -> merge -> confirm (xN) -> conclude -> notify
 *   (sweep mends what a dying process lost; deadletter ends audits whose messages fail for good)
 *
 * and those of the hosted service:
 *
 *   api -> plan -> settle (the account's record of what is planned) -> deliver (webhooks)
 *          ... notify -> settle (charged, told of, cleared away) -> deliver (webhooks)
 *   (tend does what the agenda says of an audit: it expires, its work goes, its report goes)
 *
 * Each is called with the messages of the topic of its name, on Google Cloud by Pub/Sub push and on a laptop by the
 * local delivery loop. `api` is called by HTTP, see api.ts.
 */
import { TOPICS } from '../shared/pipeline/messages.ts';
import { onAssemble } from './assemble.ts';
import type { Subscriber } from './bootstrap.ts';
import { onConclude } from './conclude.ts';
import { onConfirm } from './confirm.ts';
import { onDeadletter } from './deadletter.ts';
import { onDeliver } from './deliver.ts';
import { onEnrol } from './enrol.ts';
import { onMerge } from './merge.ts';
import { onNotify } from './notify.ts';
import { onPlan } from './plan.ts';
import { onProbe } from './probe.ts';
import { onSettle } from './settle.ts';
import { onSweep } from './sweep.ts';
import { onTend } from './tend.ts';

export { useContext, useService } from './bootstrap.ts';

export const functions: ReadonlyMap<string, Subscriber> = new Map([
  [TOPICS.plan, onPlan],
  [TOPICS.enrol, onEnrol],
  [TOPICS.assemble, onAssemble],
  [TOPICS.probe, onProbe],
  [TOPICS.merge, onMerge],
  [TOPICS.confirm, onConfirm],
  [TOPICS.conclude, onConclude],
  [TOPICS.notify, onNotify],
  [TOPICS.settle, onSettle],
  [TOPICS.deliver, onDeliver],
  [TOPICS.tend, onTend],
  [TOPICS.sweep, onSweep],
  [TOPICS.deadletter, onDeadletter],
]);
