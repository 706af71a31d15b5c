/** The schema of roster.json: who takes part, and what became of each photo. */
import { z } from 'zod';

const partSchema = z.strictObject({
  photos: z.int(),
  undetected: z.int(),
  unreadable: z.int(),
  overlapping: z.int(),
  leftOut: z.array(
    z.strictObject({ identity: z.string(), photo: z.string(), reason: z.enum(['undetected', 'unreadable']) }),
  ),
});

const groupedSchema = z.strictObject({
  /** Photos that no name labels. */
  photos: z.int(),
  /** People of the side, labelled or grouped, and how many of them have a single photo. */
  people: z.int(),
  alone: z.int(),
  /** Photos of the person with the most. */
  largest: z.int(),
  /** People who were left out because they may be the same as another one of their side. */
  alike: z.int(),
});

/** How photos without a label were grouped into people. */
const groupingSchema = z.strictObject({
  /** Cosine at which two photos are taken for the same person's. */
  threshold: z.number(),
  members: groupedSchema,
  controls: groupedSchema,
});
export type Grouping = z.infer<typeof groupingSchema>;

/** `roster.json`: who takes part, in the gallery's order, and what became of everybody's photos. */
export const rosterSchema = z.strictObject({
  version: z.literal(1),
  photosPerIdentity: z.int().min(1),
  /** Whether there were people enough to tell by their faces who stands on both sides (see overlap.ts). */
  overlapJudged: z.boolean(),
  people: z.array(
    z.strictObject({
      /** Stands for the person wherever chance is drawn: the same whichever side the person is on. */
      key: z.string(),
      role: z.enum(['members', 'controls']),
      identity: z.string(),
      /** The photos compared. */
      photos: z.array(z.string()).min(1),
      /** Usable photos there were to choose from: of a member, how often training saw them. */
      available: z.int().min(1),
    }),
  ),
  grouping: groupingSchema.optional(),
  counts: z.strictObject({ members: partSchema, controls: partSchema, placebo: partSchema }),
});
export type Roster = z.infer<typeof rosterSchema>;
