/** Gathers the embedded photos of each side, and leaves out people who stand on both. */
import { createHash } from 'node:crypto';
import { centroidsOf } from '../../audit/gallery/centroids.ts';
import { overlappingPeople, overlapThreshold } from '../../audit/gallery/overlap.ts';
import { RewoundError } from '../../errors.ts';
import type { Enrolment } from '../../faces/enrolled.ts';
import { decodeEnrolment } from '../../faces/enrolment.ts';
import type { Context } from '../base/context.ts';
import { digest } from '../base/digest.ts';
import { keys } from '../base/layout.ts';
import type { Part } from '../planning/people.ts';
import type { Plan } from '../planning/plan/schema.ts';
import { type EnrolledPhoto, embeddedPhotos } from './embedded.ts';
import type { Roster } from './roster.ts';

/** Photos that took no part are named in the report, up to this many a side. */
const MOST_LISTED = 1000;

/** Somebody with all usable photos. */
export interface Person {
  readonly key: string;
  readonly identity: string;
  readonly photos: readonly EnrolledPhoto[];
}

/** One part's people, in the order of their names, and what became of all photos. */
export interface Gathered {
  readonly people: readonly Person[];
  readonly counts: Roster['counts']['members'];
}

/** Throws GALLERY_UNREADABLE, GALLERY_MISMATCH. */
export async function gather(context: Context, plan: Plan, part: Part): Promise<Gathered> {
  const side = plan[part];
  const leftOut: Gathered['counts']['leftOut'] = [];
  const counts = { photos: 0, undetected: 0, unreadable: 0, overlapping: 0, leftOut };
  if (!side) return { people: [], counts };
  const usable: EnrolledPhoto[] = [];
  if (side.kind === 'embeddings') {
    usable.push(...(await embeddedPhotos(context, side, plan)));
    counts.photos = usable.length;
  } else {
    for await (const { place, state, embeddings } of enrolledPhotos(context, plan, part)) {
      const { identity, photo, md5, unlabelled } = side.photos[place]!;
      counts.photos += 1;
      if (state === 'enrolled') usable.push({ identity, photo, content: md5, embeddings, unlabelled });
      else {
        counts[state] += 1;
        if (leftOut.length < MOST_LISTED) leftOut.push({ identity, photo, reason: state });
      }
    }
    checkUsable(part, counts);
  }
  const excluded = new Set(part === 'placebo' ? [] : plan.overlapping[part]);
  const byName = Map.groupBy(
    usable.filter(({ identity }) => !excluded.has(identity)),
    ({ identity }) => identity,
  );
  const people = [...byName].map(([identity, photos]) => personOf(identity, photos));
  return { people, counts: { ...counts, overlapping: excluded.size } };
}

/** Somebody of this name with these photos. */
export function personOf(identity: string, photos: readonly EnrolledPhoto[]): Person {
  return {
    key: digest('person', identity, ...photos.map(({ content }) => content).sort()),
    identity,
    photos: differing(photos),
  };
}

/** Photos with the embeddings of all recognizers, which look for faces in the same way and so agree on their state. */
async function* enrolledPhotos(context: Context, { project, enrolment, recognizers }: Plan, part: Part) {
  const runs = recognizers.map((_, place) => enrolment.filter((run) => run.part === part && run.recognizer === place));
  for (const [i, { first, count }] of runs[0]!.entries()) {
    const enrolments: Enrolment[] = [];
    for (const [place, { info }] of recognizers.entries()) {
      const bytes = await context.objects.get(keys.enrolment(project, runs[place]![i]!.content));
      enrolments.push(decodeEnrolment(bytes, count, info.embedding));
    }
    for (let row = 0; row < count; row++) {
      yield {
        place: first + row,
        state: enrolments[0]!.states[row]!,
        embeddings: enrolments.map(({ embeddings }, place) => {
          const length = recognizers[place]!.info.embedding;
          return embeddings.subarray(row * length, (row + 1) * length);
        }),
      };
    }
  }
}

function bytesOf({ embeddings: [embedding] }: EnrolledPhoto): string {
  const { buffer, byteOffset, byteLength } = embedding!;
  return createHash('sha256')
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest('base64');
}

/** A photo that is there twice says no more than once. */
function differing(photos: readonly EnrolledPhoto[]): EnrolledPhoto[] {
  return [...new Map(photos.map((photo) => [bytesOf(photo), photo] as const).toReversed()).values()].toReversed();
}

/**
 * Leaves out people of whom both sides have the same embedding. Photos have been compared by their bytes before; this
 * finds those of galleries that were embedded beforehand, and of pictures saved anew without a change.
 */
export function apart(members: Gathered, controls: Gathered): readonly [Gathered, Gathered] {
  const embeddings = ({ people }: Gathered) => new Set(people.flatMap(({ photos }) => photos.map(bytesOf)));
  const [ofMembers, ofControls] = [embeddings(members), embeddings(controls)];
  return [
    without(members, ({ photos }) => photos.some((photo) => ofControls.has(bytesOf(photo)))),
    without(controls, ({ photos }) => photos.some((photo) => ofMembers.has(bytesOf(photo)))),
  ];
}

/**
 * Leaves out people who seem to stand on both sides under different photos, by any recognizer (see overlap.ts): a photo
 * that was saved anew, or another one of the same person.
 */
export function apartByFace(plan: Plan, members: Gathered, controls: Gathered) {
  const people = [...members.people, ...controls.people];
  const isMember = Uint8Array.from(people, (_, i) => (i < members.people.length ? 1 : 0));
  const both = new Set<number>();
  let judged = false;
  for (const [place, { info }] of plan.recognizers.entries()) {
    const centroids = centroidsOf(...stacked(people, place, info.embedding));
    const threshold = overlapThreshold(centroids, isMember, plan.settings.seed);
    if (threshold === null) continue;
    judged = true;
    const found = overlappingPeople(centroids, isMember, threshold);
    for (const one of [...found.members, ...found.controls]) both.add(one);
  }
  return {
    members: without(members, (_, place) => both.has(place)),
    controls: without(controls, (_, place) => both.has(members.people.length + place)),
    /** False where people are too few to say how alike strangers are. */
    judged,
  };
}

/** One recognizer's embeddings of all usable photos, person by person, as `centroidsOf` takes them. */
function stacked(people: readonly Person[], recognizer: number, length: number) {
  const faces = people.flatMap(({ photos }) => photos.map(({ embeddings }) => embeddings[recognizer]!));
  const faceStart = new Uint32Array(people.length + 1);
  for (const [i, { photos }] of people.entries()) faceStart[i + 1] = faceStart[i]! + photos.length;
  return [joinRows(faces, length), length, { faceStart }] as const;
}

/** The part without the people that stand on both sides. */
function without({ people, counts }: Gathered, standsOnBoth: (person: Person, place: number) => boolean): Gathered {
  const left = people.filter((person, place) => !standsOnBoth(person, place));
  return { people: left, counts: { ...counts, overlapping: counts.overlapping + people.length - left.length } };
}

function checkUsable(
  part: Part,
  { photos, undetected, unreadable }: { photos: number; undetected: number; unreadable: number },
): void {
  if (undetected + unreadable <= photos / 2) return;
  throw new RewoundError(
    'GALLERY_UNREADABLE',
    `Of ${photos} photos of ${part}, ${unreadable} cannot be read and ${undetected} show no face.`,
    { help: 'Check that the folder holds portrait photos; faces should fill at least a tenth of the width.' },
  );
}

/** f32 [rows, length] */
export function joinRows(rows: readonly Float32Array[], length: number): Float32Array {
  const out = new Float32Array(rows.length * length);
  for (const [i, row] of rows.entries()) out.set(row, i * length);
  return out;
}
