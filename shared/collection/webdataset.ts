/**
 * Reads who is in the samples of a webdataset: members of a tar in a row that share a name up to the first dot, such as
 * `0001.jpg`, `0001.cls` and `0001.json`.
 */
import { z } from 'zod';
import type { Listing } from './entry.ts';
import { PERSON_COLUMNS } from './person-columns.ts';

const fieldsSchema = z.record(z.string(), z.unknown());

/** The key of a sample: its folder and its name up to the first dot. */
export function sampleKey(name: string): string {
  const slash = name.lastIndexOf('/') + 1;
  const dot = name.indexOf('.', slash + 1);
  return dot < 0 ? name : name.slice(0, dot);
}

/** The listing with the people that `.cls`, `.txt` and `.json` members name, if every photo has such a member. */
export function withSampleLabels(listing: Listing, personColumn: string | undefined): Listing {
  const labels = new Map<string, string>();
  for (const { name, bytes } of listing.tables) {
    const label = labelIn(name, bytes, personColumn);
    if (label !== undefined) labels.set(sampleKey(name), label);
  }
  if (labels.size === 0) return listing;
  const entries = listing.entries.map((entry) => {
    const label = labels.get(sampleKey(entry.name));
    return label === undefined ? entry : { ...entry, label };
  });
  return { ...listing, entries };
}

function labelIn(name: string, bytes: Uint8Array, personColumn: string | undefined): string | undefined {
  const text = new TextDecoder().decode(bytes).trim();
  if (/\.(cls|txt)$/i.test(name))
    return personColumn === undefined && text !== '' && text.length <= 200 ? text : undefined;
  if (!/\.json$/i.test(name)) return undefined;
  try {
    const fields = fieldsSchema.parse(JSON.parse(text));
    const names = personColumn === undefined ? PERSON_COLUMNS : [personColumn];
    const value = names.map((known) => fields[known]).find((one) => typeof one === 'string' || typeof one === 'number');
    return value === undefined ? undefined : String(value);
  } catch {
    return undefined;
  }
}
