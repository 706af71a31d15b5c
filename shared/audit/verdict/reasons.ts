/** Explains a verdict in sentences. */
import type { Comparison } from '../evidence/comparison.ts';
import { NAMED_Q, type Named } from '../evidence/naming.ts';
import type { Interval } from '../numbers/intervals.ts';
import type { Gate } from './gate.ts';
import { type Detectable, samplesNeeded, zeroHitBound } from './power.ts';
import { differs, type Verdict } from './verdict.ts';

/** What the recognizer found that says most. */
export interface Finding extends Pick<Comparison, 'rates' | 'delta' | 'permutation' | 'leaked' | 'auc'> {
  readonly pHolm: number;
  /** Recognizers that were asked. */
  readonly judges: number;
  readonly genuine: Interval | null;
  readonly detectable: Detectable | null;
}

export interface Findings {
  readonly verdict: Verdict;
  readonly gates: readonly Gate[];
  readonly samples: number;
  /** Whether the samples are pictures that were given, and not a generator's. */
  readonly given: boolean;
  readonly people: readonly Named[];
  readonly finding: Finding | null;
}

/** Why the verdict is what it is, in sentences for somebody who has never read about the method. */
export function explain({ verdict, gates, samples, given, people, finding }: Findings): readonly string[] {
  switch (verdict) {
    case 'INVALID':
      return gates.filter(({ passed }) => passed === false).flatMap(({ reason, help }) => [reason, help]);
    case 'RESEMBLANCE_ONLY':
      return [
        'No controls were given, so nothing can be said about leakage: even a perfect generator makes lookalikes.',
        'Give photos of people from the same collection who were not trained on.',
      ];
    case 'LEAKAGE':
      return finding ? [...compare(finding), ...beyondChance(finding), ...named(people, given)] : [];
    case 'NOT_DETECTED':
      return finding ? [...compare(finding), ...named(people, given), ...missed(finding, samples, given)] : [];
  }
}

function compare({ rates: { members, controls }, delta, permutation: { p, draws }, pHolm, judges }: Finding) {
  const exceedances = Math.round(p * (draws + 1)) - 1;
  const adjusted = judges > 1 ? `; ${pHolm.toPrecision(2)} as the best of ${judges} recognizers` : '';
  return [
    `${ofPeople(members)} members are revealed: a sample resembles them more than the threshold. ` +
      `Of comparable people who were not trained on, ${ofPeople(controls)} are.`,
    `The difference is ${points(delta.estimate)} percentage points ` +
      `(95% interval ${points(delta.low)} to ${points(delta.high)}). When the labels are shuffled at random and all is ` +
      `done again, it is as large or larger in ${whole(exceedances)} of ${whole(draws)} draws ` +
      `(p = ${p.toPrecision(2)}${adjusted}).`,
  ];
}

/** The corrected leaked share (r_m - r_c) / (1 - r_c): a leaked member may be hit by chance as well. */
function beyondChance({ leaked, rates, delta, pHolm }: Finding): readonly string[] {
  if (!differs({ delta, pHolm })) {
    return ['For the members as a whole that could be chance. The verdict rests on those who are named one by one.'];
  }
  if (!leaked) return [];
  const { fraction, people } = leaked;
  return [
    `Beyond chance resemblance this is about ${percent(fraction.estimate)} of the members: ` +
      `${Math.round(people.estimate)} of ${rates.members.identities} people ` +
      `(95% interval ${Math.round(people.low)} to ${Math.round(people.high)}).`,
  ];
}

function named(people: readonly Named[], given: boolean): readonly string[] {
  if (people.length === 0) return [];
  const confirmed = people.filter(({ fresh }) => fresh?.confirmed).length;
  const samples = people.find(({ fresh }) => fresh)?.fresh?.samples ?? 0;
  return [
    `${people.length} ${people.length === 1 ? 'member is' : 'members are'} named one by one, of whom about ` +
      `${percent(NAMED_Q)} may be named wrongly; ${confirmed} ${confirmed === 1 ? 'was' : 'were'} found again in ` +
      `${whole(samples)} ${given ? 'pictures set apart' : 'fresh samples'} that had no part in the naming.`,
  ];
}

function missed({ delta, genuine, detectable }: Finding, samples: number, given: boolean): readonly string[] {
  const { adjusted } = zeroHitBound(samples, genuine?.estimate ?? 1);
  return [
    `This does not prove that nobody leaks: members may still be found up to ${points(Math.max(0, delta.high))} percentage ` +
      'points more often than others (upper end of the interval).',
    detectable
      ? `Had ${whole(detectable.people)} or more of the ${whole(detectable.of)} members leaked, the audit would have ` +
        `said so with a probability of ${percent(detectable.probability)}.`
      : 'With so few people the audit could have said so only if nearly all of them leaked, and not surely even then.',
    ...(given ? [] : [rareWords(adjusted)]),
  ];
}

/** Who may not have come up in so many samples; `adjusted` is the bound on their rate. */
function rareWords(adjusted: number): string {
  return adjusted < 0.1
    ? `A person who appears in fewer than 1 in ${whole(1 / adjusted)} samples may not have been seen at all. ` +
        `To see people ten times rarer, generate ${whole(samplesNeeded(adjusted / 10))} samples.`
    : 'At this threshold few people are recognised, or there are few samples: even a person who appears often ' +
        'may not have been seen.';
}

function ofPeople({ hits, identities, rate }: Comparison['rates']['members']): string {
  return `${hits} of ${identities} (${percent(rate)})`;
}

function percent(share: number): string {
  return `${points(share)}%`;
}

function points(share: number): string {
  const text = (100 * share).toFixed(1);
  return text === '-0.0' ? '0.0' : text;
}

/** With thousands separated, the same in every locale. */
function whole(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
}
