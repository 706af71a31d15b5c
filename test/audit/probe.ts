import fc from 'fast-check';
import { type Enrolled, type Layout, layOut } from '../../shared/audit/counts/roster.ts';
import { batchRange, type Shard } from '../../shared/audit/counts/shards.ts';
import type { Frame, Tally } from '../../shared/audit/counts/tally.ts';
import { TallyBuilder } from '../../shared/audit/counts/tally-builder.ts';

/** A whole audit's similarities, dense: what the search graph would compute. */
export interface Probe {
  readonly frame: Frame;
  readonly roster: readonly Enrolled[];
  readonly layout: Layout;
  readonly k: number;
  /** [samples][faces] */
  readonly similarity: readonly (readonly number[])[];
  /** [samples] */
  readonly faceFound: readonly boolean[];
  /** [faces] similarity to the nearest other member, as the gallery's profile has it; null where it was not asked for. */
  readonly nearestMember: readonly number[] | null;
}

/** Small audits with many ties: similarities come from a few values only. */
export const probes: fc.Arbitrary<Probe> = fc
  .record({
    samples: fc.integer({ min: 1, max: 24 }),
    batch: fc.integer({ min: 1, max: 5 }),
    seed: fc.integer({ min: 0, max: 1_000 }),
    photos: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 5 }),
  })
  .chain(({ photos, ...grid }) => {
    const roster = photos.map((count, i) => enrolled(`p${i}`, i % 2 === 0 ? 'members' : 'controls', count));
    const layout = layOut(roster);
    const faces = layout.identityOf.length;
    const value = fc.constantFrom(-1, -0.5, -0.001, 0, 0.001, 0.25, 0.5, 0.75, 1);
    return fc.record({
      frame: fc.constant({ ...grid, identities: photos.length, faces }),
      roster: fc.constant(roster),
      layout: fc.constant(layout),
      k: fc.integer({ min: 1, max: faces }),
      similarity: fc.array(fc.array(value.map(Math.fround), { minLength: faces, maxLength: faces }), {
        minLength: grid.samples,
        maxLength: grid.samples,
      }),
      faceFound: fc.array(fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.boolean()), {
        minLength: grid.samples,
        maxLength: grid.samples,
      }),
      nearestMember: fc.option(fc.array(value.map(Math.fround), { minLength: faces, maxLength: faces })),
    });
  });

export function enrolled(key: string, role: Enrolled['role'], photos: number): Enrolled {
  return { key, role, photos: Array.from({ length: photos }, (_, i) => `${key}-${i}.jpg`) };
}

/** Probes one shard the way the search graph and the builder do. */
export function probeShard(probe: Probe, shard: Omit<Shard, 'index'>, generateMs = 0): Tally {
  const nearestMember = probe.nearestMember ? Float32Array.from(probe.nearestMember) : undefined;
  const builder = new TallyBuilder(probe.frame, shard, probe.layout, nearestMember);
  for (let batch = shard.firstBatch; batch < shard.firstBatch + shard.batches; batch++) {
    builder.addBatch(searchBatch(probe, batch));
  }
  builder.addTiming({ generate: generateMs, align: 0, embed: 0, search: 0 });
  return builder.finish();
}

/** The similarities as the graph sees them: a sample without a face has the embedding 0. */
export function seen({ similarity, faceFound }: Probe, sample: number, face: number): number {
  return faceFound[sample] ? similarity[sample]![face]! : 0;
}

function searchBatch(probe: Probe, batch: number) {
  const { frame, k } = probe;
  const { first, count: rows } = batchRange(frame, batch);
  const columnMax = new Float32Array(frame.faces).fill(Number.NEGATIVE_INFINITY);
  const columnArg = new BigInt64Array(frame.faces);
  const topValues = new Float32Array(rows * k);
  const topFaces = new Int32Array(rows * k);
  for (let row = 0; row < rows; row++) {
    const values = Array.from({ length: frame.faces }, (_, face) => seen(probe, first + row, face));
    for (const [face, value] of values.entries()) {
      if (value <= columnMax[face]!) continue;
      columnMax[face] = value;
      columnArg[face] = BigInt(row);
    }
    const nearest = [...values.keys()].sort((a, b) => values[b]! - values[a]! || a - b).slice(0, k);
    topFaces.set(nearest, row * k);
    topValues.set(
      nearest.map((face) => values[face]!),
      row * k,
    );
  }
  const faceFound = Uint8Array.from(probe.faceFound.slice(first, first + rows), Number);
  return { batch, firstSeed: frame.seed + first, rows, columnMax, columnArg, topValues, topFaces, faceFound };
}
