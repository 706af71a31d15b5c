import { z } from 'zod';

/**
 * `report.json`, version 1: everything an audit found, as data. The page, and every other rendering, is made from
 * this and the evidence pictures alone. `report.schema.json` beside this file is generated from it.
 */

const fraction = z.number().min(0).max(1);
const count = z.int().min(0);

/** A point estimate with its 95% interval. */
const intervalSchema = z.strictObject({ estimate: z.number(), low: z.number(), high: z.number() });

export const verdictSchema = z.enum(['LEAKAGE', 'NOT_DETECTED', 'RESEMBLANCE_ONLY', 'INVALID']);
const roleSchema = z.enum(['members', 'controls']);

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
});

const rateSchema = z.strictObject({
  /** Identities whose best similarity is above the threshold. */
  hits: count,
  identities: count,
  /** hits / identities, with the 95% Clopper-Pearson interval. */
  rate: fraction,
  low: fraction,
  high: fraction,
});

const matchSchema = z.strictObject({
  rank: z.int().min(1),
  /** Sample index added to the audit's first seed: the seed that reproduces the sample. */
  seed: count,
  similarity: z.number().min(-1).max(1),
  role: roleSchema,
  identity: z.string(),
  photo: z.string(),
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
    latent: z.strictObject({
      size: count,
      distribution: z.enum(['normal', 'uniform']),
      /** Bounds of the uniform distribution; null for the normal one. */
      low: z.number().nullable(),
      high: z.number().nullable(),
    }),
    range: z.tuple([z.number(), z.number()]),
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
  recognizer: z.strictObject({
    name: z.string(),
    embedding: count,
    licence: z.string(),
  }),
  members: gallerySchema,
  controls: gallerySchema.nullable(),
  /** Photos compared per identity: the same number for everybody. */
  photosPerIdentity: z.int().min(1),
  threshold: z
    .strictObject({
      value: z.number(),
      /** Where it came from, in a sentence. */
      source: z.string(),
      /** Control identities that set it; they take no part in the test. */
      identities: count,
    })
    .nullable(),
  rates: z.strictObject({ members: rateSchema, controls: rateSchema }).nullable(),
  /** Difference of the rates, members minus controls, with Newcombe's 95% interval. */
  delta: intervalSchema.nullable(),
  /** Area under the ROC of the identities' best similarities, with the 95% identity-bootstrap interval. */
  auc: intervalSchema.nullable(),
  /** One-sided label permutation test on delta: p = (1 + exceedances) / (draws + 1). */
  permutation: z.strictObject({ p: fraction, draws: count }).nullable(),
  /** The same test on the AUC: secondary, no part of the verdict. */
  aucPermutation: z.strictObject({ p: fraction, draws: count }).nullable(),
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
