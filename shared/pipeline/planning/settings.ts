/** The schema of project.json, and what follows from it. */
import { z } from 'zod';
import { checkpointCardSchema } from '../../checkpoint/spec/card.ts';
import { LAYOUTS } from '../../collection/layout.ts';

/** Most samples an audit may have. */
const MOST_SAMPLES = 1_000_000_000;
/** Seeds are 32 bits wide. */
const SEEDS = 2 ** 32;
/** More would say the same again. */
const MOST_RECOGNIZERS = 8;
/** Made before the audit's own, from the same seed on. */
const CALIBRATION_SAMPLES = 256;

/** `project.json`: the settings of every audit of a project. All have defaults. */
export const settingsSchema = z
  .strictObject({
    samples: z.int().min(1).max(MOST_SAMPLES).default(50_000),
    /** Seed of the first sample; also fixes every random choice of the statistics. */
    seed: z
      .int()
      .min(0)
      .max(SEEDS - 1)
      .default(0),
    /** Nearest gallery faces kept for each sample. */
    k: z.int().min(1).max(100).default(10),
    /** Samples generated at once; part of an audit's identity, because arithmetic may depend on it. */
    batch: z.int().min(1).max(1024).default(64),
    /** Pieces the samples are cut into; by default 2,048 samples or two and a half minutes. Does not change the result. */
    shards: z.int().min(1).max(100_000).optional(),
    /** Cards of the user's own recognizers, relative to the project, or "built-in", which is also the default. */
    recognizer: z
      .union([z.string().min(1), z.array(z.string().min(1)).min(1).max(MOST_RECOGNIZERS)])
      .refine((named) => typeof named === 'string' || new Set(named).size === named.length, {
        message: 'a recognizer is named twice',
      })
      .optional(),
    /** Samples on which named people are confirmed, after all others; a fifth of `samples`, 2,000 to 10,000, by default. 0: none. */
    fresh: z.int().min(0).max(MOST_SAMPLES).optional(),
    /** Overrides what cards beside checkpoints say. */
    card: checkpointCardSchema.optional(),
    /** Whether the audit goes on where fewer than half of the first samples show a face. It ends as INVALID all the same. */
    allowFaceless: z.literal(true).optional(),
    /** Whether the report holds pictures of samples and of the photos they match. */
    pictures: z.boolean().default(true),
    /** How to read who is in the photos, where their layout does not say it. */
    people: z
      .strictObject({
        /** Overrules what folders are taken for: people, or places where photos are stored. */
        layout: z.enum(LAYOUTS).optional(),
        /** The column of a table, or the field of a sample, that names the person. */
        personColumn: z.string().min(1).optional(),
        /** A table of files and people, relative to the project. */
        table: z.string().min(1).optional(),
      })
      .optional(),
    /** How people stand in the report: as their folders are called, or under pseudonyms. */
    identities: z.enum(['names', 'pseudonyms']).default('names'),
    /** What pseudonyms are made with: 32 bytes in hex. Whoever has it can translate them back. In no report. */
    pseudonymKey: z
      .string()
      .regex(/^[0-9a-f]{64}$/i, 'a key has 64 hexadecimal digits')
      .optional(),
  })
  .refine((one) => one.seed + Math.max(one.samples + freshSamples(one), CALIBRATION_SAMPLES) <= SEEDS, {
    path: ['seed'],
    message: 'the seed is too large for this many samples: each takes a seed of its own, and the last is 4294967295',
  })
  .refine(({ identities, pseudonymKey }) => identities === 'names' || pseudonymKey !== undefined, {
    path: ['pseudonymKey'],
    message: 'pseudonyms need a key',
  });
export type Settings = z.infer<typeof settingsSchema>;

/** The key of the report's pseudonyms; undefined where people stand there by name. */
export function pseudonymKeyOf({ identities, pseudonymKey }: Settings): Uint8Array | undefined {
  return identities === 'pseudonyms' && pseudonymKey !== undefined ? Buffer.from(pseudonymKey, 'hex') : undefined;
}

const LEAST_FRESH = 2_000;
const MOST_FRESH = 10_000;

/**
 * How many samples confirm whoever is named: a fifth of those that found them, so that it stays a small part of the
 * cost, though enough to tell a rate of 1 in 1,000 from none.
 */
export function freshSamples({ samples, fresh }: { readonly samples: number; readonly fresh?: number | undefined }) {
  return fresh ?? Math.min(samples, MOST_FRESH, Math.max(LEAST_FRESH, Math.ceil(samples / 5)));
}

/** What the settings call the recognizer that comes with Rewound. */
export const BUILT_IN = 'built-in';

/** The recognizers in the order they were named; the first is the audit's own, the others confirm it. */
export function recognizerNames({ recognizer = BUILT_IN }: Pick<Settings, 'recognizer'>): readonly string[] {
  return typeof recognizer === 'string' ? [recognizer] : recognizer;
}

const SAMPLES_PER_SHARD = 2048;
/** Half of what a call of a function may take: machines differ, and so do the hours of the day. */
const SHARD_MS = 150_000;

/** How many pieces: as asked for, else short enough that a call ends in time and a crash loses little. */
export function shardCount({ samples, shards }: Settings, sampleMs: number): number {
  return shards ?? Math.max(1, Math.ceil(samples / SAMPLES_PER_SHARD), Math.ceil((samples * sampleMs) / SHARD_MS));
}
