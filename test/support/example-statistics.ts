import { clopperPearson } from '../../shared/audit/numbers/intervals.ts';
import { samplesNeeded, zeroHitBound } from '../../shared/audit/verdict/power.ts';
import type { Gate, Named, Report } from '../../shared/report/model.ts';

/** Parts of the example reports: numbers that agree with each other and have the digits a report keeps. */

export type Rates = NonNullable<Report['rates']>;

export function rate(hits: number, identities: number): Rates['members'] {
  const { estimate, low, high } = clopperPearson(hits, identities);
  return { hits, identities, rate: kept(estimate), low: kept(low), high: kept(high) };
}

/** A number as report.json keeps it. */
export function kept(value: number): number {
  return Math.abs(value) < 1 ? Number(value.toPrecision(6)) : Number(value.toFixed(6));
}

type GateFacts = Pick<Gate, 'name' | 'passed' | 'reason'> & Partial<Gate>;

export function gate({ name, passed, reason, ...rest }: GateFacts): Gate {
  return { name, recognizer: null, passed, value: null, reason, help: HELP[name], ...rest };
}

const HELP: Record<Gate['name'], string> = {
  size: 'Give usable photos of more people: at least 3 members and 20 controls, better hundreds of each.',
  faces:
    'Look at a few samples with "rewound inspect --samples FILE": the range, the latent distribution or the checkpoint itself may be wrong.',
  scores: 'Check the recognizer and its card: it sees no difference between people.',
  blind: 'Take the controls from the same collection as the members, then run the audit again.',
  spread: 'Take members and controls from one collection, with photos from as many days of each person.',
  matcher: 'Use a stronger recognizer, or photos in which the faces are larger and better lit.',
  placebo: 'Take the controls from the same collection as the members, then run the audit again.',
  sides: 'Check which folder is which, and that no control was in the training data; then run the audit again.',
};

export const RECOGNIZERS = [
  { name: 'dlib ResNet, converted', embedding: 128, licence: 'public domain (CC0)' },
  { name: 'SFace', embedding: 128, licence: 'Apache-2.0' },
] as const;

/** All gates of an audit with two recognizers; `shifted` where members and controls come from different sources. */
export function gates(shifted: boolean): Gate[] {
  const [first, second] = RECOGNIZERS;
  const blind = shifted ? { estimate: 0.954, low: 0.912, high: 0.982 } : { estimate: 0.497, low: 0.418, high: 0.573 };
  const told = shifted
    ? 'Members and controls can be told apart without the generator: blind baseline AUC 0.95 (0.91 to 0.98). Their photos come from different sources.'
    : 'From their photos alone, members and controls cannot be told apart: blind baseline AUC 0.50 (0.42 to 0.57).';
  return [
    gate({ name: 'size', passed: true, reason: '80 members and 160 controls could be compared.' }),
    gate({ name: 'faces', passed: true, reason: 'A face was found in 19,788 of 20,000 samples.' }),
    gate({ name: 'blind', recognizer: first.name, passed: !shifted, value: blind, reason: told }),
    gate({ name: 'blind', recognizer: second.name, passed: !shifted, value: blind, reason: told }),
    gate({
      name: 'matcher',
      recognizer: first.name,
      passed: true,
      value: { estimate: 0.914, low: 0.887, high: 0.938 },
      reason:
        'Of 320 photos of 80 people, 91.4% are more similar than the threshold to another photo of the same person (95% interval 88.7% to 93.8%).',
    }),
    gate({
      name: 'matcher',
      recognizer: second.name,
      passed: true,
      value: { estimate: 0.871, low: 0.839, high: 0.899 },
      reason:
        'Of 320 photos of 80 people, 87.1% are more similar than the threshold to another photo of the same person (95% interval 83.9% to 89.9%).',
    }),
    gate({
      name: 'placebo',
      passed: null,
      reason: 'No third set of people was given, so nothing was put in place of the generator.',
    }),
  ];
}

interface FmrFacts {
  readonly pairs: number;
  readonly identities: number;
  /** [similarity, its uncertainty, false matches, members above, controls above] at FMR 1e-3, 1e-4, 1e-5, 1e-6. */
  readonly rows: readonly (readonly [number, number, number, number | null, number | null])[];
  readonly members: number;
  readonly controls: number | null;
}

export function fmrThresholds({ pairs, identities, rows, members, controls }: FmrFacts): Report['thresholds'] {
  return rows.map(([value, spread, falseMatches, above, aboveControls], index) => ({
    fmr: 10 ** -(index + 3),
    value,
    low: kept(value - spread),
    high: kept(value + spread * 1.2),
    pairs,
    identities,
    falseMatches,
    extrapolated: falseMatches < 30,
    members: above === null ? null : rate(above, members),
    controls: aboveControls === null || controls === null ? null : rate(aboveControls, controls),
  }));
}

export function power(samples: number, genuine: Report['power']['genuineRate'], detectable: number, of: number) {
  const { exact, ruleOfThree } = zeroHitBound(samples);
  return {
    rarest: kept(exact),
    zeroHitBound: {
      exact: kept(exact),
      ruleOfThree: kept(ruleOfThree),
      adjusted: genuine === null ? null : kept(exact / genuine.estimate),
    },
    genuineRate: genuine,
    samplesFor: [1e-3, 1e-4, 1e-5].map((p) => ({ p, samples: samplesNeeded(p) })),
    detectable: detectable === 0 ? null : { people: detectable, of, probability: 0.95 },
  };
}

export const GUMBEL = { location: 0.498, scale: 0.0215, ks: 0.041, p: 0.62 };

type NamedFacts = Pick<Named, 'identity' | 'photos' | 'score' | 'hits' | 'pConformal' | 'q' | 'tier' | 'agree'> & {
  /** Hits among this many fresh samples. */
  readonly fresh: readonly [number, number] | null;
};

export function named({ fresh, ...facts }: NamedFacts): Named {
  const pTail = kept(-Math.expm1(-Math.exp(-(facts.score - GUMBEL.location) / GUMBEL.scale)));
  if (fresh === null) return { ...facts, pTail, confirmed: null, fresh: null };
  const [hits, samples] = fresh;
  const { estimate, low, high } = clopperPearson(hits, samples);
  const score = kept(hits === 0 ? 0.58 : facts.score - 0.004);
  return {
    ...facts,
    pTail,
    confirmed: hits > 0,
    fresh: { hits, samples, rate: kept(estimate), low: kept(low), high: kept(high), score },
  };
}
