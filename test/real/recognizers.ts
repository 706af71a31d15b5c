import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sharedData } from '../support/shared-data.ts';

/** Face recognizers other than the built-in one, or undefined where they are not here. */
export const RECOGNIZERS = sharedData('recognizers');

const COMMON = { size: 112, template: '112', licence: 'for tests' } as const;
const CARDS = {
  fr_feature: { ...COMMON, layout: 'NCHW', mean: 127, scale: 1 / 128, embedding: 512 },
  hm_mobileface: { ...COMMON, layout: 'NHWC', mean: 0, scale: 1, embedding: 256 },
} as const;
type Name = keyof typeof CARDS;

/** What a project's settings call a recognizer that was put there. */
export const cardOf = (name: Name) => `recognizer/${name}.json`;

/** Puts a recognizer and its card into a project. */
export function putRecognizer(project: string, name: Name): void {
  const model = `${name}.onnx`;
  mkdirSync(join(project, 'recognizer'), { recursive: true });
  cpSync(join(RECOGNIZERS!, model), join(project, 'recognizer', model));
  writeFileSync(join(project, cardOf(name)), JSON.stringify({ name, model, ...CARDS[name] }));
}
