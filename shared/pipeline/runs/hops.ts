/** Counts how far messages have come, and ends audits that go in circles. */
import { RewoundError } from '../../errors.ts';
import { around } from '../../platform/around.ts';
import type { Json } from '../../platform/ports.ts';
import type { Context } from '../base/context.ts';
import { STAGES } from '../base/stages.ts';
import { stageShards } from '../planning/plan/sampling.ts';
import type { Plan } from '../planning/plan/schema.ts';

/**
 * Every message says how many messages led to it: its `hops`. What comes from outside has none, and whatever is
 * published while a message is handled has one more. A defect that lets steps call each other in a circle, which would
 * cost money until somebody looks, ends when the number passes what an audit can need.
 *
 * The longest chain of an audit that does its work: sweep, plan, each shard of enrol after the other (one chain, where
 * the window is 1), assemble, each shard of probe, merge, each shard of confirm, conclude, notify, finished. Messages
 * that come twice make more chains, but no longer ones: whoever finds a shard done publishes nothing. What is left over
 * is for messages of a run that was started over, whose photos or pieces may have been a few more.
 *
 * Every circle there could be runs through enrol, assemble, probe, merge or confirm: plan is asked for by the sweep and
 * from outside alone, and what comes after conclude tells of the end. So it is enough that these five refuse. The sweep
 * begins new chains; it publishes only for audits that showed no sign of life for a while, and ends each a week after
 * it began.
 */
const STEPS_BESIDE_SHARDS = 32;

/** @internal */
export function mostHops(plan: Plan): number {
  return STAGES.reduce((shards, stage) => shards + stageShards(plan, stage), STEPS_BESIDE_SHARDS);
}

/** Throws RUNAWAY, which ends the audit, where a message has come further than any audit goes. */
export function refuseRunaway(plan: Plan, hops: number): void {
  const most = mostHops(plan);
  if (hops <= most) return;
  throw new RewoundError('RUNAWAY', `The steps of the audit went in a circle: more than ${most} messages in a row.`, {
    help: 'This is a defect in Rewound; please report it. Put the checkpoint into the project again to start anew.',
  });
}

/** The world for what follows from a message that has come this far. */
export function following<C extends Pick<Context, 'events'>>(context: C, hops: number): C {
  const events = around(context.events, {
    publish: (go, topic, message) => go(topic, raised(message, hops + 1)),
  });
  return { ...context, events };
}

function raised(message: Json, hops: number): Json {
  return typeof message === 'object' && message !== null && !Array.isArray(message) ? { ...message, hops } : message;
}
