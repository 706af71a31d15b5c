/** The schema of the recipe beside a checkpoint of weights alone. */
import { z } from 'zod';

const name = z.string().min(1).max(1000);
const whole = (least: number, most: number) => z.int().min(least).max(most);

const activation = z
  .union([z.enum(['relu', 'tanh', 'sigmoid']), z.strictObject({ leakyRelu: z.number().min(0).max(1) })])
  .optional();
/** A layer's tensors by what their names begin with: "main.0" for "main.0.weight" and "main.0.bias". */
const weights = name;

const layerSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('linear'), weights, activation }),
  z.strictObject({
    type: z.literal('convTranspose'),
    weights,
    stride: whole(1, 16).default(1),
    padding: whole(0, 64).default(0),
    outputPadding: whole(0, 16).default(0),
    activation,
  }),
  z.strictObject({
    type: z.literal('conv'),
    weights,
    stride: whole(1, 16).default(1),
    padding: whole(0, 64).default(0),
    activation,
  }),
  z.strictObject({
    type: z.literal('batchNorm'),
    weights,
    eps: z.number().positive().max(1).default(1e-5),
    activation,
  }),
  /** From a vector to [channels, height, width]. */
  z.strictObject({
    type: z.literal('reshape'),
    shape: z.tuple([whole(1, 65536), whole(1, 4096), whole(1, 4096)]),
    activation,
  }),
  z.strictObject({
    type: z.literal('upsample'),
    factor: whole(2, 16),
    mode: z.enum(['nearest', 'bilinear']),
    activation,
  }),
]);
export type RecipeLayer = z.infer<typeof layerSchema>;
export type Activation = NonNullable<RecipeLayer['activation']>;

/** `<checkpoint>.recipe.json`: how a generator is run whose file holds weights alone. See docs/checkpoints.md. */
export const recipeSchema = z.strictObject({
  /** Which state dict of several: "generator", "model.netG". */
  stateDict: z.string().optional(),
  /** What latents are drawn from in training; a card may say more. */
  latent: z.enum(['normal', 'uniform']).default('normal'),
  /** Values of black and of white in the output, where the last layer does not end in tanh or sigmoid. */
  range: z.tuple([z.number(), z.number()]).optional(),
  layers: z.array(layerSchema).min(1).max(1000),
  /** What names of tensors begin with that take no part, such as a discriminator's. */
  ignore: z.array(name).max(1000).default([]),
});
export type Recipe = z.infer<typeof recipeSchema>;
