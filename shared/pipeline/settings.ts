import { z } from 'zod';
import { checkpointCardSchema } from '../checkpoint/card.ts';

/** Most samples an audit may have. */
const MOST_SAMPLES = 1_000_000_000;
/** Seeds are 32 bits wide. */
const SEEDS = 2 ** 32;
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
    /** Card of the user's own recognizer, relative to the project; the built-in one by default. */
    recognizer: z.string().min(1).optional(),
    /** Overrides what cards beside checkpoints say. */
    card: checkpointCardSchema.optional(),
    /** Whether the report holds pictures of samples and of the photos they match. */
    pictures: z.boolean().default(true),
  })
  .refine(({ seed, samples }) => seed + Math.max(samples, CALIBRATION_SAMPLES) <= SEEDS, {
    path: ['seed'],
    message: 'the seed is too large for this many samples: each takes a seed of its own, and the last is 4294967295',
  });
export type Settings = z.infer<typeof settingsSchema>;

const SAMPLES_PER_SHARD = 2048;
/** Half of what a call of a function may take: machines differ, and so do the hours of the day. */
const SHARD_MS = 150_000;

/** How many pieces: as asked for, else short enough that a call ends in time and a crash loses little. */
export function shardCount({ samples, shards }: Settings, sampleMs: number): number {
  return shards ?? Math.max(1, Math.ceil(samples / SAMPLES_PER_SHARD), Math.ceil((samples * sampleMs) / SHARD_MS));
}
