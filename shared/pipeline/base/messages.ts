/** The messages between steps, and their schemas. */
import { z } from 'zod';
import type { Stage } from './stages.ts';

/**
 * The messages between the steps, version 1. They carry ids and numbers, and the first of them the key of what landed:
 * everything large or personal lies in objects. A message may arrive many times and in any order; each says all that is needed to do its work once.
 */
const version = z.literal(1);
/** Messages that led to this one, see hops.ts; what comes from outside does not say. */
const hops = z.int().min(0).default(0);
const audit = z.string().regex(/^[0-9a-f]{32}$/);

const landed = z.strictObject({
  version,
  hops,
  key: z.string().min(1),
  generation: z.string().min(1),
  /** The audit that waits to be planned, where the sweep asks for it. */
  audit: audit.optional(),
});
/** A bucket's own words for it, https://cloud.google.com/storage/docs/pubsub-notifications#payload */
const notification = z
  .object({ kind: z.literal('storage#object'), name: z.string().min(1), generation: z.coerce.string().min(1) })
  .transform(({ name, generation }) => ({ version: 1 as const, hops: 0, key: name, generation }));

/** A shard says of which stage it is: a dead letter no longer has the topic it came by. */
function shardOf<S extends Stage>(stage: S) {
  return z.strictObject({ version, hops, audit, stage: z.literal(stage).default(stage), shard: z.int().min(0) });
}

/** An object landed in the drop area. */
export const planMessage = z.union([landed, notification]);
export const enrolMessage = shardOf('enrol');
export const assembleMessage = z.strictObject({ version, hops, audit });
export const probeMessage = shardOf('probe');
export const mergeMessage = z.strictObject({ version, hops, audit });
export const confirmMessage = shardOf('confirm');
export const concludeMessage = z.strictObject({ version, hops, audit });
/** A shard of any stage. */
export const shardMessage = z.union([enrolMessage, probeMessage, confirmMessage]);
export const notifyMessage = z.strictObject({ version, hops, audit });
/** An audit was planned, which its account is told of; or it has ended, and its account is charged, told, and relieved of uploads. */
export const settleMessage = z.union([
  z.strictObject({ version, hops, audit }),
  /** A step has met the tombstone of a project: what was written to the project, or by the run, after it is to go. */
  z.strictObject({ version, hops, erased: z.string(), audit: audit.optional() }),
]);
export const sweepMessage = z.strictObject({ version, hops });
/** For the outside: an audit has ended. */
export const finishedMessage = z.strictObject({
  version,
  hops,
  audit,
  state: z.enum(['DONE', 'REJECTED', 'FAILED', 'CANCELLED', 'EXPIRED']),
});

export type PlanMessage = z.infer<typeof planMessage>;
export type EnrolMessage = z.infer<typeof enrolMessage>;
export type AssembleMessage = z.infer<typeof assembleMessage>;
export type ProbeMessage = z.infer<typeof probeMessage>;
export type MergeMessage = z.infer<typeof mergeMessage>;
export type ConfirmMessage = z.infer<typeof confirmMessage>;
export type ConcludeMessage = z.infer<typeof concludeMessage>;
export type NotifyMessage = z.infer<typeof notifyMessage>;
export type SettleMessage = z.infer<typeof settleMessage>;

/** Topics, by what has to be done. */
export const TOPICS = {
  plan: 'plan',
  enrol: 'enrol',
  assemble: 'assemble',
  probe: 'probe',
  merge: 'merge',
  confirm: 'confirm',
  conclude: 'conclude',
  notify: 'notify',
  sweep: 'sweep',
  deadletter: 'deadletter',
  settle: 'settle',
  deliver: 'deliver',
  tend: 'tend',
  finished: 'audit-finished',
} as const;
