import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sharedData } from '../shared-data.ts';

/** Folder of networks with images that their original code made; undefined where it is absent. */
export const knownAnswers = sharedData('checkpoints');

export interface KnownAnswer {
  readonly file: Uint8Array;
  readonly z: readonly (readonly number[])[];
  readonly psi: number;
  /** All images, one after another. */
  readonly image: Float32Array;
}

export function knownAnswer(name: string): KnownAnswer {
  const read = (ending: string) => readFileSync(join(knownAnswers!, `${name}.${ending}`));
  const values = (ending: string) => new Float32Array(Uint8Array.from(read(ending)).buffer);
  const { shapes, psi } = JSON.parse(read('json').toString()) as { shapes: { z: [number, number] }; psi: number };
  const [count, size] = shapes.z;
  const all = values('z.f32');
  const z = Array.from({ length: count }, (_, n) => [...all.subarray(n * size, (n + 1) * size)]);
  return { file: read('pkl'), z, psi, image: values('img.f32') };
}
