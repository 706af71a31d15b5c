import type { Role } from '../audit/roster.ts';
import { type CheckpointCard, checkpointCardSchema, parseCard } from '../checkpoint/card.ts';
import type { RecognizerRequest, Resolution } from '../engine/compute.ts';
import { RewoundError } from '../errors.ts';
import { recognizerCardSchema } from '../faces/recognizer.ts';
import type { ObjectInfo } from '../platform/ports.ts';
import { isFinal, receiveAudit } from './audits.ts';
import type { Context } from './context.ts';
import { dispatch } from './fan-in.ts';
import { below, type DropPlace, digest, dropPlace, isCompanion, keys, records } from './keys.ts';
import type { PlanMessage } from './messages.ts';
import { listSide, type PhotoPlace, type Side, sideDigest } from './people.ts';
import { encodeJson, type Plan, readPlan, resolutionOf } from './plan-file.ts';
import { rejecting } from './reject.ts';
import { type Settings, settingsSchema, shardCount } from './settings.ts';

/** Photos embedded by one call of `enrol`. */
const PHOTOS_PER_SHARD = 256;
/** Fewer control identities cannot carry a threshold and a test. */
const FEWEST_CONTROLS = 20;
const FEWEST_MEMBERS = 2;

/** What an audit is made of, as found in the drop area. */
interface Found {
  readonly audit: string;
  readonly checkpoint: ObjectInfo;
  readonly place: DropPlace;
  readonly settingsText: string | undefined;
  readonly cardText: string | undefined;
  readonly members: Side | undefined;
  readonly controls: Side | undefined;
}

/**
 * An object landed in the drop area: if it is a checkpoint, validate it, find out how to run it, cut the work into
 * shards and publish the first of them. Anything else is ignored. Returns the audit's id.
 */
export async function plan(context: Context, message: PlanMessage): Promise<string | undefined> {
  const place = dropPlace(message.key);
  if (!place || isCompanion(place.file)) return undefined;
  const checkpoint = await context.objects.head(message.key);
  // Replaced or removed since: the newer object has a message of its own.
  if (!checkpoint || checkpoint.generation !== message.generation) return undefined;
  const found = await find(context, place, checkpoint);
  const record = await receiveAudit(context, found.audit, checkpoint.key, checkpoint.generation);
  if (isFinal(record.state)) return found.audit;
  await rejecting(context, found.audit, async () => {
    const planned = (await context.objects.head(keys.plan(found.audit)))
      ? await readPlan(context, found.audit)
      : await make(context, found);
    await dispatch(context, planned);
  });
  return found.audit;
}

/** The audit a checkpoint would start now. Throws GALLERY_EMPTY where a role's folder holds no photo. */
export async function auditId(context: Context, key: string): Promise<string | undefined> {
  const place = dropPlace(key);
  const checkpoint = await context.objects.head(key);
  return place && checkpoint && (await find(context, place, checkpoint)).audit;
}

async function find(context: Context, place: DropPlace, checkpoint: ObjectInfo): Promise<Found> {
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

export async function textOf({ objects }: Context, key: string): Promise<string | undefined> {
  const info = await objects.head(key);
  return info && new TextDecoder().decode(await objects.get(key, info.generation));
}

async function make(context: Context, found: Found): Promise<Plan> {
  const { audit, checkpoint, place, members, controls } = found;
  const settings = parseCard(settingsSchema, found.settingsText ?? '{}', 'project.json');
  if (!members) {
    throw new RewoundError(
      'NOT_FOUND',
      'There is no photo of any member: of the people the generator was trained on.',
      {
        help: 'Put their photos into the members folder, one folder a person, and comparable people who were not trained on into controls.',
      },
    );
  }
  const overlapping = findOverlap(members, controls);
  checkSize(members, overlapping.members, 'members', FEWEST_MEMBERS);
  if (controls) checkSize(controls, overlapping.controls, 'controls', FEWEST_CONTROLS);

  const recognizer = await findRecognizer(context, place.project, settings);
  const card = mergeCards(
    parseCard(checkpointCardSchema, found.cardText ?? '{}', 'The card beside the checkpoint'),
    settings,
  );
  const path = await context.objects.file(checkpoint.key, checkpoint.generation);
  const { summary } = await context.compute.inspect({ path, card });
  const external = await copyExternal(context, audit, checkpoint.key, summary.externalFiles);
  const calibration = await context.compute.calibrate({
    model: { path, external },
    card,
    recognizer: recognizer.request,
    seed: settings.seed,
    batch: settings.batch,
  });
  const { spec, range, assumptions, geometry, alignment, samples, undetected, sampleMs, model } = calibration;
  await putOnce(context, keys.generator(audit), model);
  const resolution = resolutionOf(alignment);
  const enrolment = (['members', 'controls'] as const).flatMap((role) =>
    cutEnrolment(role, role === 'members' ? members : controls, recognizer.identity, resolution),
  );
  const planned: Plan = {
    version: 1,
    audit,
    project: place.project,
    checkpoint: { key: checkpoint.key, generation: checkpoint.generation, md5: checkpoint.md5, file: place.file },
    settings,
    device: context.device,
    window: context.window,
    shards: shardCount(settings, sampleMs),
    generator: {
      spec,
      range: [range[0], range[1]],
      assumptions: [...assumptions],
      geometry,
      alignment: { ...alignment, points: [...alignment.points] },
      calibration: { samples, undetected },
      external: [...summary.externalFiles],
    },
    recognizer: recognizer.planned,
    recognizerInfo: calibration.recognizer,
    members: stored(members),
    controls: controls ? stored(controls) : null,
    overlapping,
    enrolment,
  };
  await putOnce(context, keys.plan(audit), encodeJson(planned));
  // Another delivery may have planned first; what it wrote counts.
  const winner = await readPlan(context, audit);
  await skipEnrolled(context, winner);
  return winner;
}

function stored(side: Side): Plan['members'] {
  if (side.kind === 'photos') return { kind: 'photos', photos: [...side.photos] };
  const { npy, csv, about } = side;
  return { kind: 'embeddings', npy, csv, ...(about ? { about } : {}) };
}

/** Identities with a photo, byte for byte, that the other side has too. */
function findOverlap(members: Side, controls: Side | undefined): Plan['overlapping'] {
  if (members.kind !== 'photos' || controls?.kind !== 'photos') return { members: [], controls: [] };
  const common = (side: readonly PhotoPlace[], other: readonly PhotoPlace[]) => {
    const contents = new Set(other.map(({ md5 }) => md5));
    return [...new Set(side.filter(({ md5 }) => contents.has(md5)).map(({ identity }) => identity))].sort();
  };
  return {
    members: common(members.photos, controls.photos),
    controls: common(controls.photos, members.photos),
  };
}

function checkSize(side: Side, overlapping: readonly string[], role: Role, fewest: number): void {
  if (side.kind !== 'photos') return;
  const found = new Set(side.photos.map(({ identity }) => identity)).size;
  const left = found - overlapping.length;
  if (left >= fewest) return;
  const both = overlapping.length > 0 ? ` (${overlapping.length} more stand on both sides and take no part)` : '';
  throw new RewoundError('GALLERY_TOO_SMALL', `The ${role} are ${left} people${both}; an audit needs ${fewest}.`, {
    help:
      role === 'controls'
        ? 'Add people from the same collection who were not trained on, or leave controls out: then resemblance is reported, but no claim of leakage is possible.'
        : 'Give each person a folder of their own, or one photo a person in a flat folder.',
  });
}

/** What tells recognizers apart: the built-in one's version, or the card's and the model's content. */
type RecognizerIdentity =
  | { readonly kind: 'built-in'; readonly version: 1 }
  | { readonly kind: 'card'; readonly card: string; readonly md5: string };

export async function findRecognizer(context: Context, project: string, { recognizer: cardPath }: Settings) {
  if (cardPath === undefined) {
    const request: RecognizerRequest = { kind: 'built-in' };
    return { request, planned: request, identity: { kind: 'built-in', version: 1 } } as const;
  }
  const cardKey = below(project, cardPath);
  const text = await textOf(context, cardKey);
  if (text === undefined) {
    throw new RewoundError('NOT_FOUND', `The recognizer's card ${cardPath} is not in the project.`, {
      help: 'Put the card and its model into the project, or leave "recognizer" out of project.json.',
    });
  }
  const card = parseCard(recognizerCardSchema, text, "The recognizer's card");
  const key = below(cardKey.slice(0, cardKey.lastIndexOf('/')), card.model);
  const model = await context.objects.head(key);
  if (!model) {
    throw new RewoundError('NOT_FOUND', `The recognizer's model ${card.model} is not beside its card.`, {
      help: 'Copy the ONNX file next to the card, or correct "model" in it.',
    });
  }
  const { generation, md5 } = model;
  const request: RecognizerRequest = { kind: 'card', card, path: await context.objects.file(key, generation) };
  return {
    request,
    planned: { kind: 'card', card, key, generation } as const,
    identity: { kind: 'card', card: digest(card), md5 },
  } as const;
}

/** The card beside the checkpoint, field by field overridden by the project's settings. */
export function mergeCards(beside: CheckpointCard, { card: given = {} }: Settings): CheckpointCard {
  return {
    ...beside,
    ...given,
    latent: { ...beside.latent, ...given.latent },
    image: { ...beside.image, ...given.image },
  };
}

/** Copies the weights an ONNX model keeps beside it, so that the audit no longer needs the drop area. */
async function copyExternal(context: Context, audit: string, checkpoint: string, locations: readonly string[]) {
  const folder = checkpoint.slice(0, checkpoint.lastIndexOf('/'));
  const sources = locations.map((location) => ({ location, key: below(folder, location) }));
  return Promise.all(
    sources.map(async ({ location, key }, i) => {
      if (!(await context.objects.head(key))) {
        throw new RewoundError('CHECKPOINT_CORRUPT', `The model keeps weights in ${location}, which is not there.`, {
          help: 'Copy all files of the model into the same folder, the ones with the weights first.',
        });
      }
      const to = keys.generatorFile(audit, i);
      await putOnce(context, to, await context.objects.get(key));
      return { location, path: await context.objects.file(to) };
    }),
  );
}

/** Runs of photos, each named by what its embeddings are made of: photos, recognizer and resolution. */
export function cutEnrolment(
  role: Role,
  side: Side | undefined,
  recognizer: RecognizerIdentity,
  resolution: Resolution | null,
): Plan['enrolment'] {
  if (side?.kind !== 'photos') return [];
  const shards: Plan['enrolment'] = [];
  for (let first = 0; first < side.photos.length; first += PHOTOS_PER_SHARD) {
    const photos = side.photos.slice(first, first + PHOTOS_PER_SHARD);
    const content = digest('enrolment 1', recognizer, resolution, ...photos.map(({ md5 }) => md5));
    shards.push({ content, role, first, count: photos.length });
  }
  return shards;
}

/** Marks as done what an earlier audit has embedded already. */
async function skipEnrolled(context: Context, { audit, enrolment }: Plan): Promise<void> {
  for (const [shard, { content }] of enrolment.entries()) {
    if (!(await context.objects.head(keys.enrolment(content)))) continue;
    await context.records.create(`${records.done(audit, 'enrol')}/${shard}`, { at: context.clock.now() });
  }
}

/** Writes unless it is there: what a step makes is a function of its input, so whoever was first wrote the same. */
export async function putOnce({ objects }: Context, key: string, bytes: Uint8Array): Promise<void> {
  try {
    await objects.put(key, bytes, { ifAbsent: true });
  } catch (error) {
    if (!(error instanceof RewoundError && error.code === 'OBJECT_EXISTS')) throw error;
  }
}
