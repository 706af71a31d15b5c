/** Says how far a hosted audit has come. */
import { recordPaths } from '../../pipeline/base/record-paths.ts';
import { STAGES, type Stage } from '../../pipeline/base/stages.ts';
import { freshSamples } from '../../pipeline/planning/settings.ts';
import { readAudit } from '../../pipeline/runs/run.ts';
import type { Platform } from '../../platform/ports.ts';
import type { HostedAudit } from './hosted-audit.ts';

export interface StageProgress {
  readonly stage: Stage;
  readonly done: number;
  /** Shards it is cut into. */
  readonly shards: number;
}

export interface AuditProgress {
  readonly stages: readonly StageProgress[];
  /** Samples generated and searched so far, of those that find people and those that confirm them. */
  readonly samples: { readonly done: number; readonly of: number };
  /** Since the present stage of samples began; null where none is at work, or nothing is done yet. */
  readonly facesPerSecond: number | null;
  /** Of the present stage of samples, at this speed. */
  readonly secondsLeft: number | null;
}

/** How far an audit has come; undefined where it is not planned yet or has ended. */
export async function progressOf(
  context: Pick<Platform, 'records' | 'clock'>,
  { planned, outcome, settings }: HostedAudit,
): Promise<AuditProgress | undefined> {
  if (!planned || outcome) return undefined;
  const run = await readAudit(context, planned.run);
  if (!run) return undefined;
  const counts = await Promise.all(
    STAGES.map(async (stage) => ({
      stage,
      // One that was counted before its last shard was counted twice, or not yet, is still no more than all of it.
      done: Math.min(planned.shards[stage], await context.records.count(recordPaths.done(planned.run, stage))),
      shards: planned.shards[stage],
    })),
  );
  // Nobody may be named, and then nothing is confirmed.
  const isConfirming = run.state === 'CONFIRMING';
  const stages = counts.filter(({ stage }) => stage !== 'confirm' || isConfirming);
  const { samples: probe = settings.samples, fresh: confirm = freshSamples(settings) } = planned;
  const size = { probe, confirm };
  const made = (stage: 'probe' | 'confirm') => {
    const found = stages.find((one) => one.stage === stage);
    return found && found.shards > 0 ? Math.round((size[stage] * found.done) / found.shards) : 0;
  };
  const samples = {
    done: made('probe') + made('confirm'),
    of: size.probe + (isConfirming ? size.confirm : 0),
  };
  const present = isConfirming ? 'confirm' : run.state === 'PROBING' ? 'probe' : undefined;
  const doneShards = counts.find(({ stage }) => stage === present)?.done ?? 0;
  const seconds = present ? (await lastDone(context, planned.run, present, doneShards)) - run.changedAt : 0;
  const facesPerSecond = present && made(present) > 0 && seconds > 0 ? (1000 * made(present)) / seconds : null;
  const left = present ? size[present] - made(present) : 0;
  return { stages, samples, facesPerSecond, secondsLeft: facesPerSecond === null ? null : left / facesPerSecond };
}

/**
 * When the latest of so many shards was done. Shards are done in the order of their chains, so it is about the one of
 * this number; until the next is done the speed stays as it is, however long somebody looks.
 */
async function lastDone(
  { records: store, clock }: Pick<Platform, 'records' | 'clock'>,
  run: string,
  stage: Stage,
  done: number,
): Promise<number> {
  const at = (await store.get(`${recordPaths.done(run, stage)}/${Math.max(0, done - 1)}`))?.fields.at;
  return typeof at === 'number' ? at : clock.now();
}
