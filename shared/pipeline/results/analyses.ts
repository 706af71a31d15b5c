/** Analyses what was merged, for each recognizer. */
import { type Summary, summarise, totalTiming } from '../../audit/counts/summary.ts';
import type { Timing } from '../../audit/counts/tally.ts';
import { decodeTally } from '../../audit/counts/tally-codec.ts';
import { decodeProfile } from '../../audit/gallery/profile-codec.ts';
import { type Analysis, analyse, type Measured } from '../../audit/verdict/analysis.ts';
import { type Conclusion, conclude } from '../../audit/verdict/conclusion.ts';
import type { Context } from '../base/context.ts';
import { keys } from '../base/layout.ts';
import { readJson } from '../base/sealed-json.ts';
import { sampleShards } from '../planning/plan/sampling.ts';
import { isOfPictures, type Plan } from '../planning/plan/schema.ts';
import { readNomination } from './nomination.ts';
import { type Roster, rosterSchema } from './roster.ts';
import { mergeStage } from './tallies.ts';

/** All that an audit says, from what was merged: a function of it. */
export interface Analyses {
  readonly roster: Roster;
  /** By the plan's recognizers. */
  readonly measured: readonly Measured[];
  readonly analyses: readonly Analysis[];
  readonly conclusion: Conclusion;
  /** Information only: no other byte depends on it. */
  readonly timing: Timing;
}

/**
 * @param fresh whether the fresh samples are counted in. Whoever nominates leaves them out even if another delivery has
 *   nominated meanwhile: those samples are not there yet, and have no part in it.
 */
export async function analyseAll(
  context: Context,
  plan: Plan,
  { fresh }: { readonly fresh: boolean },
): Promise<Analyses> {
  const { audit, settings, controls } = plan;
  const roster = await readJson(context, keys.roster(audit), rosterSchema);
  const named = fresh ? ((await readNomination(context, audit))?.named ?? 0) : 0;
  const isFreshMade = sampleShards(plan, 'confirm').length > 0;
  const measured: Measured[] = [];
  const analyses: Analysis[] = [];
  let timing: Timing | undefined;
  for (const recognizer of plan.recognizers.keys()) {
    const merged = decodeTally(await context.objects.get(keys.merged(audit, recognizer)));
    // The first tally carries the time of all (see probeShard).
    timing ??= totalTiming(merged);
    const one: Measured = {
      summary: summarise(merged),
      profile: decodeProfile(await context.objects.get(keys.profile(audit, recognizer))),
      fresh: named > 0 && isFreshMade ? summarise(await mergeStage(context, plan, 'confirm', recognizer)) : null,
    };
    measured.push(one);
    analyses.push(
      analyse(one, roster.people, {
        seed: settings.seed,
        controlsGiven: controls !== null,
        faces: facesSeen(plan, one.summary),
      }),
    );
  }
  return {
    roster,
    measured,
    analyses,
    conclusion: conclude(analyses, {
      controlsGiven: controls !== null,
      samples: settings.samples,
      given: isOfPictures(plan),
    }),
    timing: timing ?? { generate: 0, align: 0, embed: 0, search: 0 },
  };
}

/** In how many samples a face was looked for, and in how many there was none. */
export function facesSeen({ generator, settings }: Plan, { undetected }: Summary) {
  const { alignment, calibration } = generator;
  return alignment.mode === 'detected'
    ? { searched: settings.samples, undetected }
    : { searched: calibration.samples, undetected: calibration.undetected };
}
