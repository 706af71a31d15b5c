import type { Analysis } from '../audit/analysis.ts';
import { samplesNeeded, zeroHitBound } from '../audit/power.ts';
import type { Role } from '../audit/roster.ts';
import type { Summary } from '../audit/summary.ts';
import type { Timing } from '../audit/tally.ts';
import type { Report } from '../report/model.ts';
import { type Plan, sampleShards } from './plan-file.ts';
import type { Roster } from './roster-file.ts';

/** The report as data, from what was planned, counted and concluded. */
export function makeReport(
  plan: Plan,
  roster: Roster,
  summary: Summary,
  analysis: Analysis,
  timing: Timing & { readonly total: number },
): Report {
  const { settings, generator } = plan;
  const { info } = plan.recognizers[0]!;
  const { spec, geometry, alignment } = generator;
  const names = new Map(roster.people.map(({ key, identity }) => [key, identity]));
  const uniform = spec.latent.distribution === 'uniform';
  const { gates, ...statistics } = analysis;
  const recognizer = {
    name: info.name,
    embedding: info.embedding,
    licence: info.licence,
  };
  return {
    schema: 'rewound.report/1',
    verdict: analysis.verdict,
    reasons: [...analysis.reasons],
    audit: {
      id: plan.audit,
      samples: settings.samples,
      seed: settings.seed,
      batch: settings.batch,
      shards: sampleShards(plan, 'probe').length,
      k: settings.k,
      device: plan.device,
    },
    generator: {
      file: plan.checkpoint.file,
      md5: plan.checkpoint.md5,
      format: spec.format,
      width: geometry.width,
      height: geometry.height,
      channels: geometry.channels,
      latent: {
        size: spec.latent.size,
        distribution: spec.latent.distribution,
        low: uniform ? spec.latent.low : null,
        high: uniform ? spec.latent.high : null,
      },
      range: generator.range,
      assumptions: [...generator.assumptions, ...alignmentNotes(plan), ...galleryNotes(plan)],
      ...facesSeen(plan, summary),
      alignment: { mode: alignment.mode, spread: alignment.spread, eyeDistance: alignment.eyeDistance },
    },
    recognizer,
    members: side(roster, 'members'),
    controls: plan.controls ? side(roster, 'controls') : null,
    photosPerIdentity: roster.photosPerIdentity,
    threshold: statistics.threshold,
    rates: statistics.rates,
    delta: statistics.delta,
    auc: statistics.auc,
    permutation: statistics.permutation,
    aucPermutation: statistics.aucPermutation,
    gates: gates.map((gate) => ({ ...gate, recognizer: null, value: null })),
    thresholds: [],
    leakedFraction: null,
    tpr: [],
    identities: [],
    discoveries: { q: 0.1, parametricQ: 0.01, controlsNeeded: null, gumbel: null, fresh: 0 },
    power: {
      rarest: Math.min(1, -Math.log(0.05) / settings.samples),
      zeroHitBound: { ...zeroHitBound(settings.samples), adjusted: null },
      genuineRate: null,
      samplesFor: [1e-3, 1e-4, 1e-5].map((p) => ({ p, samples: samplesNeeded(p) })),
      detectable: null,
    },
    overRepresentation: null,
    secondary: { zu: null, authenticity: null, distanceRatio: null },
    results: [
      {
        recognizer,
        threshold: statistics.threshold,
        rates: statistics.rates,
        delta: statistics.delta,
        auc: statistics.auc,
        permutation: statistics.permutation,
        pHolm: statistics.permutation?.p ?? null,
        leakedFraction: null,
        named: 0,
        confirmed: 0,
      },
    ],
    matches: statistics.matches.map((match) => ({ ...match, identity: names.get(match.identity) ?? match.identity })),
    histogram: {
      edges: [...statistics.histogram.edges],
      members: [...statistics.histogram.members],
      controls: [...statistics.histogram.controls],
    },
    roc: [...statistics.roc],
    revealCurve: [...statistics.revealCurve],
    limits: LIMITS,
    timing: {
      generateMs: timing.generate,
      alignMs: timing.align,
      embedMs: timing.embed,
      searchMs: timing.search,
      totalMs: Math.round(timing.total),
    },
  };
}

/** In how many samples a face was looked for, and in how many there was none. */
export function facesSeen({ generator, settings }: Plan, { undetected }: Summary) {
  const { alignment, calibration } = generator;
  return alignment.mode === 'detected'
    ? { searched: settings.samples, undetected }
    : { searched: calibration.samples, undetected: calibration.undetected };
}

function side({ people, counts }: Roster, role: Role): Report['members'] {
  const { photos, undetected, unreadable, overlapping, leftOut } = counts[role];
  const identities = people.filter((person) => person.role === role).length;
  return { identities, photos, undetected, unreadable, overlapping, leftOut };
}

function alignmentNotes({ generator: { alignment, calibration } }: Plan): Report['generator']['assumptions'] {
  const measured = `measured on ${calibration.samples} samples, ${calibration.undetected} of them without a face`;
  const value =
    alignment.mode === 'fixed'
      ? 'at a fixed place in every sample, so samples are not searched one by one'
      : 'somewhere else in every sample, so each is searched';
  return [{ what: 'place of the face', value, source: measured }];
}

function galleryNotes({ members, controls }: Plan): Report['generator']['assumptions'] {
  return [members, controls].some((one) => one?.kind === 'embeddings')
    ? [
        {
          what: 'gallery',
          value: 'embeddings made beforehand',
          source: 'given by the owner and not checked against photos',
        },
      ]
    : [];
}

/** What no audit of this kind can tell. */
const LIMITS = [
  'The recognizer errs, and not equally for all groups of people; where groups are known, audit them separately.',
  'The audit assumes access to the training photos. It is a check by the owner of the photos or a regulator, not a way to find strangers.',
  'A recognizer that was itself trained on the member photos would find them too well. Which one was used is stated above.',
  'Members and controls must come from the same collection. If they differ in age, lighting or source, the difference between them says nothing about the generator.',
  'Not finding anyone in this many samples bounds how often a person appears; it does not exclude that more samples would.',
];
