import { z } from 'zod';
import { RewoundError } from '../errors.ts';

/** `<checkpoint>.card.json`: what the checkpoint's file cannot say of itself. Everything is optional. */
export const checkpointCardSchema = z.strictObject({
  latent: z
    .strictObject({
      /** Name of the latent input, where the model has several. */
      input: z.string().optional(),
      /** Length of the latent, where the model leaves it open. */
      size: z.int().min(1).max(65536).optional(),
      distribution: z.enum(['normal', 'uniform']).optional(),
      low: z.number().optional(),
      high: z.number().optional(),
    })
    .optional(),
  image: z
    .strictObject({
      /** Name of the image output, where the model has several. */
      output: z.string().optional(),
      /** Values of black and of white. */
      range: z.tuple([z.number(), z.number()]).optional(),
      layout: z.enum(['NCHW', 'NHWC']).optional(),
    })
    .optional(),
  classes: z
    .strictObject({
      /** Name of the class input. */
      input: z.string().optional(),
      count: z.int().min(1).max(100_000).optional(),
      encoding: z.enum(['onehot', 'index']).optional(),
      /** The classes to draw, by turns; without them, all. */
      labels: z.array(z.int().min(0).max(99_999)).min(1).max(100_000).optional(),
    })
    .optional(),
  /** Truncation psi, for models that take it as an input. */
  psi: z.number().min(0).max(2).optional(),
  /** Truncation reaches only this many of the first layers. */
  cutoff: z.int().min(0).max(1000).optional(),
  /** Noise of StyleGAN2: the one stored in the checkpoint, none, or drawn once from a seed. */
  noise: z
    .union([
      z.enum(['const', 'none']),
      z.strictObject({
        seed: z
          .int()
          .min(0)
          .max(2 ** 32 - 1),
      }),
    ])
    .optional(),
  /** Which generator, where the checkpoint holds several. */
  network: z.string().min(1).optional(),
});
export type CheckpointCard = z.infer<typeof checkpointCardSchema>;

/** Reads a JSON text by a schema. Throws CARD_INVALID naming the field. */
export function parseCard<T extends z.ZodType>(schema: T, json: string, what: string): z.infer<T> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new RewoundError('CARD_INVALID', `${what} is not JSON.`, { help: 'Check commas, quotes and braces.', cause });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue && issue.path.length > 0 ? ` at "${issue.path.join('.')}"` : '';
  throw new RewoundError('CARD_INVALID', `${what} does not fit its schema${where}: ${issue?.message ?? 'invalid'}.`, {
    help: 'docs/cards.md lists the fields a card may have.',
    cause: parsed.error,
  });
}
