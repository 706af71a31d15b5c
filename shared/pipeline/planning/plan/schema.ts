/** `plan.json`: everything that was found and decided before the first sample, and what later steps go by. */
import { z } from 'zod';
import { assumptionSchema, generatorSpecSchema } from '../../../checkpoint/spec/generator.ts';
import { locatorSchema } from '../../../collection/entry.ts';
import { understoodSchema } from '../../../collection/understood.ts';
import { RewoundError } from '../../../errors.ts';
import { recognizerCardSchema } from '../../../faces/recognizer.ts';
import { DEVICES } from '../../../onnx/runtime.ts';
import { pictureSetSchema } from '../../../report/published.ts';
import { PARTS } from '../people.ts';
import { settingsSchema } from '../settings.ts';

const photoSchema = z.strictObject({
  key: z.string(),
  generation: z.string(),
  md5: z.string(),
  identity: z.string(),
  photo: z.string(),
  unlabelled: z.literal(true).optional(),
  at: locatorSchema.optional(),
});
const objectSchema = z.strictObject({ key: z.string(), size: z.number(), generation: z.string(), md5: z.string() });
const sideSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('photos'),
    photos: z.array(photoSchema),
    /** Absent in plans of earlier versions. */
    understood: understoodSchema.optional(),
  }),
  z.strictObject({
    kind: z.literal('embeddings'),
    npy: objectSchema,
    csv: objectSchema,
    about: objectSchema.optional(),
  }),
]);

/** Where each face is looked for. */
const foundAlignmentSchema = z.strictObject({
  mode: z.literal('detected'),
  spread: z.number(),
  eyeDistance: z.number(),
});
/** A generator that is a network. */
const networkSchema = z.strictObject({
  kind: z.literal('network').optional(),
  spec: generatorSpecSchema,
  range: z.tuple([z.number(), z.number()]),
  assumptions: z.array(assumptionSchema),
  geometry: z.strictObject({
    width: z.int(),
    height: z.int(),
    channels: z.union([z.literal(1), z.literal(3)]),
    sourceWidth: z.int(),
    sourceHeight: z.int(),
    canvas: z.strictObject({
      side: z.int(),
      scale: z.number(),
      width: z.int(),
      height: z.int(),
      left: z.int(),
      top: z.int(),
    }),
  }),
  alignment: z.strictObject({
    mode: z.enum(['fixed', 'detected']),
    points: z.array(z.number()).length(10),
    spread: z.number(),
    eyeDistance: z.number(),
  }),
  calibration: z.strictObject({ samples: z.int(), undetected: z.int() }),
  /** What the built model's object is called, a digest of it. */
  model: z.string(),
  /** Weights outside the model file: the name it gives them, and what the copy in the work folder is called. */
  external: z.array(z.strictObject({ location: z.string(), content: z.string() })),
});
/** A command of the user's that makes the samples. */
const commandSchema = z.strictObject({
  kind: z.literal('command'),
  /** Of every picture, in pixels. */
  width: z.int(),
  height: z.int(),
  assumptions: z.array(assumptionSchema),
  alignment: foundAlignmentSchema,
  calibration: z.strictObject({ samples: z.int(), undetected: z.int() }),
});
/** Pictures that were given in the place of a generator. */
const picturesSchema = z.strictObject({
  kind: z.literal('pictures'),
  /** How they are stored, such as "zip" or "folder". */
  format: z.string(),
  /** Median size, in pixels. */
  width: z.int(),
  height: z.int(),
  assumptions: z.array(assumptionSchema),
  alignment: foundAlignmentSchema,
  calibration: z.strictObject({ samples: z.int(), undetected: z.int() }),
  set: pictureSetSchema,
  /** What the objects are called that list the pictures, a fixed number each: those searched, then those set apart. */
  chunks: z.array(z.string()),
});

export const planSchema = z.strictObject({
  version: z.literal(1),
  audit: z.string(),
  project: z.string(),
  checkpoint: z.strictObject({ key: z.string(), generation: z.string(), md5: z.string(), file: z.string() }),
  settings: settingsSchema,
  device: z.enum(DEVICES),
  window: z.int().min(1),
  shards: z.int().min(1),
  /** Milliseconds for a sample, as planning measured them. */
  sampleMs: z.number().min(0).default(0),
  generator: z.union([networkSchema, picturesSchema, commandSchema]),
  /** The first is the audit's own; the others confirm it. */
  recognizers: z
    .array(
      z.strictObject({
        source: z.discriminatedUnion('kind', [
          z.strictObject({ kind: z.literal('built-in') }),
          z.strictObject({
            kind: z.literal('card'),
            card: recognizerCardSchema,
            key: z.string(),
            generation: z.string(),
            external: z
              .array(z.strictObject({ location: z.string(), key: z.string(), generation: z.string() }))
              .default([]),
          }),
        ]),
        info: z.strictObject({ name: z.string(), embedding: z.int(), size: z.int(), licence: z.string() }),
      }),
    )
    .min(1),
  members: sideSchema,
  controls: sideSchema.nullable(),
  /** Real people in place of the generator: the audit must find nothing in them. */
  placebo: sideSchema.nullable(),
  /** Identities that stand on both sides and take no part, by role. */
  overlapping: z.strictObject({ members: z.array(z.string()), controls: z.array(z.string()) }),
  /** Runs of photos, by recognizer and part: where their embeddings lie, and which photos they are. */
  enrolment: z.array(
    z.strictObject({
      content: z.string(),
      part: z.enum(PARTS),
      /** Place in `recognizers`. */
      recognizer: z.int().min(0),
      first: z.int(),
      count: z.int(),
    }),
  ),
});
export type Plan = z.infer<typeof planSchema>;
/** A plan of an audit of pictures. */
export type PicturesPlan = Plan & { readonly generator: z.infer<typeof picturesSchema> };
/** A plan of an audit whose samples a command makes. */
export type CommandPlan = Plan & { readonly generator: z.infer<typeof commandSchema> };
/** A plan of an audit of a network. */
export type NetworkPlan = Plan & { readonly generator: z.infer<typeof networkSchema> };

export function isOfPictures(plan: Plan): plan is PicturesPlan {
  return plan.generator.kind === 'pictures';
}

export function isOfCommand(plan: Plan): plan is CommandPlan {
  return plan.generator.kind === 'command';
}

/** Throws INTERNAL: whoever asks has made sure of it. */
export function networkPlan(plan: Plan): NetworkPlan {
  if (isNetworkPlan(plan)) return plan;
  throw new RewoundError('INTERNAL', 'This audit has no network.', { help: 'This is a defect in Rewound.' });
}

function isNetworkPlan(plan: Plan): plan is NetworkPlan {
  return plan.generator.kind === undefined || plan.generator.kind === 'network';
}
