import type { Match, Report, Role, Verdict } from '../../shared/report/model.ts';

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
    ? { members: rate(31, 80, 0.2806, 0.503), controls: rate(1, 80, 0.0003, 0.0677) }
    : { members: rate(2, 80, 0.003, 0.0874), controls: rate(1, 80, 0.0003, 0.0677) };
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
    recognizer: { name: 'dlib ResNet, converted', embedding: 128, licence: 'public domain (CC0)' },
    members: gallery,
    controls: compared ? { ...gallery, identities: 160, photos: 640, overlapping: 2 } : null,
    photosPerIdentity: 4,
    threshold: compared
      ? { value: 0.6124, source: '99% quantile of the best similarity over half of the controls.', identities: 80 }
      : null,
    rates: compared ? rates : null,
    delta: compared
      ? leaks
        ? { estimate: 0.375, low: 0.262, high: 0.486 }
        : { estimate: 0.0125, low: -0.044, high: 0.075 }
      : null,
    auc: compared
      ? leaks
        ? { estimate: 0.842, low: 0.781, high: 0.896 }
        : { estimate: 0.512, low: 0.421, high: 0.6 }
      : null,
    permutation: compared ? { p: leaks ? 0.0001 : 0.311, draws: 9_999 } : null,
    aucPermutation: compared ? { p: leaks ? 0.0001 : 0.382, draws: 9_999 } : null,
    matches: matches(leaks, compared),
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
    '38.8% of the members are revealed against 1.3% of the controls; the interval of the difference excludes zero.',
    'Relabelling people at random gave a difference this large in none of 9,999 draws.',
  ],
  NOT_DETECTED: ['The interval of the difference contains zero and no single person was confirmed on fresh samples.'],
  RESEMBLANCE_ONLY: ['No controls were given.'],
  INVALID: [
    'Members and controls can be told apart without the generator: blind baseline AUC 0.95 (0.91 to 0.98). Their photos come from different sources.',
    'Take the controls from the same collection as the members, then run the audit again.',
  ],
};

function rate(hits: number, identities: number, low: number, high: number) {
  return { hits, identities, rate: hits / identities, low, high };
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
