import type { LeakedFraction, Match, Named, Report, Role, Verdict } from '../../shared/report/model.ts';
import { fmrThresholds, GUMBEL, gate, gates, kept, named, power, RECOGNIZERS, rate } from './example-statistics.ts';

const LEFT_OUT: Report['members']['leftOut'] = [
  { identity: 'm004', photo: '02.jpg', reason: 'undetected' },
  { identity: 'm017', photo: 'back of head.png', reason: 'undetected' },
  { identity: 'm031', photo: '00.jpg', reason: 'undetected' },
  { identity: 'm052', photo: '11.jpg', reason: 'unreadable' },
];

/**
 * A report as an audit could have written it, for the tests of its renderings. The numbers agree with each other but
 * were not measured.
 */
export function exampleReport(verdict: Verdict = 'LEAKAGE', changes: Partial<Report> = {}): Report {
  const leaks = verdict === 'LEAKAGE' || verdict === 'INVALID';
  const compared = verdict !== 'RESEMBLANCE_ONLY';
  const rates = leaks
    ? { members: rate(31, 80), controls: rate(1, 80) }
    : { members: rate(2, 80), controls: rate(1, 80) };
  const delta = leaks ? { estimate: 0.375, low: 0.262, high: 0.486 } : { estimate: 0.0125, low: -0.044, high: 0.075 };
  const auc = leaks ? { estimate: 0.842, low: 0.781, high: 0.896 } : { estimate: 0.512, low: 0.421, high: 0.6 };
  const threshold = {
    value: 0.6124,
    source: '99% quantile of the best similarity over half of the controls.',
    identities: 80,
  };
  const permutation = { p: leaks ? 0.0001 : 0.311, draws: 9_999 };
  const leakedFraction = leaks ? leaked(0.379747, 0.265, 0.493, 80) : leaked(0.012658, 0, 0.076, 80);
  const identities = verdict === 'LEAKAGE' ? leakedPeople() : [];
  const all = matches(leaks, compared);
  const gallery = { identities: 80, photos: 576, undetected: 3, unreadable: 1, overlapping: 0, leftOut: LEFT_OUT };
  return {
    schema: 'rewound.report/1',
    verdict,
    reasons: REASONS[verdict],
    audit: { id: 'b7c1f0e92a44', samples: 20_000, seed: 0, batch: 32, shards: 5, k: 16, device: 'cpu' },
    generator: {
      file: 'generator.onnx',
      md5: '9b1f6a7cf2f3a8c7f0a2d6f3b1d0c4e5',
      format: 'ONNX, opset 17',
      width: 64,
      height: 64,
      channels: 3,
      latent: { size: 65, distribution: 'normal', low: null, high: null },
      range: [-1, 1],
      assumptions: [
        { what: 'latent distribution', value: 'normal', source: 'card beside the file' },
        { what: 'picture range', value: '-1 to 1', source: 'found: the last layer is Tanh' },
      ],
      searched: 20_000,
      undetected: 212,
      alignment: { mode: 'fixed', spread: 0.041, eyeDistance: 17.6 },
    },
    recognizer: RECOGNIZERS[0],
    members: gallery,
    controls: compared ? { ...gallery, identities: 160, photos: 640, overlapping: 2 } : null,
    photosPerIdentity: 4,
    threshold: compared ? threshold : null,
    rates: compared ? rates : null,
    delta: compared ? delta : null,
    auc: compared ? auc : null,
    permutation: compared ? permutation : null,
    aucPermutation: compared ? { p: leaks ? 0.0001 : 0.382, draws: 9_999 } : null,
    gates: compared ? gates(verdict === 'INVALID') : gatesAlone(),
    thresholds: fmrThresholds({
      pairs: 1_473_920,
      identities: 240,
      members: 80,
      controls: compared ? 160 : null,
      rows: [
        [0.431, 0.006, 1_474, 80, compared ? 160 : null],
        [0.517, 0.009, 147, leaks ? 66 : 43, compared ? 84 : null],
        [0.588, 0.018, 15, leaks ? 35 : 6, compared ? 9 : null],
        [0.641, 0.034, 1, leaks ? 27 : 0, compared ? 0 : null],
      ],
    }),
    leakedFraction: compared ? leakedFraction : null,
    tpr: compared
      ? [
          {
            fpr: 0.1,
            tpr: leaks ? { estimate: 0.55, low: 0.433, high: 0.662 } : { estimate: 0.113, low: 0.052, high: 0.203 },
          },
        ]
      : [],
    identities,
    discoveries: {
      q: 0.1,
      decisiveQ: 0.01,
      controlsNeeded: compared ? 799 : null,
      gumbel: compared ? GUMBEL : null,
      fresh: identities.length > 0 ? 10_000 : 0,
    },
    power: power(20_000, { estimate: 0.914, low: 0.887, high: 0.938 }, compared ? 8 : 0, 80),
    overRepresentation: leaks ? { oddsRatio: { estimate: 1.84, low: 1.21, high: 2.8 }, people: 80, p: 0.0043 } : null,
    secondary: {
      zu: leaks ? -4.21 : compared ? 0.37 : null,
      authenticity: leaks ? { estimate: 0.931, low: 0.927, high: 0.934 } : { estimate: 0.988, low: 0.986, high: 0.989 },
      distanceRatio: leaks ? 0.962 : compared ? 0.998 : null,
    },
    results: [
      {
        recognizer: RECOGNIZERS[0],
        threshold: compared ? threshold : null,
        rates: compared ? rates : null,
        delta: compared ? delta : null,
        auc: compared ? auc : null,
        permutation: compared ? permutation : null,
        pHolm: compared ? (leaks ? 0.0002 : 0.622) : null,
        leakedFraction: compared ? leakedFraction : null,
        named: identities.length,
        confirmed: identities.filter(({ confirmed }) => confirmed).length,
      },
      {
        recognizer: RECOGNIZERS[1],
        threshold: compared ? { ...threshold, value: 0.5518 } : null,
        rates: compared
          ? leaks
            ? { members: rate(28, 80), controls: rate(2, 80) }
            : { members: rate(1, 80), controls: rate(1, 80) }
          : null,
        delta: compared
          ? leaks
            ? { estimate: 0.325, low: 0.211, high: 0.436 }
            : { estimate: 0, low: -0.056, high: 0.056 }
          : null,
        auc: compared
          ? leaks
            ? { estimate: 0.811, low: 0.744, high: 0.871 }
            : { estimate: 0.487, low: 0.398, high: 0.574 }
          : null,
        permutation: compared ? { p: leaks ? 0.0001 : 0.748, draws: 9_999 } : null,
        pHolm: compared ? (leaks ? 0.0002 : 0.748) : null,
        leakedFraction: compared ? (leaks ? leaked(0.333333, 0.22, 0.45, 80) : leaked(0, 0, 0.057, 80)) : null,
        named: verdict === 'LEAKAGE' ? 24 : 0,
        confirmed: verdict === 'LEAKAGE' ? 22 : 0,
      },
    ],
    matches: all,
    histogram: histogram(leaks, compared),
    roc: compared ? roc(leaks) : [],
    revealCurve: compared ? revealCurve(leaks ? 0.3875 : 0.025) : [],
    limits: [
      'The recognizer errs more often for some groups of people than for others; its threshold was not set per group.',
      'The recognizer was not trained on the member photos, as far as is known.',
      'A face made less often than 15 times in 100,000 samples may not have come up.',
    ],
    timing: { generateMs: 48_200, alignMs: 9_100, embedMs: 171_300, searchMs: 2_450, totalMs: 141_000 },
    ...changes,
  };
}

const REASONS: Record<Verdict, string[]> = {
  LEAKAGE: [
    '31 of 80 (38.8%) members are revealed: a sample resembles them more than the threshold. Of comparable people who were not trained on, 1 of 80 (1.3%) are.',
    'The difference is 37.5 percentage points (95% interval 26.2 to 48.6). When the labels are shuffled at random and all is done again, it is as large or larger in 0 of 9,999 draws (p = 0.00010; 0.00020 as the best of 2 recognizers).',
    'Beyond chance resemblance this is about 38.0% of the members: 30 of 80 people (95% interval 21 to 39).',
    '30 members are named one by one, of whom about 10.0% may be named wrongly; 28 were found again in 10,000 fresh samples that had no part in the naming.',
  ],
  NOT_DETECTED: [
    '2 of 80 (2.5%) members are revealed: a sample resembles them more than the threshold. Of comparable people who were not trained on, 1 of 80 (1.3%) are.',
    'The difference is 1.3 percentage points (95% interval -4.4 to 7.5). When the labels are shuffled at random and all is done again, it is as large or larger in 3,109 of 9,999 draws (p = 0.31; 0.62 as the best of 2 recognizers).',
  ],
  RESEMBLANCE_ONLY: [
    'No controls were given, so nothing can be said about leakage: even a perfect generator makes lookalikes.',
    'Give photos of people from the same collection who were not trained on.',
  ],
  INVALID: [
    'Members and controls can be told apart without the generator: blind baseline AUC 0.95 (0.91 to 0.98). Their photos come from different sources.',
    'Take the controls from the same collection as the members, then run the audit again.',
  ],
};

/** Every kind of report that its renderings must do justice to, by name. */
export function exampleReports(): [name: string, report: Report][] {
  return [
    ['leakage', exampleReport('LEAKAGE')],
    ['not-detected', exampleReport('NOT_DETECTED')],
    ['resemblance-only', exampleReport('RESEMBLANCE_ONLY')],
    ['invalid', exampleReport('INVALID')],
    ['lone-person', lonePersonReport()],
    ['few-people', fewPeopleReport()],
  ];
}

/** The gates of an audit without controls. */
function gatesAlone(): Report['gates'] {
  return [
    gate({ name: 'size', passed: true, reason: '80 members could be compared.' }),
    gate({ name: 'faces', passed: true, reason: 'A face was found in 19,788 of 20,000 samples.' }),
    gate({ name: 'blind', passed: null, reason: 'Without controls there is nobody to tell the members from.' }),
    gate({
      name: 'matcher',
      passed: null,
      reason: 'Without controls there is no threshold to judge the recognizer at.',
    }),
    gate({ name: 'placebo', passed: null, reason: 'Without controls there is no difference to compare.' }),
  ];
}

function leaked(estimate: number, low: number, high: number, members: number): LeakedFraction {
  const people = { estimate: kept(estimate * members), low: kept(low * members), high: kept(high * members) };
  return { estimate, low, high, people };
}

/** The members that stand closer than every control, as the matches below say. */
function leakedPeople(): Named[] {
  const closest = matches(true, true).filter(({ role }) => role === 'members');
  return closest.map(({ identity, similarity }, index) =>
    named({
      identity,
      photos: 4 + ((index * 7) % 23),
      score: similarity,
      hits: Math.max(1, Math.round(192 * 0.84 ** index)),
      pConformal: kept(1 / 161),
      q: kept((80 / 161) * (1 / closest.length)),
      tier: index < 26 ? 'both' : 'conformal',
      agree: index < 24 ? 2 : 1,
      fresh: [index % 13 === 12 ? 0 : Math.max(1, Math.round(96 * 0.84 ** index)), 10_000],
    }),
  );
}

/** One member whom the generator makes once in a hundred samples, among 500 of whom it knows nothing. */
function lonePersonReport(): Report {
  const report = exampleReport('NOT_DETECTED');
  const [first] = report.results;
  const threshold = { ...report.threshold!, value: 0.5765, identities: 250 };
  const rates = { members: rate(12, 500), controls: rate(5, 250) };
  const delta = { estimate: 0.004, low: -0.023895, high: 0.024882 };
  const permutation = { p: 0.471, draws: 9_999 };
  const leakedFraction = leaked(0.004082, 0, 0.0254, 500);
  const identity = named({
    identity: 'm117',
    photos: 212,
    score: 0.861,
    hits: 512,
    pConformal: kept(1 / 501),
    q: kept(0.0000231),
    tier: 'parametric',
    agree: 1,
    fresh: [97, 10_000],
  });
  const closest = report.matches.map((match, index) => ({
    ...match,
    ...(index === 0 ? { identity: 'm117', similarity: 0.861 } : {}),
    revealed: index === 0 || match.similarity > threshold.value,
  }));
  return {
    ...report,
    verdict: 'LEAKAGE',
    reasons: [
      'One person is matched far more closely than the controls allow: q = 0.00002 in the tail fitted to them. Of 10,000 fresh samples, 97 show this person again.',
      'Taken together, 2.4% of the members are revealed against 2% of the controls; that difference could be chance.',
    ],
    audit: { ...report.audit, samples: 50_000, shards: 13 },
    generator: { ...report.generator, searched: 50_000, undetected: 530 },
    members: { ...report.members, identities: 500, photos: 2_711 },
    controls: { ...report.controls!, identities: 500, photos: 2_520 },
    threshold,
    rates,
    delta,
    permutation,
    leakedFraction,
    gates: report.gates
      .filter(({ recognizer }) => recognizer === null || recognizer === report.recognizer.name)
      .map((one) =>
        one.name === 'size' ? { ...one, reason: '500 members and 500 controls could be compared.' } : one,
      ),
    tpr: [
      { fpr: 0.1, tpr: { estimate: 0.102, low: 0.077, high: 0.132 } },
      { fpr: 0.02, tpr: { estimate: 0.024, low: 0.013, high: 0.042 } },
    ],
    identities: [identity],
    discoveries: { q: 0.1, decisiveQ: 0.01, controlsNeeded: 4_999, gumbel: GUMBEL, fresh: 10_000 },
    power: power(50_000, { estimate: 0.914, low: 0.887, high: 0.938 }, 17, 500),
    overRepresentation: { oddsRatio: { estimate: 2.9, low: 1.42, high: 5.94 }, people: 500, p: 0.0035 },
    results: [
      { ...first!, threshold, rates, delta, permutation, pHolm: 0.471, leakedFraction, named: 1, confirmed: 1 },
    ],
    matches: closest,
  };
}

/** Twenty people on either side, one photo each: little can be said, and the report says how little. */
function fewPeopleReport(): Report {
  const report = exampleReport('NOT_DETECTED');
  const [first] = report.results;
  const threshold = { ...report.threshold!, identities: 10 };
  const rates = { members: rate(2, 20), controls: rate(0, 10) };
  const delta = { estimate: 0.1, low: -0.186754, high: 0.301034 };
  const auc = { estimate: 0.545, low: 0.358, high: 0.725 };
  const permutation = { p: 0.437, draws: 9_999 };
  const leakedFraction = leaked(0.1, 0, 0.314, 20);
  const gallery = { identities: 20, photos: 20, undetected: 0, unreadable: 0, overlapping: 0, leftOut: [] };
  return {
    ...report,
    reasons: ['The interval of the difference contains zero.'],
    members: gallery,
    controls: gallery,
    photosPerIdentity: 1,
    threshold,
    rates,
    delta,
    auc,
    permutation,
    leakedFraction,
    gates: [
      gate({ name: 'size', passed: true, reason: '20 members and 20 controls could be compared.' }),
      gate({ name: 'faces', passed: true, reason: 'A face was found in 19,788 of 20,000 samples.' }),
      gate({
        name: 'blind',
        recognizer: report.recognizer.name,
        passed: true,
        value: { estimate: 0.46, low: 0.277, high: 0.643 },
        reason:
          'From their photos alone, members and controls cannot be told apart: blind baseline AUC 0.46 (0.28 to 0.64).',
      }),
      gate({
        name: 'matcher',
        recognizer: report.recognizer.name,
        passed: null,
        reason: 'Nobody has a second photo, so it is not known how often the recognizer finds a person again.',
      }),
      gate({
        name: 'placebo',
        passed: null,
        reason: 'No third set of people was given, so nothing was put in place of the generator.',
      }),
    ],
    thresholds: fmrThresholds({
      pairs: 780,
      identities: 40,
      members: 20,
      controls: 20,
      rows: [
        [0.402, 0.061, 1, 20, 20],
        [0.488, 0.112, 0, 15, 14],
        [0.561, 0.174, 0, 5, 4],
        [0.622, 0.238, 0, 1, 0],
      ],
    }),
    tpr: [],
    discoveries: { q: 0.1, decisiveQ: 0.01, controlsNeeded: 199, gumbel: { ...GUMBEL, ks: 0.14, p: 0.38 }, fresh: 0 },
    power: power(20_000, null, 12, 20),
    overRepresentation: null,
    secondary: { zu: null, authenticity: null, distanceRatio: null },
    results: [{ ...first!, threshold, rates, delta, auc, permutation, pHolm: 0.437, leakedFraction }],
    matches: report.matches
      .filter(({ role }, index) => (role === 'members' ? index < 24 : true))
      .map((match, index) => ({ ...match, rank: index + 1 })),
  };
}

/** Closest first, ranked over both sides. */
function matches(leaks: boolean, compared: boolean): Match[] {
  const side = (role: Role, count: number, top: number, step: number) =>
    Array.from({ length: count }, (_, index) => ({
      seed: role === 'members' ? 317 * index + 41 : 523 * index + 77,
      similarity: Number((top - step * index - 0.004 * (index % 3)).toFixed(4)),
      role,
      identity: `${role === 'members' ? 'm' : 'c'}${String((index * 37) % 80).padStart(3, '0')}`,
      photo: `0${index % 4}.jpg`,
    }));
  const members = side('members', 30, leaks ? 0.861 : 0.619, leaks ? 0.0082 : 0.0035);
  const controls = compared ? side('controls', 12, 0.617, 0.004) : [];
  return [...members, ...controls]
    .sort((a, b) => b.similarity - a.similarity)
    .map((match, index) => ({ rank: index + 1, ...match, revealed: compared && match.similarity > 0.6124 }));
}

function histogram(leaks: boolean, compared: boolean): Report['histogram'] {
  const edges = Array.from({ length: 41 }, (_, index) => Number((index * 0.025).toFixed(3)));
  const bell = (centre: number, width: number, size: number) =>
    edges.slice(1).map((edge) => Math.round(size * Math.exp(-(((edge - 0.0125 - centre) / width) ** 2) / 2)));
  const none = edges.slice(1).map(() => 0);
  const members = leaks
    ? bell(0.53, 0.05, 12).map((value, index) => value + bell(0.72, 0.07, 5)[index]!)
    : bell(0.52, 0.045, 14);
  return { edges, members, controls: compared ? bell(0.51, 0.045, 28) : none };
}

function roc(leaks: boolean): Report['roc'] {
  return Array.from({ length: 41 }, (_, index) => {
    const controls = (index / 40) ** 2;
    const members = controls ** (leaks ? 0.19 : 0.96);
    return { controls: Number(controls.toFixed(4)), members: Number(members.toFixed(4)) };
  });
}

function revealCurve(final: number): Report['revealCurve'] {
  return [100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000].map((samples) => ({
    samples,
    members: Number((final * (samples / 20_000) ** 0.42).toFixed(4)),
    controls: samples < 5_000 ? 0 : 0.0125,
  }));
}
