/** The schema of the card beside a checkpoint. */
import { z } from 'zod';

/** `<checkpoint>.card.json`: what the checkpoint's file cannot say of itself. Everything is optional. */
export const checkpointCardSchema = z.strictObject({
  latent: z
    .strictObject({
      input: z.string().optional().describe('Name of the latent input, where the model has several.'),
      size: z.int().min(1).max(65536).optional().describe('Length of the latent, where the model leaves it open.'),
      distribution: z.enum(['normal', 'uniform']).optional(),
      low: z.number().optional(),
      high: z.number().optional(),
    })
    .optional(),
  image: z
    .strictObject({
      output: z.string().optional().describe('Name of the image output, where the model has several.'),
      range: z.tuple([z.number(), z.number()]).optional().describe('Values of black and of white.'),
      layout: z.enum(['NCHW', 'NHWC']).optional(),
    })
    .optional(),
  classes: z
    .strictObject({
      input: z.string().optional().describe('Name of the class input.'),
      count: z.int().min(1).max(100_000).optional(),
      encoding: z.enum(['onehot', 'index']).optional(),
      labels: z
        .array(z.int().min(0).max(99_999))
        .min(1)
        .max(100_000)
        .optional()
        .describe('The classes to draw, by turns; without them, all.'),
    })
    .optional(),
  psi: z.number().min(0).max(2).optional().describe('Truncation psi, for models that take it as an input.'),
  cutoff: z.int().min(0).max(1000).optional().describe('Truncation reaches only this many of the first layers.'),
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
    .optional()
    .describe('Noise of StyleGAN2: the one stored in the checkpoint, none, or drawn once from a seed.'),
  network: z.string().min(1).optional().describe('Which generator, where the checkpoint holds several.'),
});
export type CheckpointCard = z.infer<typeof checkpointCardSchema>;
