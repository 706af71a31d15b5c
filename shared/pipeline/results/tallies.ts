/** Merges the tallies of a stage. */
import { mergeTallies, type Tally } from '../../audit/counts/tally.ts';
import { decodeTally } from '../../audit/counts/tally-codec.ts';
import { RewoundError } from '../../errors.ts';
import type { Context } from '../base/context.ts';
import { keys } from '../base/layout.ts';
import type { SampleStage } from '../base/stages.ts';
import { sampleShards } from '../planning/plan/sampling.ts';
import type { Plan } from '../planning/plan/schema.ts';

/** Shard results fetched at the same time: one after another would take minutes from a bucket. */
const FETCHED = 16;

/**
 * Merges a few shards at a time, so that memory holds the result and those. Each few are merged among themselves first:
 * to merge into the whole costs as much as the whole is large.
 */
export async function mergeStage(
  { objects }: { readonly objects: Pick<Context['objects'], 'get'> },
  plan: Pick<Plan, 'audit' | 'settings' | 'shards'>,
  stage: SampleStage,
  recognizer: number,
): Promise<Tally> {
  const shards = sampleShards(plan, stage);
  let merged: Tally | undefined;
  for (let first = 0; first < shards.length; first += FETCHED) {
    const fetched = shards.slice(first, first + FETCHED).map(async ({ index }) => {
      return decodeTally(await objects.get(keys.tally(plan.audit, stage, index, recognizer)));
    });
    const few = (await Promise.all(fetched)).reduce(mergeTallies);
    merged = merged ? mergeTallies(merged, few) : few;
  }
  if (!merged) {
    throw new RewoundError('RESULT_INCOMPLETE', 'An audit without shards has no result.', { help: 'Start it again.' });
  }
  return merged;
}
