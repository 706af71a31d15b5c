/** The step from an upload to a planned audit. */
import type { Role } from '../../audit/counts/roster.ts';
import { LEAST_FACES } from '../../audit/verdict/size-gates.ts';
import { RewoundError } from '../../errors.ts';
import type { Context } from '../base/context.ts';
import { droppedCheckpoint, isCommandMarker, keys } from '../base/layout.ts';
import type { PlanMessage } from '../base/messages.ts';
import { putOnce } from '../base/once.ts';
import { encodeJson } from '../base/sealed-json.ts';
import { admissionOf } from '../base/tenancy.ts';
import { requireUploaded } from '../base/uploaded-files.ts';
import { cutEnrolment, skipEnrolled } from '../planning/batches.ts';
import { planCommand } from '../planning/generator-command.ts';
import { planNetwork } from '../planning/generator-network.ts';
import { planPictures } from '../planning/generator-pictures.ts';
import { type Identified, identify, usable } from '../planning/identify.ts';
import { FEWEST_CONTROLS, FEWEST_MEMBERS, PARTS, type Part, type PhotoObject, type Side } from '../planning/people.ts';
import { resolutionOf } from '../planning/plan/files.ts';
import type { Plan } from '../planning/plan/schema.ts';
import { readPlan } from '../planning/plan/store.ts';
import { shardCount } from '../planning/settings.ts';
import { dispatchPlanned } from '../runs/fan-in.ts';
import { rejecting } from '../runs/reject.ts';
import { auditOfUpload, isFinal, readAudit, receiveAudit, stopAudit } from '../runs/run.ts';

/**
 * An object landed in the drop area: if it is a checkpoint, validate it, find out how to run it, cut the work into
 * shards and publish the first of them. Anything else is ignored. Returns the audit's id.
 */
export async function plan(context: Context, message: PlanMessage): Promise<string | undefined> {
  const place = droppedCheckpoint(message.key);
  if (!place) return undefined;
  const admission = await admissionOf(context, place);
  if (admission === 'ignore') return undefined;
  if (admission !== 'plan' && (await goOn(context, admission.run))) return admission.run;
  const checkpoint = await context.objects.head(message.key);
  // Replaced or removed since: the newer object has a message of its own.
  if (!checkpoint || checkpoint.generation !== message.generation) {
    await endSuperseded(context, message, undefined);
    return undefined;
  }
  const found = await identify(context, place, checkpoint);
  await endSuperseded(context, message, found.audit);
  const record = await receiveAudit(context, found.audit, checkpoint.key, checkpoint.generation);
  if (isFinal(record.state)) return found.audit;
  await rejecting(context, found.audit, async () => {
    const planned = (await context.objects.head(keys.plan(found.audit)))
      ? await readPlan(context, found.audit)
      : await makeUnlessReplaced(context, found);
    if (planned) await dispatchPlanned(context, planned);
  });
  return found.audit;
}

/** Goes on with a run as it was planned, without another look at what it is made of. False where there is no plan. */
async function goOn(context: Context, run: string): Promise<boolean> {
  const record = await readAudit(context, run);
  if (!record || !(await context.objects.head(keys.plan(run)))) return false;
  if (!isFinal(record.state)) {
    await rejecting(context, run, async () => dispatchPlanned(context, await readPlan(context, run)));
  }
  return true;
}

/** Ends what an upload began and can no longer be planned, because the checkpoint or the photos are others by now. */
async function endSuperseded(context: Context, message: PlanMessage, current: string | undefined) {
  const { key, generation } = message;
  const named = 'audit' in message ? message.audit : undefined;
  const begun = named ?? (await auditOfUpload(context, key, generation));
  if (begun === undefined || begun === current) return;
  const record = await readAudit(context, begun);
  if (record?.state !== 'RECEIVED' || record.generation !== generation) return;
  if (await context.objects.head(keys.plan(begun))) return;
  const error = new RewoundError(
    'CANCELLED',
    'The checkpoint or the photos were changed before the audit was planned.',
    {
      help: 'What lies in the project now is audited on its own.',
    },
  );
  await stopAudit(context, begun, 'CANCELLED', error);
}

/**
 * Plans, unless the checkpoint is replaced or removed meanwhile: whatever then fails says nothing of it. The newer
 * object has a message of its own, which plans the same audit if the content is the same.
 */
async function makeUnlessReplaced(context: Context, found: Identified): Promise<Plan | undefined> {
  try {
    return await make(context, found);
  } catch (error) {
    const { key, generation, md5 } = found.checkpoint;
    const current = await context.objects.head(key);
    if (current?.generation === generation) throw error;
    if (current?.md5 === md5) return undefined;
    throw new RewoundError('CANCELLED', 'The checkpoint was replaced or removed before it was read.', {
      help: 'The one that replaced it is audited on its own.',
      cause: error,
    });
  }
}

async function make(context: Context, found: Identified): Promise<Plan> {
  const { audit, checkpoint, place, members, controls, placebo } = found;
  if (found.refused) throw found.refused;
  const settings = usable(found.settings);
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

  const recognizers = usable(found.recognizers);
  checkComparable(recognizers.length, { members, controls, placebo });
  const pictures = usable(found.pictures);
  const planGenerator = isCommandMarker(place.file) ? planCommand : pictures ? planPictures : planNetwork;
  const planned = await planGenerator(context, found, settings, recognizers);
  if (!settings.allowFaceless) requireFaces(planned.generator.calibration);
  // Only now: what was read before may have been replaced while it was read.
  await requireUploaded(await context.objects.file(checkpoint.key, checkpoint.generation), checkpoint.md5);
  const resolution = resolutionOf(planned.generator.alignment);
  const enrolment = recognizers.flatMap(({ identity }, place) =>
    PARTS.flatMap((part) => cutEnrolment(part, found[part], identity, place, resolution, context.device)),
  );
  const plan: Plan = {
    version: 1,
    audit,
    project: place.project,
    checkpoint: { key: checkpoint.key, generation: checkpoint.generation, md5: checkpoint.md5, file: place.file },
    settings: planned.settings,
    device: context.device,
    window: context.window,
    shards: shardCount(planned.settings, planned.sampleMs),
    sampleMs: planned.sampleMs,
    generator: planned.generator,
    recognizers: recognizers.map(({ planned: source }, i) => ({ source, info: planned.recognizers[i]! })),
    members: stored(members),
    controls: controls ? stored(controls) : null,
    placebo: placebo ? stored(placebo) : null,
    overlapping,
    enrolment,
  };
  await putOnce(context, keys.plan(audit), encodeJson(plan));
  // Another delivery may have planned first; what it wrote counts.
  const winner = await readPlan(context, audit);
  await skipEnrolled(context, winner);
  return winner;
}

/** Hours of work on samples without faces would end as INVALID. Throws FACES_MISSING. */
function requireFaces({ samples, undetected }: Plan['generator']['calibration']): void {
  if (samples - undetected >= LEAST_FACES * samples) return;
  throw new RewoundError(
    'FACES_MISSING',
    `A face was found in ${samples - undetected} of the first ${samples} samples, and an audit needs it in half of them.`,
    {
      help: 'Look at the samples with "rewound inspect --samples FILE": the range, the latent or the checkpoint may be wrong. With --allow-faceless, or "allowFaceless": true in project.json, the audit goes on, and ends as INVALID.',
    },
  );
}

function stored(side: Side): Plan['members'] {
  if (side.kind === 'photos') {
    return { kind: 'photos', photos: [...side.photos], understood: side.understood };
  }
  const { npy, csv, about } = side;
  return { kind: 'embeddings', npy, csv, ...(about ? { about } : {}) };
}

/** Embeddings are one recognizer's, and say nothing to another. Throws GALLERY_MISMATCH. */
function checkComparable(recognizers: number, sides: Readonly<Record<Part, Side | undefined>>): void {
  if (recognizers === 1 || PARTS.every((part) => sides[part]?.kind !== 'embeddings')) return;
  throw new RewoundError('GALLERY_MISMATCH', 'Several recognizers cannot share one set of embeddings.', {
    help: 'Give the photos themselves, or run one audit for each recognizer.',
  });
}

/** Identities with a photo, byte for byte, that the other side has too. */
function findOverlap(members: Side, controls: Side | undefined): Plan['overlapping'] {
  if (members.kind !== 'photos' || controls?.kind !== 'photos') return { members: [], controls: [] };
  const common = (side: readonly PhotoObject[], other: readonly PhotoObject[]) => {
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
        : 'Give photos of more people; if folders are people and were not taken for such, say so with --layout people.',
  });
}
