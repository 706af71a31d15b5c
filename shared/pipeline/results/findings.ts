/** Makes the part of a report that was found rather than planned. */
import { rankMatches } from '../../audit/counts/matches.ts';
import { layOut } from '../../audit/counts/roster.ts';
import { controlsNeeded } from '../../audit/evidence/discoveries.ts';
import { NAMED_Q } from '../../audit/evidence/naming.ts';
import type { GumbelFit } from '../../audit/numbers/gumbel.ts';
import type { Analysis, Measured } from '../../audit/verdict/analysis.ts';
import type { NamedPerson, OwnedGate } from '../../audit/verdict/conclusion.ts';
import { samplesNeeded, zeroHitBound } from '../../audit/verdict/power.ts';
import { DECISIVE_Q } from '../../audit/verdict/verdict.ts';
import type { Report } from '../../report/model.ts';
import { samplingOf } from '../planning/plan/sampling.ts';
import type { Plan } from '../planning/plan/schema.ts';
import type { Analyses } from './analyses.ts';
import type { Roster } from './roster.ts';

/** Most similar people listed in a report. */
const MATCHES = 500;
/** Emission rates for which the report says how many samples would show them. */
const RATES = [1e-3, 1e-4, 1e-5, 1e-6];

/** The part of a report that was found rather than planned. The numbers at the top are the first recognizer's. */
export type Findings = Pick<
  Report,
  | 'recognizer'
  | 'threshold'
  | 'rates'
  | 'delta'
  | 'auc'
  | 'permutation'
  | 'aucPermutation'
  | 'gates'
  | 'thresholds'
  | 'leakedFraction'
  | 'tpr'
  | 'identities'
  | 'discoveries'
  | 'power'
  | 'overRepresentation'
  | 'secondary'
  | 'results'
  | 'matches'
  | 'histogram'
  | 'roc'
  | 'revealCurve'
>;

export function findings(plan: Plan, { roster, measured, analyses, conclusion }: Analyses): Findings {
  const results = analyses.map((one, place) => resultOf(plan, one, place, conclusion.pHolm[place] ?? null));
  const { recognizer, threshold, rates, delta, auc, permutation, leakedFraction } = results[0]!;
  const analysis = analyses[0]!;
  const { comparison, naming } = analysis;
  const members = roster.people.filter(({ role }) => role === 'members').length;
  return {
    recognizer,
    threshold,
    rates,
    delta,
    auc,
    permutation,
    aucPermutation: comparison?.aucPermutation ?? null,
    gates: conclusion.gates.map((gate) => gateOf(plan, gate)),
    thresholds: comparison ? [...comparison.thresholds] : [],
    leakedFraction,
    tpr: comparison ? [...comparison.tpr] : [],
    identities: conclusion.people.map((person) => identityOf(roster, person)),
    discoveries: {
      q: NAMED_Q,
      decisiveQ: DECISIVE_Q,
      controlsNeeded: plan.controls && members > 0 ? controlsNeeded(members, NAMED_Q) : null,
      gumbel: naming?.gumbel ? gumbelOf(naming.gumbel) : null,
      fresh: measured.some(({ fresh }) => fresh) ? samplingOf(plan, 'confirm').samples : 0,
    },
    power: powerOf(plan, analysis),
    overRepresentation: analysis.overRepresentation,
    secondary: {
      zu: analysis.secondary.dataCopying,
      authenticity: analysis.secondary.authenticity,
      distanceRatio: analysis.secondary.distanceRatio,
    },
    results,
    matches: matchesOf(roster, measured[0]!, threshold?.value ?? null),
    histogram: {
      edges: [...analysis.histogram.edges],
      members: [...analysis.histogram.members],
      controls: [...analysis.histogram.controls],
    },
    roc: comparison ? [...comparison.roc] : [],
    revealCurve: [...analysis.revealCurve],
  };
}

function resultOf(
  plan: Plan,
  { comparison, naming }: Analysis,
  place: number,
  pHolm: number | null,
): Report['results'][number] {
  const { name, embedding, licence } = plan.recognizers[place]!.info;
  const recognizer = { name, embedding, licence };
  if (!comparison) {
    return { recognizer, ...NOT_COMPARED, pHolm };
  }
  const { threshold, setters, compared, rates, delta, auc, permutation, leaked } = comparison;
  return {
    recognizer,
    threshold: {
      value: threshold,
      source:
        `99% quantile of the best similarities of ${setters.length} controls, drawn by seed; ` +
        `the other ${compared.length} are compared with the members.`,
      identities: setters.length,
    },
    rates,
    delta,
    auc,
    permutation,
    pHolm,
    leakedFraction: leaked && { ...leaked.fraction, people: leaked.people },
    named: naming?.named.length ?? 0,
    confirmed: naming?.named.filter(({ fresh }) => fresh?.confirmed).length ?? 0,
  };
}

const NOT_COMPARED = {
  threshold: null,
  rates: null,
  delta: null,
  auc: null,
  permutation: null,
  leakedFraction: null,
  named: 0,
  confirmed: 0,
} as const;

function gateOf(plan: Plan, { recognizer, ...gate }: OwnedGate): Report['gates'][number] {
  const { recognizers } = plan;
  return { ...explained(plan, gate), recognizer: recognizer === null ? null : recognizers[recognizer]!.info.name };
}

/** A blind gate that fails where nothing labels the photos may do so for that reason, which is then its cause. */
function explained({ members, controls }: Plan, gate: Omit<OwnedGate, 'recognizer'>): Omit<OwnedGate, 'recognizer'> {
  const isUnlabelled = [members, controls].some(
    (side) => side?.kind === 'photos' && side.photos.some((photo) => photo.unlabelled),
  );
  if (gate.name !== 'blind' || gate.passed !== false || !isUnlabelled) return gate;
  return {
    ...gate,
    reason: `${gate.reason} Nothing said who is in some of the photos: where the recognizer has not grouped all photos of a person, that alone can tell the sides apart.`,
    help: 'Say who is in the photos: give one folder a person, or a table with --people ("rewound people --to" writes one to correct).',
  };
}

function identityOf({ people }: Roster, person: NamedPerson): Report['identities'][number] {
  const { identity, available } = people[person.identity]!;
  const { score, hits, pConformal, pTail, qConformal, qTail, tier, agree } = person;
  const { confirmed, ...fresh } = person.fresh ?? { confirmed: null };
  return {
    identity,
    photos: available,
    score,
    hits,
    pConformal,
    pTail,
    q: Math.min(qConformal, qTail ?? 1),
    tier,
    confirmed,
    fresh: 'hits' in fresh ? fresh : null,
    agree,
  };
}

function gumbelOf({ location, scale, ks, p }: GumbelFit): NonNullable<Report['discoveries']['gumbel']> {
  return { location, scale, ks, p };
}

function powerOf({ settings: { samples } }: Plan, { genuine, detectable }: Analysis): Report['power'] {
  const bound = zeroHitBound(samples, genuine?.estimate ?? 1);
  return {
    rarest: bound.exact,
    zeroHitBound: { ...bound, adjusted: genuine ? bound.adjusted : null },
    genuineRate: genuine,
    samplesFor: RATES.map((p) => ({ p, samples: samplesNeeded(p) })),
    detectable,
  };
}

/** By the people's own names: what chance is drawn from is nobody's business. */
function matchesOf({ people }: Roster, { summary }: Measured, threshold: number | null): Report['matches'] {
  return rankMatches(summary.stairs, people, layOut(people), threshold, MATCHES).map((match) => ({
    ...match,
    identity: people[match.identity]!.identity,
  }));
}
