import { parseCard } from '../checkpoint/card.ts';
import type { ObjectInfo } from '../platform/ports.ts';
import type { Context } from './context.ts';
import { type DropPlace, digest, dropPlace } from './keys.ts';
import { textOf } from './once.ts';
import { listSide, type Side, sideDigest } from './people.ts';
import { findRecognizer } from './recognizer.ts';
import { settingsSchema } from './settings.ts';

/** What an audit is made of, as found in the drop area. */
export interface Found {
  readonly audit: string;
  readonly checkpoint: ObjectInfo;
  readonly place: DropPlace;
  readonly settingsText: string | undefined;
  readonly cardText: string | undefined;
  readonly members: Side | undefined;
  readonly controls: Side | undefined;
}

/** The audit a checkpoint would start now. Throws GALLERY_EMPTY where a role's folder holds no photo. */
export async function auditId(context: Context, key: string): Promise<string | undefined> {
  const place = dropPlace(key);
  const checkpoint = await context.objects.head(key);
  return place && checkpoint && (await find(context, place, checkpoint)).audit;
}

export async function find(context: Context, place: DropPlace, checkpoint: ObjectInfo): Promise<Found> {
  const settingsText = await textOf(context, `${place.project}/project.json`);
  const cardText = await textOf(context, `${checkpoint.key}.card.json`);
  const members = await listSide(context.objects, place.project, 'members');
  const controls = await listSide(context.objects, place.project, 'controls');
  // By content, not by upload: the same bytes put there twice, or on another machine, are the same audit. How the work
  // is cut does not change a result and is no part of it.
  const audit = digest(
    'audit 1',
    place.project,
    checkpoint.md5,
    place.file,
    cardText ?? '',
    identityOfSettings(settingsText),
    await identityOfRecognizer(context, place, settingsText),
    context.device,
    sideDigest(members),
    sideDigest(controls),
  );
  return { audit, checkpoint, place, settingsText, cardText, members, controls };
}

function identityOfSettings(text: string | undefined): string {
  const settings = lenient(() => parseCard(settingsSchema, text ?? '{}', 'project.json'));
  return settings ? digest({ ...settings, shards: null }) : (text ?? '');
}

async function identityOfRecognizer(context: Context, place: DropPlace, text: string | undefined): Promise<string> {
  const settings = lenient(() => parseCard(settingsSchema, text ?? '{}', 'project.json'));
  const found = settings && (await findRecognizer(context, place.project, settings).catch(() => undefined));
  return found ? digest(found.identity) : '';
}

/** An audit must have an identity even if its settings are wrong: the rejection is recorded under it. */
function lenient<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
