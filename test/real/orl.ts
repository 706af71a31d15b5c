import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { sharedData } from '../support/shared-data.ts';

/** The ORL faces: 40 people with 10 photos each, or undefined where they are not here. */
export const ORL = sharedData('faces/orl');

/** Photos of person 1 to 40. */
export function photosOf(person: number): string[] {
  const folder = join(ORL!, `s${person}`);
  return readdirSync(folder)
    .filter((name) => name.endsWith('.pgm'))
    .sort()
    .map((name) => join(folder, name));
}
