import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
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

/** Puts people's first photos into a folder, a folder each. */
export function copyOrl(to: string, people: readonly number[], photos: number): void {
  for (const person of people) {
    const folder = join(to, `s${person}`);
    mkdirSync(folder, { recursive: true });
    for (const photo of photosOf(person).slice(0, photos)) cpSync(photo, join(folder, basename(photo)));
  }
}

/** The first and the second twenty. */
export const HALVES = [
  Array.from({ length: 20 }, (_, i) => i + 1),
  Array.from({ length: 20 }, (_, i) => i + 21),
] as const;
