import { layOut } from '../../shared/audit/counts/roster.ts';
import { batchCount, batchRange } from '../../shared/audit/counts/shards.ts';
import { type Summary, summarise } from '../../shared/audit/counts/summary.ts';
import { TallyBuilder } from '../../shared/audit/counts/tally-builder.ts';
import type { GalleryProfile } from '../../shared/audit/gallery/profile.ts';
import { RandomState } from '../../shared/audit/numbers/random.ts';
import type { Measured, Person } from '../../shared/audit/verdict/analysis.ts';
import { enrolled } from './probe.ts';

/** Samples of every audit made here, in batches of 10. */
export const SAMPLES = 200;
const LEAKS_FROM = 150;

/** Members and then controls, with two photos each. */
export function peopleOf(members: number, controls: number): readonly Person[] {
  return [
    ...Array.from({ length: members }, (_, i) => ({ ...enrolled(`m${i}`, 'members', 2), available: 2 + (i % 3) })),
    ...Array.from({ length: controls }, (_, i) => ({ ...enrolled(`c${i}`, 'controls', 2), available: 2 })),
  ];
}

/** Strangers score around 0.2. The people `copied` score 0.8 from sample 150 on, in one sample of every batch. */
export function summaryOf(
  people: readonly Person[],
  copied: readonly number[],
  { seed = 1, found = true }: { seed?: number; found?: boolean } = {},
): Summary {
  const layout = layOut(people);
  const faces = layout.identityOf.length;
  const frame = { samples: SAMPLES, batch: 10, seed: 100, identities: people.length, faces };
  const random = new RandomState(seed);
  const batches = batchCount(frame);
  const builder = new TallyBuilder(frame, { firstBatch: 0, batches }, layout, new Float32Array(faces).fill(0.3));
  const k = Math.max(1, copied.length);
  for (let batch = 0; batch < batches; batch++) {
    const { first, count } = batchRange(frame, batch);
    const columnMax = Float32Array.from({ length: faces }, () => 0.2 + 0.05 * random.gauss());
    const columnArg = Int32Array.from({ length: faces }, () => random.below(count));
    const topValues = new Float32Array(count * k).fill(0.2);
    const topFaces = new Int32Array(count * k);
    if (first >= LEAKS_FROM) {
      for (const [i, identity] of copied.entries()) {
        const face = layout.faceStart[identity]!;
        columnMax[face] = 0.8;
        topValues[columnArg[face]! * k + i] = 0.8;
        topFaces[columnArg[face]! * k + i] = face;
      }
    }
    builder.addBatch({
      batch,
      firstSeed: frame.seed + first,
      rows: count,
      columnMax,
      columnArg,
      topValues,
      topFaces,
      faceFound: new Uint8Array(count).fill(found ? 1 : 0),
    });
  }
  return summarise(builder.finish());
}

/** A gallery in which photos of one person have similarity `genuine` and the sides do not differ. */
export function profileOf(people: readonly Person[], genuine = 0.7): GalleryProfile {
  const random = new RandomState(people.length);
  const { identityOf } = layOut(people);
  return {
    impostors: {
      pairs: 0,
      identities: people.length,
      similarity: new Float32Array(0),
      a: new Uint32Array(0),
      b: new Uint32Array(0),
    },
    genuine: { identity: identityOf, similarity: new Float32Array(identityOf.length).fill(genuine) },
    blind: Float32Array.from(people, (_, i) => (i % 10) - 4.5),
    blindNull: Float32Array.from({ length: 199 }, () => 0.5 + 0.04 * random.gauss()),
    spread: {
      typicality: Float32Array.from(people, () => 0.1 * random.gauss()),
      crowding: Float32Array.from(people, () => 0.3 + 0.05 * random.gauss()),
      agreement: Float32Array.from(people, () => genuine + 0.02 * random.gauss()),
    },
    nearestMember: new Float32Array(identityOf.length).fill(0.3),
    placebo: new Float32Array(0),
    placeboFaces: 0,
  };
}

/** What one recognizer measured of a generator that copies the first `leaked` people; no fresh samples yet. */
export function measuredOf(people: readonly Person[], leaked: number, seed = 1): Measured {
  const copied = Array.from({ length: leaked }, (_, i) => i);
  return { summary: summaryOf(people, copied, { seed }), profile: profileOf(people), fresh: null };
}
