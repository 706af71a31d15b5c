/** Reads descriptions of objects from the API of Cloud Storage. */
import { z } from 'zod';
import { isHidden, isSegment } from '../names.ts';
import type { Unlisted } from '../ports.ts';

/** What is read of an object's description, https://cloud.google.com/storage/docs/json_api/v1/objects#resource */
const Resource = z.object({
  name: z.string(),
  /** The API writes 64-bit numbers as strings. */
  size: z.coerce.number().int().nonnegative(),
  generation: z.coerce.string(),
  /** Absent for objects composed of parts, which is how `gcloud storage cp` uploads large files. */
  md5Hash: z.string().optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
});

export type Resource = z.infer<typeof Resource>;

/** The parts of `Resource`, for the API to send nothing else. */
export const RESOURCE_FIELDS = Object.keys(Resource.shape).join(',');

const Page = z.object({ items: z.array(Resource).default([]), nextPageToken: z.string().optional() });

/** @throws ZodError if the service describes an object in another way than it promises. */
export function toResource(metadata: unknown): Resource {
  return Resource.parse(metadata);
}

/** One answer to a request for a list. Throws like `toResource`. */
export function toPage(response: unknown): z.infer<typeof Page> {
  return Page.parse(response);
}

/** Why an object in a bucket is none for Rewound, as placeholders of folders and unfinished files are; else undefined. */
export function whyUnlisted(key: string): Unlisted | undefined {
  const segments = key.split('/');
  const hidden = segments.find(isHidden);
  if (hidden !== undefined) return hidden.startsWith('.') ? 'hidden' : 'unfinished';
  return segments.every(isSegment) ? undefined : 'name';
}
