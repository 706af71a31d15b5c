/** The schema of what a report says of a set of pictures. */
import { z } from 'zod';
import { passedSchema } from '../collection/understood.ts';
import { count, roleSchema } from './parts.ts';

/** A set of pictures that takes the place of a generator's samples. */
export const pictureSetSchema = z.strictObject({
  /** Pictures in the set, and those of them that were drawn for this audit. */
  pictures: count,
  drawn: count,
  /** Different contents among the pictures drawn: the rest are exact copies. */
  distinct: count,
  /** Folders, or labels in an archive, by which the pictures drawn are sorted; 0 where they are not sorted. */
  folders: count,
  /** Pictures that were set apart to confirm who was found in the others. */
  apart: count,
  /** Pictures drawn that are, byte for byte, photos of members or controls. */
  ofMembers: count,
  ofControls: count,
  /** Files and entries that are no pictures, by reason. */
  passed: passedSchema,
});

/** What was found in a set of pictures, beside what is said of any audit. */
export const publishedSchema = pictureSetSchema.extend({
  /** Pictures that could not be read. */
  unreadable: count,
  /** Pictures that look like another one and are no exact copy of it. */
  alike: count,
  /** Pictures above the threshold of the first recognizer: those that a publisher would withhold. Null without one. */
  above: count.nullable(),
  /** Folders with pictures above the threshold: whom their pictures show most often. The largest shares first. */
  byFolder: z.array(
    z.strictObject({
      folder: z.string(),
      pictures: count,
      above: count,
      role: roleSchema,
      identity: z.string(),
      /** Pictures above the threshold that match this person. */
      ofThem: count,
    }),
  ),
});
