/** Finds the recognizers that the settings name. */
import type { RecognizerRequest } from '../../engine/compute.ts';
import { RewoundError } from '../../errors.ts';
import { recognizerCardSchema } from '../../faces/recognizer.ts';
import { parseJsonFile } from '../../json-file.ts';
import type { Context } from '../base/context.ts';
import { digest } from '../base/digest.ts';
import { givenTextOf } from '../base/given-text.ts';
import { below } from '../base/safe-path.ts';
import { externalFiles, localFiles } from './companions.ts';
import { BUILT_IN, recognizerNames, type Settings } from './settings.ts';

/** What tells recognizers apart: the built-in one's version, or the card's and the model's content. */
export type RecognizerIdentity =
  | { readonly kind: 'built-in'; readonly version: 1 }
  | {
      readonly kind: 'card';
      readonly card: string;
      readonly md5: string;
      /** Name and MD5 of each file of weights beside the model. */
      readonly weights?: readonly (readonly [location: string, md5: string])[];
    };

/** Every recognizer of the settings, in their order. Throws NOT_FOUND, CARD_INVALID. */
export async function findRecognizers(context: Context, project: string, settings: Settings) {
  const found = [];
  for (const name of recognizerNames(settings)) found.push(await findRecognizer(context, project, name));
  return found;
}

/** A recognizer as it was found: for the engine, for the plan, and by what makes it another one. */
export type FoundRecognizer = Awaited<ReturnType<typeof findRecognizer>>;

async function findRecognizer(context: Context, project: string, cardPath: string) {
  if (cardPath === BUILT_IN) {
    const request: RecognizerRequest = { kind: 'built-in' };
    return { request, planned: request, identity: { kind: 'built-in', version: 1 }, files: [] } as const;
  }
  const cardKey = below(project, cardPath);
  const cardFile = await context.objects.head(cardKey);
  const text = await givenTextOf(context, cardKey);
  if (!cardFile || text === undefined) {
    throw new RewoundError('NOT_FOUND', `The recognizer's card ${cardPath} is not in the project.`, {
      help: 'Put the card and its model into the project, or leave "recognizer" out of project.json.',
    });
  }
  const card = parseJsonFile(recognizerCardSchema, text, "The recognizer's card");
  const key = below(cardKey.slice(0, cardKey.lastIndexOf('/')), card.model);
  const model = await context.objects.head(key);
  if (!model) {
    throw new RewoundError('NOT_FOUND', `The recognizer's model ${card.model} is not beside its card.`, {
      help: 'Copy the ONNX file next to the card, or correct "model" in it.',
    });
  }
  const { generation, md5 } = model;
  const path = await context.objects.file(key, generation);
  const external = await externalFiles(context, key, await context.compute.weightFiles(path));
  const request: RecognizerRequest = { kind: 'card', card, path, external: await localFiles(context, external) };
  const weights = external.map(({ location, md5 }) => [location, md5] as const);
  return {
    request,
    planned: {
      kind: 'card',
      card,
      key,
      generation,
      external: external.map(({ location, key, generation }) => ({ location, key, generation })),
    } as const,
    // A recognizer that is one file is called what it always was.
    identity: { kind: 'card', card: digest(card), md5, ...(weights.length > 0 ? { weights } : {}) },
    /** Its card, its model and the model's files of weights. */
    files: [cardFile, model, ...external],
  } as const;
}
