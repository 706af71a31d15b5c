import { createHash } from 'node:crypto';
import { z } from 'zod';
import { equalise } from '../audit/equalise.ts';
import type { Role } from '../audit/roster.ts';
import { RewoundError } from '../errors.ts';
import { decodeEnrolment } from '../faces/enrolment.ts';
import { encodeGallery } from '../faces/gallery.ts';
import { isRunning } from './audits.ts';
import type { Context } from './context.ts';
import { type EnrolledPhoto, embeddedPhotos } from './embedded.ts';
import { dispatch } from './fan-in.ts';
import { refuseRunaway } from './hops.ts';
import { digest, keys } from './keys.ts';
import type { AssembleMessage } from './messages.ts';
import { putOnce } from './once.ts';
import { encodeJson, type Plan, readPlan } from './plan-file.ts';
import { rejecting } from './reject.ts';

/** `roster.json`: who takes part, in the gallery's order, and what became of everybody's photos. */
export const rosterSchema = z.strictObject({
  version: z.literal(1),
  photosPerIdentity: z.int().min(1),
  people: z.array(
    z.strictObject({
      /** Stands for the person wherever chance is drawn: the same whichever side the person is on. */
      key: z.string(),
      role: z.enum(['members', 'controls']),
      identity: z.string(),
      photos: z.array(z.string()).min(1),
    }),
  ),
  counts: z.record(
    z.enum(['members', 'controls']),
    z.strictObject({
      photos: z.int(),
      undetected: z.int(),
      unreadable: z.int(),
      overlapping: z.int(),
      leftOut: z.array(
        z.strictObject({ identity: z.string(), photo: z.string(), reason: z.enum(['undetected', 'unreadable']) }),
      ),
    }),
  ),
});
export type Roster = z.infer<typeof rosterSchema>;

/** From embedded photos to the gallery of the audit: nobody on both sides, the same number of photos for everybody. */
export async function assemble(context: Context, { audit, hops }: AssembleMessage): Promise<void> {
  if (!(await isRunning(context, audit))) return;
  await rejecting(context, audit, async () => {
    const plan = await readPlan(context, audit);
    refuseRunaway(plan, hops);
    if (!(await context.objects.head(keys.gallery(audit)))) await build(context, plan);
    await dispatch(context, plan);
  });
}

/** Photos that took no part are named in the report, up to this many a side. */
const MOST_LISTED = 1000;

interface Person {
  readonly key: string;
  readonly role: Role;
  readonly identity: string;
  readonly photos: readonly EnrolledPhoto[];
}

async function build(context: Context, plan: Plan): Promise<void> {
  const [members, controls] = apart(await collect(context, plan, 'members'), await collect(context, plan, 'controls'));
  const people = [...members.people, ...controls.people];
  const { photosPerIdentity, chosen } = equalise(
    people.map(({ key, photos }) => ({ key, photos: photos.map(({ photo }) => photo) })),
    plan.settings.seed,
  );
  const length = plan.recognizerInfo.embedding;
  const embeddings = new Float32Array(people.length * photosPerIdentity * length);
  const roster: Roster = {
    version: 1,
    photosPerIdentity,
    people: people.map(({ key, role, identity, photos }, i) => ({
      key,
      role,
      identity,
      photos: chosen[i]!.map((place) => photos[place]!.photo),
    })),
    counts: { members: members.counts, controls: controls.counts },
  };
  people.forEach(({ photos }, i) => {
    chosen[i]!.forEach((place, j) => {
      embeddings.set(photos[place]!.embedding, (i * photosPerIdentity + j) * length);
    });
  });
  // The gallery last: where it is, the roster is.
  await putOnce(context, keys.roster(plan.audit), encodeJson(roster));
  await putOnce(context, keys.gallery(plan.audit), encodeGallery(embeddings, length, roster.people));
}

/** One role's people with their usable photos, in the order of their names. Throws GALLERY_UNREADABLE. */
async function collect(context: Context, plan: Plan, role: Role) {
  const side = plan[role];
  const leftOut: Roster['counts']['members']['leftOut'] = [];
  const counts = { photos: 0, undetected: 0, unreadable: 0, overlapping: 0, leftOut };
  if (!side) return { people: [], counts };
  const usable: EnrolledPhoto[] = [];
  if (side.kind === 'embeddings') {
    usable.push(...(await embeddedPhotos(context, side, plan)));
    counts.photos = usable.length;
  } else {
    const length = plan.recognizerInfo.embedding;
    for (const run of plan.enrolment.filter((one) => one.role === role)) {
      const bytes = await context.objects.get(keys.enrolment(run.content));
      const { embeddings, states } = decodeEnrolment(bytes, run.count, length);
      states.forEach((state, i) => {
        counts.photos += 1;
        const { identity, photo, md5 } = side.photos[run.first + i]!;
        if (state === 'enrolled') {
          const embedding = embeddings.subarray(i * length, (i + 1) * length);
          usable.push({ identity, photo, content: md5, embedding });
        } else {
          counts[state] += 1;
          if (leftOut.length < MOST_LISTED) leftOut.push({ identity, photo, reason: state });
        }
      });
    }
    checkUsable(role, counts);
  }
  const excluded = new Set(plan.overlapping[role]);
  const byName = Map.groupBy(
    usable.filter(({ identity }) => !excluded.has(identity)),
    ({ identity }) => identity,
  );
  const people: Person[] = [...byName].map(([identity, photos]) => ({
    key: digest('person', identity, ...photos.map(({ content }) => content).sort()),
    role,
    identity,
    photos: differing(photos),
  }));
  return { people, counts: { ...counts, overlapping: excluded.size } };
}

const bytesOf = ({ embedding }: EnrolledPhoto) =>
  createHash('sha256')
    .update(new Uint8Array(embedding.buffer, embedding.byteOffset, embedding.byteLength))
    .digest('base64');

/** A photo that is there twice says no more than once. */
function differing(photos: readonly EnrolledPhoto[]): EnrolledPhoto[] {
  return [...new Map(photos.map((photo) => [bytesOf(photo), photo] as const).toReversed()).values()].toReversed();
}

type Collected = Awaited<ReturnType<typeof collect>>;

/**
 * Leaves out people of whom both sides have the same embedding. Photos have been compared by their bytes before; this
 * finds those of galleries that were embedded beforehand, and of pictures saved anew without a change.
 */
function apart(members: Collected, controls: Collected): readonly [Collected, Collected] {
  const embeddings = ({ people }: Collected) => new Set(people.flatMap(({ photos }) => photos.map(bytesOf)));
  const without = (side: Collected, others: ReadonlySet<string>): Collected => {
    const people = side.people.filter(({ photos }) => !photos.some((photo) => others.has(bytesOf(photo))));
    const overlapping = side.counts.overlapping + side.people.length - people.length;
    return { people, counts: { ...side.counts, overlapping } };
  };
  const [ofMembers, ofControls] = [embeddings(members), embeddings(controls)];
  return [without(members, ofControls), without(controls, ofMembers)];
}

function checkUsable(
  role: Role,
  { photos, undetected, unreadable }: { photos: number; undetected: number; unreadable: number },
): void {
  if (undetected + unreadable <= photos / 2) return;
  throw new RewoundError(
    'GALLERY_UNREADABLE',
    `Of ${photos} photos of ${role}, ${unreadable} cannot be read and ${undetected} show no face.`,
    { help: 'Check that the folder holds portrait photos; faces should fill at least a tenth of the width.' },
  );
}
