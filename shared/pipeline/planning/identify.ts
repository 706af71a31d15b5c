import { parseCard } from '../../checkpoint/spec/card.ts';
import { asRewoundError, type RewoundError } from '../../errors.ts';
import type { ObjectInfo } from '../../platform/ports.ts';
import type { Context } from '../base/context.ts';
import { type DropPlace, digest, dropPlace } from '../base/keys.ts';
import { givenTextOf } from '../base/once.ts';
import { checkpointCard, checkpointRecipe } from './cards.ts';
import { externalFiles } from './external.ts';
import { listSide, type Side, sideDigest } from './people.ts';
import { findRecognizers } from './recognizer.ts';
import { recognizerNames, settingsSchema } from './settings.ts';

/**
 * What an audit computes, as a version: raised whenever the same input may give another result, so that finished and
 * half-finished audits of an older version are not taken for this one's.
 */
const METHOD = 'audit 6';

/** What an audit is made of, as found in the drop area. */
export interface Found {
  readonly audit: string;
  readonly checkpoint: ObjectInfo;
  readonly place: DropPlace;
  readonly settingsText: string | undefined;
  readonly cardText: string | undefined;
  readonly recipeText: string | undefined;
  readonly members: Side | undefined;
  readonly controls: Side | undefined;
  readonly placebo: Side | undefined;
  /** Why photos, cards or settings cannot be used, whatever the checkpoint is. */
  readonly refused: RewoundError | undefined;
}

/** The audit a checkpoint would start now. Throws GALLERY_EMPTY where a role's folder holds no photo. */
export async function auditId(context: Context, key: string): Promise<string | undefined> {
  const place = dropPlace(key);
  const checkpoint = await context.objects.head(key);
  const found = place && checkpoint && (await find(context, place, checkpoint));
  if (found?.refused) throw found.refused;
  return found?.audit;
}

export async function find(context: Context, place: DropPlace, checkpoint: ObjectInfo): Promise<Found> {
  const settings = await refusable(() => givenTextOf(context, `${place.project}/project.json`));
  const card = await refusable(() => givenTextOf(context, `${checkpoint.key}.card.json`));
  const recipe = await refusable(() => givenTextOf(context, `${checkpoint.key}.recipe.json`));
  const [settingsText, cardText, recipeText] = [settings.value, card.value, recipe.value];
  const members = await refusable(() => listSide(context.objects, place.project, 'members'));
  const controls = await refusable(() => listSide(context.objects, place.project, 'controls'));
  const placebo = await refusable(() => listSide(context.objects, place.project, 'placebo'));
  const unread = settings.refused ?? card.refused ?? recipe.refused;
  const refused = unread ?? members.refused ?? controls.refused ?? placebo.refused;
  // By content, not by upload: the same bytes put there twice, or on another machine, are the same audit. How the work
  // is cut does not change a result and is no part of it.
  const audit = digest(
    METHOD,
    place.project,
    checkpoint.md5,
    await identityOfWeights(context, checkpoint, { cardText, recipeText, settingsText }),
    place.file,
    cardText ?? '',
    recipeText ?? '',
    identityOfSettings(settingsText),
    await identityOfRecognizers(context, place, settingsText),
    context.device,
    members.refused?.code ?? sideDigest(members.value),
    controls.refused?.code ?? sideDigest(controls.value),
    placebo.refused?.code ?? sideDigest(placebo.value),
    ...(unread ? [unread.code] : []),
  );
  return {
    audit,
    checkpoint,
    place,
    settingsText,
    cardText,
    recipeText,
    members: members.value,
    controls: controls.value,
    placebo: placebo.value,
    refused,
  };
}

/** The weights a model keeps in other files are part of what it is: its own file may stay the same without them. */
async function identityOfWeights(
  context: Context,
  { key, generation }: ObjectInfo,
  { cardText, recipeText, settingsText }: Pick<Found, 'cardText' | 'recipeText' | 'settingsText'>,
): Promise<string> {
  try {
    const card = checkpointCard(cardText, parseCard(settingsSchema, settingsText ?? '{}', 'project.json'));
    const recipe = checkpointRecipe(recipeText);
    const path = await context.objects.file(key, generation);
    const inspection = await context.compute.inspect({ path, card, recipe });
    const files = await externalFiles(context, key, inspection.externalFiles);
    return digest(...files.map(({ location, md5 }) => [location, md5]));
  } catch (error) {
    if (asRewoundError(error).transient) throw error;
    // Not readable: planning says why.
    return '';
  }
}

function identityOfSettings(text: string | undefined): string {
  const settings = lenient(() => parseCard(settingsSchema, text ?? '{}', 'project.json'));
  if (!settings) return text ?? '';
  const { identities, pseudonymKey, ...rest } = settings;
  // Pseudonyms change no number, but the report: one that was made with names, or under another key, must not be taken
  // for this one's. The digest does not give the key away. With names, audits are called what they always were.
  const pseudonyms = identities === 'pseudonyms' ? { pseudonymKey } : {};
  return digest({ ...rest, shards: null, recognizer: recognizerNames(settings), ...pseudonyms });
}

async function identityOfRecognizers(context: Context, place: DropPlace, text: string | undefined): Promise<string> {
  const settings = lenient(() => parseCard(settingsSchema, text ?? '{}', 'project.json'));
  if (!settings) return '';
  const { value } = await refusable(() => findRecognizers(context, place.project, settings));
  return value ? digest(...value.map(({ identity }) => identity)) : '';
}

/** An audit must have an identity even if its settings are wrong: the rejection is recorded under it. */
function lenient<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** The same for what is looked up. That storage does not answer now is nobody's identity. */
async function refusable<T>(look: () => Promise<T>): Promise<{ value?: T; refused?: RewoundError }> {
  try {
    return { value: await look() };
  } catch (cause) {
    const error = asRewoundError(cause);
    if (error.transient) throw error;
    return { refused: error };
  }
}
