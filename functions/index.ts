/**
 * The functions: what each topic's messages look like, and the step that handles them, in the order the data takes.
 *
 *   checkpoint dropped -> plan -> enrol (xN) -> assemble -> probe (xN) -> merge -> confirm (xN) -> conclude -> notify
 *   (sweep mends what a dying process lost; deadletter ends audits whose messages fail for good)
 *
 * and those of the hosted service:
 *
 *   api -> plan ... notify -> settle (charged, told of, cleared away) -> deliver (webhooks)
 *   (tend does what the agenda says of an audit: it expires, its work goes, its report goes)
 *
 * On Google Cloud each is a service that Pub/Sub pushes to (server.ts), on a laptop the local delivery loop calls them.
 * `api` is called by HTTP, see api.ts.
 */
import { z } from 'zod';
import { RewoundError } from '../shared/errors.ts';
import * as messages from '../shared/pipeline/base/messages.ts';
import { giveUp } from '../shared/pipeline/runs/give-up.ts';
import { assemble } from '../shared/pipeline/steps/assemble.ts';
import { conclude } from '../shared/pipeline/steps/conclude.ts';
import { enrol } from '../shared/pipeline/steps/enrol.ts';
import { merge } from '../shared/pipeline/steps/merge.ts';
import { notify } from '../shared/pipeline/steps/notify.ts';
import { plan } from '../shared/pipeline/steps/plan.ts';
import { confirm, probe } from '../shared/pipeline/steps/probe.ts';
import { STALE_MS, sweep } from '../shared/pipeline/steps/sweep.ts';
import { settleRun } from '../shared/service/audits/settle.ts';
import { tend } from '../shared/service/audits/tend.ts';
import { runAgenda } from '../shared/service/core/agenda.ts';
import { tendMessage } from '../shared/service/core/reminders.ts';
import { deliver, deliverMessage } from '../shared/service/webhooks/deliver.ts';
import { accountFunction, type Handle, pipelineFunction, type World } from './bootstrap.ts';

const { TOPICS } = messages;

/** Any message of any step, after its last attempt. */
const deadMessage = z.union([
  z.looseObject({ audit: z.string(), hops: z.int().min(0).default(0) }),
  messages.planMessage,
]);

export const functions: ReadonlyMap<string, Handle> = new Map([
  [TOPICS.plan, pipelineFunction(messages.planMessage, plan)],
  [TOPICS.enrol, pipelineFunction(messages.enrolMessage, enrol)],
  [TOPICS.assemble, pipelineFunction(messages.assembleMessage, assemble)],
  [TOPICS.probe, pipelineFunction(messages.probeMessage, probe)],
  [TOPICS.merge, pipelineFunction(messages.mergeMessage, merge)],
  [TOPICS.confirm, pipelineFunction(messages.confirmMessage, confirm)],
  [TOPICS.conclude, pipelineFunction(messages.concludeMessage, conclude)],
  [TOPICS.notify, pipelineFunction(messages.notifyMessage, notify)],
  [TOPICS.settle, accountFunction(messages.settleMessage, settleRun)],
  [TOPICS.deliver, accountFunction(deliverMessage, (world, message) => deliver(serviceOf(world), message))],
  [TOPICS.tend, accountFunction(tendMessage, tend)],
  [TOPICS.sweep, pipelineFunction(messages.sweepMessage, mendAndRemind)],
  [TOPICS.deadletter, pipelineFunction(deadMessage, endAsFailed)],
]);

/** Mends what was lost, and publishes what has become due; neither waits for the other to succeed. */
async function mendAndRemind(world: World): Promise<void> {
  const [swept, ran] = await Promise.allSettled([sweep(world, STALE_MS), runAgenda(world)]);
  for (const result of [swept, ran]) if (result.status === 'rejected') throw result.reason;
}

function endAsFailed(world: World, message: z.infer<typeof deadMessage>): Promise<void> {
  const failure = new RewoundError('GIVEN_UP', 'A step of the audit failed again and again.', {
    help: 'Put the checkpoint into the project again; finished work is reused. The logs of the step say why it failed.',
  });
  return giveUp(world, message, failure);
}

/** What sends webhooks. Throws INTERNAL in a process that was given no service. */
function serviceOf(world: World) {
  if (!world.service) {
    throw new RewoundError('INTERNAL', 'A webhook is to be sent by a process that was given no service.', {
      help: 'Give the world of the function a service.',
    });
  }
  const { secret, settings } = world.service;
  return { ...world, secret, webhookAllow: settings.webhookAllow };
}
