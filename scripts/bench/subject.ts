/** Finds what audits are measured on: real photos and generators, or those of the demo. */
import { existsSync } from 'node:fs';
import { cp, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { RecognizerCard } from '../../shared/faces/recognizer.ts';

/** What an audit is measured on. */
export interface Subject {
  readonly checkpoint: string;
  readonly members: string;
  readonly controls: string;
  /** As `--latent` takes it. */
  readonly latent?: string;
  /** Card of a recognizer; the built-in one where there is none. */
  readonly recognizer?: string;
  readonly description: string;
}

const root = join(import.meta.dirname, '../..');

/** Real photos and trained generators, which are kept beside the repository. */
export const testData = resolve(process.env.REWOUND_TEST_DATA ?? join(root, '../shared/data'));

const MEMBERS = 20;
const PEOPLE = 40;

/** A face generator trained on CelebA against forty people of the ORL collection; undefined without the test data. */
export async function realSubject(folder: string): Promise<Subject | undefined> {
  const checkpoint = join(testData, 'generators/celeba-dcgan32/fletchersarip93_dcgan32.onnx');
  const faces = join(testData, 'faces/orl');
  if (!existsSync(checkpoint) || !existsSync(faces)) return undefined;
  for (let person = 1; person <= PEOPLE; person++) {
    const role = person <= MEMBERS ? 'members' : 'controls';
    await cp(join(faces, `s${person}`), join(folder, role, `s${person}`), { recursive: true });
  }
  return {
    checkpoint,
    members: join(folder, 'members'),
    controls: join(folder, 'controls'),
    latent: 'uniform:-1:1',
    description: 'celeba-dcgan32 (32 x 32), 400 ORL photos',
  };
}

/** The synthetic people and the generator that come with the repository. */
export function demoSubject(): Subject {
  const demo = join(root, 'demo');
  return {
    checkpoint: join(demo, 'generator.onnx'),
    members: join(demo, 'members'),
    controls: join(demo, 'controls'),
    description: 'the demo generator (64 x 64), 1,216 demo photos',
  };
}

/** Writes a recognizer's card and model into `folder`; returns the card's path. */
export async function writeRecognizer(
  folder: string,
  card: RecognizerCard,
  model: Uint8Array | string,
): Promise<string> {
  const to = join(folder, card.model);
  if (typeof model === 'string') await cp(model, to);
  else await writeFile(to, model);
  const path = join(folder, 'recognizer.card.json');
  await writeFile(path, JSON.stringify(card));
  return path;
}
