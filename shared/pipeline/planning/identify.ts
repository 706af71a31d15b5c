/** What a checkpoint's audit is made of, and the name that follows from it. */
import { z } from 'zod';
import type { CheckpointCard } from '../../checkpoint/spec/card.ts';
import type { Recipe } from '../../checkpoint/spec/recipe.ts';
import { asRewoundError, type RewoundError } from '../../errors.ts';
import { parseJsonFile } from '../../json-file.ts';
import type { ObjectInfo } from '../../platform/ports.ts';
import type { Context } from '../base/context.ts';
import { digest } from '../base/digest.ts';
import { givenTextOf } from '../base/given-text.ts';
import { type DroppedCheckpoint, droppedCheckpoint, isCommandMarker } from '../base/layout.ts';
import { checkpointCard, checkpointRecipe, type ExternalObject, externalFiles } from './companions.ts';
import { listSide } from './list-side.ts';
import { type Side, sideDigest } from './people.ts';
import { findPictures, type PictureSet, pictureSetDigest } from './picture-set.ts';
import { type FoundRecognizer, findRecognizers } from './recognizer.ts';
import { recognizerNames, type Settings, settingsSchema } from './settings.ts';

/**
 * What an audit computes, as a version: raised whenever the same input may give another result, so that finished and
 * half-finished audits of an older version are not taken for this one's.
 */
const METHOD = 'audit 8';

/** What was read, or why it cannot be used: an audit has an identity in both cases. */
export type Outcome<T> = { readonly value: T } | { readonly refused: RewoundError };

/** What was read. Throws why it cannot be used. */
export function usable<T>(outcome: Outcome<T>): T {
  if ('refused' in outcome) throw outcome.refused;
  return outcome.value;
}

/** What an audit is made of, as found in the drop area: each file is read and parsed once. */
export interface Identified {
  readonly audit: string;
  readonly checkpoint: ObjectInfo;
  readonly place: DroppedCheckpoint;
  readonly settings: Outcome<Settings>;
  /** Whether the settings say nothing of how many samples are made: a set of pictures is then searched as a whole. */
  readonly allSamples: boolean;
  /** Pictures in the place of a generator; undefined where the file is none. */
  readonly pictures: Outcome<PictureSet | undefined>;
  readonly card: Outcome<CheckpointCard>;
  readonly recipe: Outcome<Recipe | undefined>;
  readonly recognizers: Outcome<readonly FoundRecognizer[]>;
  /** Files with weights beside the checkpoint, as it names them. */
  readonly external: Outcome<readonly ExternalObject[]>;
  readonly members: Side | undefined;
  readonly controls: Side | undefined;
  readonly placebo: Side | undefined;
  /** Why photos, cards or settings cannot be read, whatever the checkpoint is. */
  readonly refused: RewoundError | undefined;
}

/** What a checkpoint's audit would be made of now. Throws GALLERY_EMPTY where a role's folder holds no photo. */
export async function identifyKey(context: Context, key: string): Promise<Identified | undefined> {
  const place = droppedCheckpoint(key);
  const checkpoint = await context.objects.head(key);
  const found = place && checkpoint && (await identify(context, place, checkpoint));
  if (found?.refused) throw found.refused;
  return found;
}

/** Reads what an audit is made of, once, and gives it a name. Throws transient errors alone. */
export async function identify(
  context: Context,
  place: DroppedCheckpoint,
  checkpoint: ObjectInfo,
): Promise<Identified> {
  const texts = {
    settings: await outcomeOf(() => givenTextOf(context, `${place.project}/project.json`)),
    card: await outcomeOf(() => givenTextOf(context, `${checkpoint.key}.card.json`)),
    recipe: await outcomeOf(() => givenTextOf(context, `${checkpoint.key}.recipe.json`)),
  };
  const [settingsText, cardText, recipeText] = [texts.settings, texts.card, texts.recipe].map(found);
  const unread = refusal(texts.settings) ?? refusal(texts.card) ?? refusal(texts.recipe);

  const settings = await outcomeOf(() => parseJsonFile(settingsSchema, settingsText ?? '{}', 'project.json'));
  const people = found(settings)?.people;
  const allSamples = saysNothingOfSamples(settingsText);
  const members = await outcomeOf(() => listSide(context, place.project, 'members', people));
  const controls = await outcomeOf(() => listSide(context, place.project, 'controls', people));
  const placebo = await outcomeOf(() => listSide(context, place.project, 'placebo', people));
  const card = await outcomeOf(() => checkpointCard(cardText, usable(settings)));
  const recipe = await outcomeOf(() => checkpointRecipe(recipeText));
  const recognizers = await outcomeOf(() => findRecognizers(context, place.project, usable(settings)));
  const pictures = await outcomeOf(() => findPictures(context, place, checkpoint, { digests: false }));
  const external = await outcomeOf(async () => {
    if (usable(pictures) || isCommandMarker(place.file)) return [];
    const request = { card: usable(card), recipe: usable(recipe) };
    const path = await context.objects.file(checkpoint.key, checkpoint.generation);
    const inspection = await context.compute.inspect({ path, ...request });
    return externalFiles(context, checkpoint.key, inspection.externalFiles);
  });
  const set = found(pictures);
  // By content, not by upload: the same bytes put there twice, or on another machine, are the same audit. How the work
  // is cut does not change a result and is no part of it.
  const audit = digest(
    METHOD,
    place.project,
    checkpoint.md5,
    // The weights a model keeps in other files are part of what it is: its own file may stay the same without them.
    'value' in external ? digest(...external.value.map(({ location, md5 }) => [location, md5])) : '',
    place.file,
    cardText ?? '',
    recipeText ?? '',
    'value' in settings ? identityOfSettings(settings.value) : (settingsText ?? ''),
    ...(set ? [pictureSetDigest(set), allSamples] : []),
    'value' in recognizers ? digest(...recognizers.value.map(({ identity }) => identity)) : '',
    context.device,
    ...[members, controls, placebo].map((side) => ('value' in side ? sideDigest(side.value) : side.refused.code)),
    ...(unread ? [unread.code] : []),
  );
  return {
    audit,
    checkpoint,
    place,
    settings,
    allSamples,
    pictures,
    card,
    recipe,
    recognizers,
    external,
    members: found(members),
    controls: found(controls),
    placebo: found(placebo),
    refused: unread ?? refusal(pictures) ?? refusal(members) ?? refusal(controls) ?? refusal(placebo),
  };
}

const samplesSchema = z.looseObject({ samples: z.unknown().optional() });

/** Whether project.json leaves the number of samples open. Text that is no JSON is refused elsewhere. */
function saysNothingOfSamples(text: string | undefined): boolean {
  try {
    return samplesSchema.parse(JSON.parse(text ?? '{}')).samples === undefined;
  } catch {
    return false;
  }
}

function identityOfSettings(settings: Settings): string {
  const { identities, pseudonymKey, ...rest } = settings;
  // Pseudonyms change no number, but the report: one that was made with names, or under another key, must not be taken
  // for this one's. The digest does not give the key away. With names, audits are called what they always were.
  const pseudonyms = identities === 'pseudonyms' ? { pseudonymKey } : {};
  return digest({ ...rest, shards: null, recognizer: recognizerNames(settings), ...pseudonyms });
}

function found<T>(outcome: Outcome<T>): T | undefined {
  return 'value' in outcome ? outcome.value : undefined;
}

function refusal(outcome: Outcome<unknown>): RewoundError | undefined {
  return 'refused' in outcome ? outcome.refused : undefined;
}

/** What `read` gives. A transient error must not become part of an identity: it is thrown. */
async function outcomeOf<T>(read: () => T | Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await read() };
  } catch (cause) {
    const refused = asRewoundError(cause);
    if (refused.transient) throw refused;
    return { refused };
  }
}
