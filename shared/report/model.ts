/** The schema of a report. */
import { z } from 'zod';
import { understoodSchema } from '../collection/understood.ts';
import { count, fraction, intervalSchema, roleSchema } from './parts.ts';
import { publishedSchema } from './published.ts';

/**
 * `report.json`, version 1: everything an audit found, as data. The page, and every other rendering, is made from
 * this and the evidence pictures alone. `report.schema.json` beside this file is generated from it.
 */

export const verdictSchema = z.enum(['LEAKAGE', 'NOT_DETECTED', 'RESEMBLANCE_ONLY', 'INVALID']);

const gallerySchema = z.strictObject({
  /** Identities that took part: at least `photosPerIdentity` usable photos, on one side only. */
  identities: count,
  /** Photos found, usable or not. */
  photos: count,
  /** Photos in which no face was found. */
  undetected: count,
  /** Photos that could not be decoded. */
  unreadable: count,
  /** The photos without a face and those unreadable, at most 1,000 of them. */
  leftOut: z.array(
    z.strictObject({ identity: z.string(), photo: z.string(), reason: z.enum(['undetected', 'unreadable']) }),
  ),
  /** Identities left out because they, or a photo of theirs, stand on both sides. */
  overlapping: count,
  /** How photos that no name labels were grouped into people by the recognizer; absent where there were none. */
  grouped: z
    .strictObject({
      /** Photos without a label, the people they became, and how many of these have a single photo. */
      photos: count,
      people: count,
      alone: count,
      /** Photos of the person with the most. */
      largest: count,
      /** People left out because they may be the same as another one of this side. */
      alike: count,
      /** Cosine at which two photos were taken for the same person's. */
      threshold: z.number(),
    })
    .optional(),
  /** How the data of this side were read, and what was passed over; absent where embeddings were given. */
  understood: understoodSchema.optional(),
});

const rateSchema = z
  .strictObject({
    /** Identities whose best similarity is above the threshold. */
    hits: count,
    identities: count,
    /** hits / identities, with the 95% Clopper-Pearson interval. */
    rate: fraction,
    low: fraction,
    high: fraction,
  })
  .refine(({ hits, identities }) => hits <= identities, 'more hits than identities')
  .refine(({ low, high }) => low <= high, 'an interval that ends before it begins');

const ratesSchema = z.strictObject({ members: rateSchema, controls: rateSchema });

const recognizerSchema = z.strictObject({
  name: z.string(),
  /** Numbers in an embedding. */
  embedding: count,
  licence: z.string(),
});

const thresholdSchema = z.strictObject({
  /** Similarity: whoever is matched more closely counts as revealed. */
  value: z.number(),
  /** Where it came from, in a sentence. */
  source: z.string(),
  /** Control identities that set it; they take no part in the test. */
  identities: count,
});

const permutationSchema = z.strictObject({ p: fraction, draws: count });

/** A condition without which no number of the audit means anything; one that failed makes the verdict INVALID. */
const gateSchema = z.strictObject({
  /**
   * size: enough people. faces: enough samples with a face. scores: similarities differ from person to person. blind:
   * members and controls look alike without the generator. spread: they vary alike without it. matcher: the recognizer finds a person on another photo of
   * theirs. placebo: real people in place of the generator reveal nobody.
   */
  name: z.enum(['size', 'faces', 'scores', 'blind', 'spread', 'matcher', 'placebo', 'sides']),
  /** The recognizer it was judged with; null where it does not depend on one. */
  recognizer: z.string().nullable(),
  /** null: could not be judged with what was given, which fails nothing. */
  passed: z.boolean().nullable(),
  /** The number judged, where there is one: an AUC (blind), a share (matcher), a difference of shares (placebo). */
  value: intervalSchema.nullable(),
  /** What was seen, in a sentence. */
  reason: z.string(),
  /** What to do if it failed, in a sentence. */
  help: z.string(),
});

/** A threshold by how often it takes two different real people for one (false match rate). */
const fmrThresholdSchema = z.strictObject({
  /** False matches per pair of photos of different people: 1e-3, 1e-4, 1e-5, 1e-6. */
  fmr: fraction,
  /** Similarity, with its 95% identity-bootstrap interval. */
  value: z.number(),
  low: z.number(),
  high: z.number(),
  /** Pairs of photos of different people looked at, and the identities behind them. */
  pairs: count,
  identities: count,
  /** Pairs above `value` among them. */
  falseMatches: count,
  /** Fewer than 30 false matches: the value continues a generalised Pareto tail fitted to the top 1,000 pairs at most. */
  extrapolated: z.boolean(),
  /** Identities above it; null where they were not counted. */
  members: rateSchema.nullable(),
  controls: rateSchema.nullable(),
});

/** The share of members revealed beyond chance, (r_m - r_c) / (1 - r_c), and as a number of people. */
const leakedFractionSchema = z.strictObject({
  estimate: z.number(),
  low: z.number(),
  high: z.number(),
  /** The same times the members that were compared. */
  people: intervalSchema,
});

/** How often a person comes up in samples that had no part in naming them. */
const freshSchema = z
  .strictObject({
    /** Fresh samples above the threshold for this person, of `samples`. */
    hits: count,
    samples: count,
    /** hits / samples, the rate at which the generator emits this person, with the Clopper-Pearson interval. */
    rate: fraction,
    low: fraction,
    high: fraction,
    /** Greatest similarity of a fresh sample to a photo of theirs. */
    score: z.number().min(-1).max(1),
  })
  .refine(({ hits, samples }) => hits <= samples, 'more hits than samples');

/** A member who is found more closely than comparable people who were not trained on, by name. */
const namedSchema = z.strictObject({
  identity: z.string(),
  /** Usable photos of theirs among the members, before everybody was given the same number. */
  photos: count,
  /** Greatest similarity of any of their compared photos to any sample. */
  score: z.number().min(-1).max(1),
  /** Samples above the threshold for this person. */
  hits: count,
  /** Share of all controls with a score at least as great, p = (1 + #) / (controls + 1). */
  pConformal: fraction,
  /**
   * Chance of such a best, or such a third best sample, in Gumbel distributions fitted to the controls, for the better of
   * the two; null where none fits.
   */
  pTail: fraction.nullable(),
  /** Benjamini-Hochberg q-value, the smaller of the two tiers'. */
  q: fraction,
  /** conformal: by counting controls, without assumptions. parametric: by the fitted tail alone. */
  tier: z.enum(['conformal', 'parametric', 'both']),
  /** Whether a fresh sample matches them more closely than 99% of all controls are matched; null if none were made. */
  confirmed: z.boolean().nullable(),
  fresh: freshSchema.nullable(),
  /** Recognizers that name them, of `results`. */
  agree: count,
});

const discoveriesSchema = z.strictObject({
  /** False discovery rate at which people are named. */
  q: fraction,
  /** The rate at which a confirmed person also decides the verdict, in either tier. */
  decisiveQ: fraction,
  /** Controls with which the conformal tier could name a single person; null where there are no controls. */
  controlsNeeded: count.nullable(),
  /** The fit behind the parametric tier, with its Kolmogorov-Smirnov distance and bootstrap p (small: a bad fit). */
  gumbel: z.strictObject({ location: z.number(), scale: z.number(), ks: fraction, p: fraction }).nullable(),
  /** Fresh samples made to confirm the people named. */
  fresh: count,
});

const powerSchema = z.strictObject({
  /** Smallest rate at which a person can be emitted and still be seen at least once with 95% probability. */
  rarest: fraction,
  /** Upper 95% bound on the emission rate of somebody never seen. */
  zeroHitBound: z.strictObject({
    /** 1 - 0.05^(1/samples). */
    exact: fraction,
    /** 3 / samples. */
    ruleOfThree: fraction,
    /** The exact bound divided by the recognizer's genuine rate; null where that is not known. */
    adjusted: fraction.nullable(),
  }),
  /** Share of photos that are above the threshold with another photo of the same person. */
  genuineRate: intervalSchema.nullable(),
  /** Samples needed to see somebody emitted at rate `p` at least once with 95% probability. */
  samplesFor: z.array(z.strictObject({ p: fraction, samples: count })),
  /** Fewest leaked members that the primary test would have found with this probability; null if not even all. */
  detectable: z.strictObject({ people: count, of: count, probability: fraction }).nullable(),
});

const overRepresentationSchema = z.strictObject({
  /** Odds of being revealed per doubling of a person's photos, with the 95% interval (logistic regression). */
  oddsRatio: intervalSchema,
  /** Members in the regression. */
  people: count,
  /** Of the hypothesis that the number of photos does not matter. */
  p: fraction,
});

/** For comparison with the literature: no part of the verdict. */
const secondarySchema = z.strictObject({
  /** Z_U of Meehan et al. 2020: far below zero where samples lie nearer to members than other real faces do. */
  zu: z.number().nullable(),
  /** Share of samples no nearer to their nearest training face than that face is to the next one (Alaa et al. 2022). */
  authenticity: intervalSchema.nullable(),
  /** Distance (1 - similarity) of the median member to the nearest sample, over that of the median control. */
  distanceRatio: z.number().nullable(),
});

/** What one recognizer says. */
const resultSchema = z.strictObject({
  recognizer: recognizerSchema,
  threshold: thresholdSchema.nullable(),
  rates: ratesSchema.nullable(),
  delta: intervalSchema.nullable(),
  auc: intervalSchema.nullable(),
  permutation: permutationSchema.nullable(),
  /** The p of the permutation test, adjusted for the number of recognizers (Holm 1979). */
  pHolm: fraction.nullable(),
  leakedFraction: leakedFractionSchema.nullable(),
  /** Members it names, and how many of them fresh samples confirmed. */
  named: count,
  confirmed: count,
});

const matchSchema = z.strictObject({
  rank: z.int().min(1),
  /** Sample index added to the audit's first seed: the seed that reproduces the sample. */
  seed: count,
  similarity: z.number().min(-1).max(1),
  role: roleSchema,
  identity: z.string(),
  photo: z.string(),
  /** What the picture is called in the set, where pictures were given in the place of a generator. */
  picture: z.string().optional(),
  /** Whether the similarity is above the threshold (false where there is none). */
  revealed: z.boolean(),
});

export const reportSchema = z.strictObject({
  schema: z.literal('rewound.report/1'),
  verdict: verdictSchema,
  /** Why, in sentences: what was seen, and for INVALID which condition failed and what to do. */
  reasons: z.array(z.string()),
  audit: z.strictObject({
    id: z.string(),
    samples: count,
    /** Seed of the first sample; sample i has seed + i. */
    seed: count,
    batch: z.int().min(1),
    shards: z.int().min(1),
    /** Nearest gallery faces kept for each sample. */
    k: z.int().min(1),
    device: z.enum(['cpu', 'webgpu', 'cuda']),
  }),
  generator: z.strictObject({
    file: z.string(),
    md5: z.string(),
    format: z.string(),
    width: count,
    height: count,
    channels: count,
    /** Null where pictures were given in the place of a generator. */
    latent: z
      .strictObject({
        size: count,
        distribution: z.enum(['normal', 'uniform']),
        /** Bounds of the uniform distribution; null for the normal one. */
        low: z.number().nullable(),
        high: z.number().nullable(),
      })
      .nullable(),
    range: z.tuple([z.number(), z.number()]).nullable(),
    /** What the file does not say of itself, and where each answer came from. */
    assumptions: z.array(z.strictObject({ what: z.string(), value: z.string(), source: z.string() })),
    /** Samples that were searched for a face: all, or the calibration samples where faces lie in a fixed place. */
    searched: count,
    /** Of these, samples in which no face was found. */
    undetected: count,
    alignment: z.strictObject({
      /** fixed: every sample is cut out at the mean place of its landmarks; detected: each is looked for. */
      mode: z.enum(['fixed', 'detected']),
      /** Spread of the landmarks over the calibration samples, as a fraction of the distance between the eyes. */
      spread: z.number(),
      /** Distance between the eyes in a generated picture, in pixels. Photos are shrunk to it before embedding. */
      eyeDistance: z.number(),
    }),
  }),
  /** Only where pictures were given in the place of a generator: seeds then number the pictures. */
  published: publishedSchema.optional(),
  /** The first-named recognizer: all numbers up here are its own. */
  recognizer: recognizerSchema,
  members: gallerySchema,
  controls: gallerySchema.nullable(),
  /** Photos compared per identity: the same number for everybody. */
  photosPerIdentity: z.int().min(1),
  threshold: thresholdSchema.nullable(),
  /** All members against the controls that did not set the threshold. */
  rates: ratesSchema.nullable(),
  /** Difference of the rates, members minus controls, with Newcombe's 95% interval. */
  delta: intervalSchema.nullable(),
  /** Area under the ROC of the identities' best similarities, with the 95% identity-bootstrap interval. */
  auc: intervalSchema.nullable(),
  /** One-sided label permutation test on delta: p = (1 + exceedances) / (draws + 1). */
  permutation: permutationSchema.nullable(),
  /** The same test on the AUC: secondary, no part of the verdict. */
  aucPermutation: permutationSchema.nullable(),
  /** Every condition of a sound result, whether or not it could be judged. */
  gates: z.array(gateSchema),
  /** Thresholds by false match rate, lax first, for comparison with other work. The test uses `threshold`. */
  thresholds: z.array(fmrThresholdSchema),
  leakedFraction: leakedFractionSchema.nullable(),
  /** Share of members above the score that a share `fpr` of all controls exceeds; only where fpr * controls >= 10. */
  tpr: z.array(z.strictObject({ fpr: fraction, tpr: intervalSchema })),
  /** The members who are named, the most certain first. */
  identities: z.array(namedSchema),
  discoveries: discoveriesSchema,
  /** What the audit would have caught. */
  power: powerSchema,
  /** null where everybody has the same number of photos, or the regression has no finite answer. */
  overRepresentation: overRepresentationSchema.nullable(),
  secondary: secondarySchema,
  /** One for each recognizer, in the order given; the first is the one above. */
  results: z.array(resultSchema).min(1),
  /** The best match of each of the most similar identities, most similar first. */
  matches: z.array(matchSchema),
  /** Identities by the similarity of their best match; bin i holds [edges[i], edges[i+1]). */
  histogram: z.strictObject({
    edges: z.array(z.number()),
    members: z.array(count),
    controls: z.array(count),
  }),
  /** From (0,0) to (1,1): the share of controls and of members at or above each possible threshold. */
  roc: z.array(z.strictObject({ controls: fraction, members: fraction })),
  /** Identities revealed by the first `samples` samples, as a share of each side. */
  revealCurve: z.array(z.strictObject({ samples: count, members: fraction, controls: fraction.nullable() })),
  /** What this audit cannot tell, in sentences. */
  limits: z.array(z.string()),
  /** Milliseconds spent by the compute functions, summed over shards; `totalMs` is from start to verdict. */
  timing: z.strictObject({
    generateMs: z.number(),
    alignMs: z.number(),
    embedMs: z.number(),
    searchMs: z.number(),
    totalMs: z.number(),
  }),
});

export type Report = z.infer<typeof reportSchema>;
export type Verdict = z.infer<typeof verdictSchema>;
export type Role = z.infer<typeof roleSchema>;
export type Interval = z.infer<typeof intervalSchema>;
export type Match = z.infer<typeof matchSchema>;
export type Rate = z.infer<typeof rateSchema>;
export type Gate = z.infer<typeof gateSchema>;
export type Named = z.infer<typeof namedSchema>;
export type RecognizerResult = z.infer<typeof resultSchema>;
export type LeakedFraction = z.infer<typeof leakedFractionSchema>;
export type Published = z.infer<typeof publishedSchema>;
