import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readPhoto, toPlanes } from '../../shared/faces/photo.ts';
import type { Planes } from './tiny-generator.ts';

/** The demo that comes with the project: 80 members, 160 controls, all synthetic, 64 x 64 pixels. */
export const DEMO = join(import.meta.dirname, '../../demo');

/** Names of demo people, for instance `people('controls', 0, 20)`: c000 to c019. */
export function people(role: 'members' | 'controls', first: number, count: number): string[] {
  return readdirSync(join(DEMO, role))
    .sort()
    .slice(first, first + count);
}

/** Copies demo people into a folder, with their first `photos` photos; returns it. */
export function copyPeople(to: string, names: readonly string[], photos = 2): string {
  for (const name of names) {
    mkdirSync(join(to, name), { recursive: true });
    for (const photo of photosOf(name).slice(0, photos)) cpSync(join(demoFolder(name), photo), join(to, name, photo));
  }
  return to;
}

/** One photo of a demo person as planes of 0..255. */
export async function demoPicture(name: string, photo: number): Promise<Planes> {
  const read = await readPhoto(join(demoFolder(name), photosOf(name)[photo]!));
  const planes = new Float32Array(3 * read.width * read.height);
  toPlanes(read, planes, 0);
  return planes;
}

export const demoPhoto = (name: string, photo: number) => join(demoFolder(name), photosOf(name)[photo]!);

const demoFolder = (name: string) => join(DEMO, name.startsWith('m') ? 'members' : 'controls', name);
const photosOf = (name: string) => readdirSync(demoFolder(name)).sort();
