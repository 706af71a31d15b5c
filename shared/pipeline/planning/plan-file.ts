import { z } from 'zod';
import { cutShards, type Shard } from '../../audit/counts/shards.ts';
import { assumptionSchema, generatorSpecSchema } from '../../checkpoint/spec/generator.ts';
import type { Alignment, RecognizerRequest, Resolution } from '../../engine/compute.ts';
import { recognizerCardSchema } from '../../faces/recognizer.ts';
import { DEVICES } from '../../onnx/runtime.ts';
import type { Context } from '../base/context.ts';
import { keys } from '../base/layout.ts';
import { readJson } from '../base/sealed-json.ts';
import type { SampleStage, Stage } from '../base/stages.ts';
import type { PlannedWork } from '../base/tenancy.ts';
import { localFiles } from './external.ts';
import { PARTS } from './people.ts';
import { freshSamples, settingsSchema } from './settings.ts';

/**
 * `plan.json`: everything that was found and decided before the first sample. Written once; every later step reads it
 * and decides nothing itself.
 */
const photoSchema = z.strictObject({
  key: z.string(),
  generation: z.string(),
  md5: z.string(),
  identity: z.string(),
  photo: z.string(),
});
const objectSchema = z.strictObject({ key: z.string(), size: z.number(), generation: z.string(), md5: z.string() });
const sideSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('photos'), photos: z.array(photoSchema) }),
  z.strictObject({
    kind: z.literal('embeddings'),
    npy: objectSchema,
    csv: objectSchema,
    about: objectSchema.optional(),
  }),
]);

const planSchema = z.strictObject({
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
  generator: z.strictObject({
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
  }),
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

/** Plans that a process keeps: one lists every photo, and every message needs one. */
const KEPT = 8;
/** For each store its own, by what tells a plan from another of the same audit, which may be forgotten and planned anew. */
const known = new WeakMap<Context['objects'], Map<string, Plan>>();

/**
 * The plan of an audit. Who has just read the audit's record need not ask for the plan again: as long as the record's
 * version is the same, so is the plan.
 */
export async function readPlan(context: Pick<Context, 'objects'>, audit: string, version?: string): Promise<Plan> {
  const key = keys.plan(audit);
  const distinct = version ?? (await context.objects.head(key))?.generation;
  const plans = known.get(context.objects) ?? new Map<string, Plan>();
  known.set(context.objects, plans);
  const id = `${audit} ${distinct}`;
  const plan = plans.get(id) ?? (await readJson(context, key, planSchema));
  // The most recently used last.
  plans.delete(id);
  if (distinct !== undefined) plans.set(id, plan);
  for (const oldest of plans.keys()) if (plans.size > KEPT) plans.delete(oldest);
  return plan;
}

/** Gallery faces kept for each fresh sample: so many that nobody who is named is crowded out. */
const CONFIRM_K = 100;

/** The samples of a stage: fresh ones follow those that found people, on a grid of their own. */
export function samplingOf({ settings }: Pick<Plan, 'settings'>, stage: SampleStage) {
  const { samples, seed, batch, k } = settings;
  if (stage === 'probe') return { samples, seed, batch, k };
  return { samples: freshSamples(settings), seed: seed + samples, batch, k: Math.max(k, CONFIRM_K) };
}

const cuts = { probe: new WeakMap<object, readonly Shard[]>(), confirm: new WeakMap<object, readonly Shard[]>() };

export function sampleShards(plan: Pick<Plan, 'settings' | 'shards'>, stage: SampleStage): readonly Shard[] {
  const known = cuts[stage].get(plan);
  if (known) return known;
  const sampling = samplingOf(plan, stage);
  const cut = cutShards(sampling, Math.ceil((plan.shards * sampling.samples) / plan.settings.samples));
  cuts[stage].set(plan, cut);
  return cut;
}

export function stageShards(plan: Plan, stage: Stage): number {
  return stage === 'enrol' ? plan.enrolment.length : sampleShards(plan, stage).length;
}

/** What the plan asks for, as the owner of the audit is told. */
export function plannedWork(plan: Plan): PlannedWork {
  const { audit, project, sampleMs, settings, recognizers } = plan;
  const sides = [plan.members, plan.controls, plan.placebo];
  return {
    audit,
    project,
    sampleMs,
    samples: settings.samples,
    k: settings.k,
    recognizers: recognizers.length,
    photos: sides.reduce((sum, side) => sum + (side?.kind === 'photos' ? side.photos.length : 0), 0),
    shards: {
      enrol: stageShards(plan, 'enrol'),
      probe: stageShards(plan, 'probe'),
      confirm: stageShards(plan, 'confirm'),
    },
  };
}

/** What `assemble` writes last: where it is, galleries, profiles and the roster are. */
export function assembled({ audit, recognizers }: Plan): string {
  return keys.profile(audit, recognizers.length - 1);
}

/** The resolution photos are brought to: the generated faces' own, on a grid of 2% so that similar ones share work. */
export function resolutionOf({ eyeDistance, mode }: Pick<Alignment, 'eyeDistance' | 'mode'>): Resolution {
  const step = Math.log(1.02);
  return { eyeDistance: Math.exp(Math.round(Math.log(eyeDistance) / step) * step), detect: mode === 'detected' };
}

/** A recognizer of the plan as the engine takes it: with the path of its file. */
export async function recognizerRequest(
  context: Context,
  { recognizers }: Plan,
  place = 0,
): Promise<RecognizerRequest> {
  const { source } = recognizers[place]!;
  if (source.kind === 'built-in') return source;
  const { card, key, generation, external } = source;
  const path = await context.objects.file(key, generation);
  return { kind: 'card', card, path, external: await localFiles(context, external) };
}

/** The built generator's files, local to this machine, and what they must be: whoever reads them checks that. */
export async function generatorFiles(context: Context, { audit, generator }: Plan) {
  const { model: content } = generator;
  const path = await context.objects.file(keys.generator(audit, content), undefined, { fixed: true });
  const external = generator.external.map(async ({ location, content }) => ({
    location,
    content,
    path: await context.objects.file(keys.generatorFile(audit, content), undefined, { fixed: true }),
  }));
  return { path, content, external: await Promise.all(external) };
}
