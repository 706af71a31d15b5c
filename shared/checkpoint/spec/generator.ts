/** Describes a generator as an audit runs it, with every assumption. */
import { z } from 'zod';

/** Pixels a side of the pictures that are audited. */
export const SMALLEST_SIDE = 16;
export const LARGEST_SIDE = 4096;

/** A statement about the checkpoint that its file does not make, and where it came from. Printed in every report. */
export const assumptionSchema = z.strictObject({ what: z.string(), value: z.string(), source: z.string() });
export type Assumption = z.infer<typeof assumptionSchema>;

/** How to run a generator: everything a probe needs besides the model's bytes. Schema-checked because it is stored. */
export const generatorSpecSchema = z.strictObject({
  format: z.string(),
  latent: z.strictObject({
    input: z.string(),
    /** Shape of one latent, without the batch. */
    dims: z.array(z.int().min(1)),
    size: z.int().min(1),
    distribution: z.enum(['normal', 'uniform']),
    low: z.number(),
    high: z.number(),
  }),
  classes: z
    .strictObject({
      input: z.string(),
      count: z.int().min(1),
      encoding: z.enum(['onehot', 'index']),
      type: z.enum(['float32', 'int64', 'int32']),
      dims: z.array(z.int().min(1)),
      /** The classes drawn, by turns; without them, all. */
      labels: z.array(z.int().min(0)).min(1).optional(),
    })
    .nullable(),
  /** Truncation input, where the model has one. */
  psi: z.strictObject({ input: z.string(), value: z.number(), dims: z.array(z.int().min(1)) }).nullable(),
  image: z.strictObject({
    output: z.string(),
    type: z.string(),
    layout: z.enum(['NCHW', 'NHWC']),
  }),
  /** The batch size the file insists on; null where any will do. */
  fixedBatch: z.int().min(1).nullable(),
  parameters: z.number(),
});
export type GeneratorSpec = z.infer<typeof generatorSpecSchema>;

/** Values of black and of white in the generator's own output. */
export type Range = readonly [black: number, white: number];
