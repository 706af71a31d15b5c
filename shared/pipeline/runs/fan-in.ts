/** Brings shards together exactly once, and publishes what an audit needs next. */
import type { Context } from '../base/context.ts';
import { TOPICS } from '../base/messages.ts';
import { recordPaths } from '../base/record-paths.ts';
import { STAGES, type Stage } from '../base/stages.ts';
import { assembled } from '../planning/plan/files.ts';
import { plannedWork, stageShards } from '../planning/plan/sampling.ts';
import { isOfPictures, type Plan } from '../planning/plan/schema.ts';
import { readNomination } from '../results/nomination.ts';
import { advance } from './run.ts';

/**
 * How shards come together, exactly once. A shard's result is an object written only if absent; then its done record
 * is created. The shards form `window` chains, shard i before shard i + window: whoever creates the record of a shard
 * publishes the next one of its chain that is not done (so the load is bounded and a duplicate cannot branch a chain).
 * Only at the end of a chain all can be done: who gets there counts the records, and whoever finds all of them and
 * creates the stage's lock publishes the next stage. A process that dies in between leaves a broken chain, which
 * `dispatch` mends.
 */
export async function shardDone(context: Context, plan: Plan, stage: Stage, shard: number): Promise<void> {
  const { audit, window } = plan;
  const total = stageShards(plan, stage);
  const done = recordPaths.done(audit, stage);
  let next = shard + window;
  if (await context.records.create(`${done}/${shard}`, { at: context.clock.now() })) {
    // Photos that an earlier audit embedded are done from the start; samples only ever in the order of their chain.
    while (stage === 'enrol' && next < total && (await context.records.get(`${done}/${next}`))) next += window;
    if (next < total) await publishShard(context, audit, stage, next);
  }
  // Counted once a chain, not once a shard: to count n records n times is what makes large audits slow.
  if (next < total || (await context.records.count(done)) < total) return;
  if (await context.records.create(recordPaths.lock(audit, stage), { at: context.clock.now() })) {
    await publishNext(context, audit, stage);
  }
}

/**
 * Publishes whatever an audit needs next, from what is there: after planning, after a crash, after a stop. Doing it
 * when nothing is missing is harmless: every step finds its result and goes on.
 */
export async function dispatch(context: Context, plan: Plan): Promise<void> {
  const { audit } = plan;
  await advance(context, audit, 'ENROLLING');
  if (await publishMissing(context, plan, 'enrol')) return;
  if (!(await context.objects.head(assembled(plan)))) return publishNext(context, audit, 'enrol');
  await advance(context, audit, 'PROBING');
  if (await publishMissing(context, plan, 'probe')) return;
  const nomination = await readNomination(context, audit);
  if (!nomination) return publishNext(context, audit, 'probe');
  // All pictures of a set are searched, whoever was found in the first of them.
  if (stageShards(plan, 'confirm') > 0 && (nomination.named > 0 || isOfPictures(plan))) {
    await advance(context, audit, 'CONFIRMING');
    if (await publishMissing(context, plan, 'confirm')) return;
  }
  await publishNext(context, audit, 'confirm');
}

/** The same, if whoever it belongs to still wants it as it was planned; else throws why not. */
export async function dispatchPlanned(context: Context, plan: Plan): Promise<void> {
  await context.tenancy?.planned(plannedWork(plan));
  await dispatch(context, plan);
}

/** When the last shard of any stage was done, in milliseconds since the epoch; 0 if none was. */
export async function lastDone(context: Context, audit: string): Promise<number> {
  let last = 0;
  for (const stage of STAGES) {
    for await (const { fields } of context.records.list(recordPaths.done(audit, stage))) {
      if (typeof fields.at === 'number') last = Math.max(last, fields.at);
    }
  }
  return last;
}

/** Restarts each chain at its first missing shard; returns whether any was missing. */
async function publishMissing(context: Context, plan: Plan, stage: Stage): Promise<boolean> {
  const done = new Set<number>();
  for await (const { path } of context.records.list(recordPaths.done(plan.audit, stage))) {
    done.add(Number(path.slice(path.lastIndexOf('/') + 1)));
  }
  const total = stageShards(plan, stage);
  let missing = false;
  for (let chain = 0; chain < plan.window; chain++) {
    let shard = chain;
    while (shard < total && done.has(shard)) shard += plan.window;
    if (shard >= total) continue;
    missing = true;
    await publishShard(context, plan.audit, stage, shard);
  }
  return missing;
}

async function publishShard(context: Context, audit: string, stage: Stage, shard: number): Promise<void> {
  await context.events.publish(TOPICS[stage], { version: 1, audit, stage, shard });
}

const NEXT = { enrol: TOPICS.assemble, probe: TOPICS.merge, confirm: TOPICS.conclude } as const;

async function publishNext(context: Context, audit: string, stage: Stage): Promise<void> {
  await context.events.publish(NEXT[stage], { version: 1, audit });
}
