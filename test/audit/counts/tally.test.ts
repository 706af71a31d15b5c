import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layOut } from '../../../shared/audit/counts/roster.ts';
import { batchCount, batchRange, cutShards } from '../../../shared/audit/counts/shards.ts';
import { hitsFrom, summarise, totalTiming } from '../../../shared/audit/counts/summary.ts';
import { emptyTally, mergeTallies, type Tally } from '../../../shared/audit/counts/tally.ts';
import { TallyBuilder } from '../../../shared/audit/counts/tally-builder.ts';
import { decodeTally, encodeTally } from '../../../shared/audit/counts/tally-codec.ts';
import { BINS, binFloor, binOf, firstBinAbove, snapUp } from '../../../shared/audit/numbers/bins.ts';
import { seal } from '../../../shared/seal.ts';
import { enrolled, type Probe, probeShard, probes, seen } from '../probe.ts';

function shardsOf(probe: Probe, count: number): Tally[] {
  return cutShards(probe.frame, count).map((shard) => probeShard(probe, shard, shard.index + 1));
}

function mergeAll(probe: Probe, tallies: readonly Tally[]): Tally {
  return tallies.reduce(mergeTallies, emptyTally(probe.frame));
}

const shardCounts = fc.integer({ min: 1, max: 8 });

describe('merging tallies', () => {
  it('gives the same bytes in any order, with any repetition', () => {
    fc.assert(
      fc.property(probes, shardCounts, fc.infiniteStream(fc.nat()), (probe, count, chance) => {
        const tallies = shardsOf(probe, count);
        const next = () => Number(chance.next().value);
        const disorder = [...tallies, ...tallies.filter(() => next() % 2)]
          .map((tally) => ({ tally, at: next() }))
          .sort((a, b) => a.at - b.at)
          .map(({ tally }) => tally);
        expect(encodeTally(mergeAll(probe, disorder))).toEqual(encodeTally(mergeAll(probe, tallies)));
      }),
    );
  });

  it('gives the same bytes however partial results are grouped and overlap', () => {
    fc.assert(
      fc.property(probes, shardCounts, fc.infiniteStream(fc.nat()), (probe, count, chance) => {
        const whole = mergeAll(probe, shardsOf(probe, count));
        const pool: Tally[] = shardsOf(probe, count);
        const take = () => pool.splice(Number(chance.next().value) % pool.length, 1)[0]!;
        while (pool.length > 1) {
          const [a, b] = [take(), take()];
          // Now and then one of the merged comes again, later, beside what contains it.
          pool.push(mergeTallies(a, b), ...(Number(chance.next().value) % 4 === 0 && pool.length < 8 ? [a] : []));
        }
        expect(encodeTally(pool[0]!)).toEqual(encodeTally(whole));
      }),
    );
  });

  it('does not count authentic samples where one shard did not', () => {
    const [first, second] = shardsOf({ ...example, nearestMember: null }, 2);
    const measured = { ...example, nearestMember: Array.from(example.layout.identityOf, () => 0) };
    const [other] = shardsOf(measured, 2);
    expect(summarise(mergeTallies(first!, second!)).authentic).toBeNull();
    expect(summarise(mergeTallies(other!, second!)).authentic).toBeNull();
    expect(() => mergeTallies(first!, other!)).toThrow(expect.objectContaining({ code: 'RESULT_INCOMPLETE' }));
  });

  it('is idempotent and leaves alone what it merges', () => {
    fc.assert(
      fc.property(probes, shardCounts, (probe, count) => {
        const whole = mergeAll(probe, shardsOf(probe, count));
        const before = encodeTally(whole);
        expect(encodeTally(mergeTallies(whole, whole))).toEqual(before);
        expect(encodeTally(mergeTallies(emptyTally(probe.frame), whole))).toEqual(before);
        expect(encodeTally(whole)).toEqual(before);
      }),
    );
  });

  it('gives the same summary for 1 shard and for many', () => {
    fc.assert(
      fc.property(probes, fc.integer({ min: 1, max: 64 }), (probe, count) => {
        expect(summarise(mergeAll(probe, shardsOf(probe, count)))).toEqual(
          summarise(mergeAll(probe, shardsOf(probe, 1))),
        );
      }),
    );
  });

  it('takes two runs of one shard for the same, whatever time they took, and keeps the longer time', () => {
    fc.assert(
      fc.property(probes, (probe) => {
        const all = { firstBatch: 0, batches: batchCount(probe.frame) };
        const [fast, slow] = [probeShard(probe, all, 5), probeShard(probe, all, 9)];
        expect(encodeTally(mergeTallies(fast, slow))).toEqual(encodeTally(slow));
        expect(encodeTally(mergeTallies(slow, fast))).toEqual(encodeTally(slow));
        expect(totalTiming(mergeTallies(fast, slow)).generate).toBe(9);
        expect(summarise(fast)).toEqual(summarise(slow));
      }),
    );
  });
});

const [example] = fc.sample(
  probes.filter(({ frame, faceFound }) => batchCount(frame) >= 4 && faceFound.every(Boolean)),
  { numRuns: 1, seed: 20_240_601 },
) as [Probe];

describe('contradictions', () => {
  const contradiction = expect.objectContaining({ code: 'RESULT_INCOMPLETE' });

  it('are found between two contents of one shard', () => {
    const other = { ...example, similarity: example.similarity.map((row) => row.map((s) => s * 0.5)) };
    const shard = { firstBatch: 0, batches: 2 };
    expect(() => mergeTallies(probeShard(example, shard), probeShard(other, shard))).toThrow(contradiction);
  });

  it('are found between shards that were cut differently', () => {
    const cut = (firstBatch: number, batches: number) => probeShard(example, { firstBatch, batches });
    expect(() => mergeTallies(cut(0, 2), cut(1, 2))).toThrow(contradiction);
    expect(() => mergeTallies(cut(0, 2), cut(0, 1))).toThrow(contradiction);
  });

  it('are found between audits', () => {
    const other = { ...example, frame: { ...example.frame, seed: example.frame.seed + 1 } };
    const shard = { firstBatch: 0, batches: 1 };
    expect(() => mergeTallies(probeShard(example, shard), probeShard(other, shard))).toThrow(contradiction);
  });

  it('a summary is not made of a part', () => {
    expect(() => summarise(probeShard(example, { firstBatch: 0, batches: 1 }))).toThrow(contradiction);
  });
});

describe('a tally', () => {
  it('has the running maxima of a dense search, batch by batch', () => {
    fc.assert(
      fc.property(probes, shardCounts, (probe, count) => {
        const { stairs } = mergeAll(probe, shardsOf(probe, count));
        for (let identity = 0; identity < probe.frame.identities; identity++) {
          const rows = [];
          for (let row = stairs.offset[identity]!; row < stairs.offset[identity + 1]!; row++) {
            rows.push([stairs.batch[row], stairs.seed[row], stairs.face[row], stairs.similarity[row]]);
          }
          expect(rows).toEqual(denseStaircase(probe, identity));
        }
      }),
    );
  });

  it('counts what a dense search counts', () => {
    fc.assert(
      fc.property(probes, shardCounts, (probe, count) => {
        const summary = summarise(mergeAll(probe, shardsOf(probe, count)));
        const { best, hits, undetected, authentic } = denseCounts(probe);
        expect(summary.undetected).toBe(undetected);
        expect(summary.authentic).toBe(authentic);
        expect([...summary.bestMember]).toEqual(best.members);
        expect([...summary.bestControl]).toEqual(best.controls);
        for (const threshold of [-0.5, 0, 0.25]) {
          const expected = hits.map((list) => list.filter((s) => s > threshold).length);
          expect([...hitsFrom(summary, firstBinAbove(threshold))]).toEqual(expected);
        }
      }),
    );
  });
});

describe('the codec', () => {
  it('reads what it wrote, and writes it again to the byte', () => {
    fc.assert(
      fc.property(probes, shardCounts, (probe, count) => {
        const tally = mergeAll(probe, shardsOf(probe, count));
        const bytes = encodeTally(tally);
        expect(decodeTally(bytes)).toEqual(tally);
        expect(encodeTally(decodeTally(bytes))).toEqual(bytes);
      }),
    );
  });

  it('keeps nothing of the file in the counts of a shard, which outlive its stairs in a merged tally', () => {
    const [shard] = decodeTally(encodeTally(probeShard(example, { firstBatch: 0, batches: 1 }))).shards;
    for (const kept of [shard!.digest, ...Object.values(shard!.best), ...Object.values(shard!.hits)]) {
      expect(kept.buffer.byteLength).toBe(kept.byteLength);
    }
  });

  it('refuses damaged bytes', () => {
    const bytes = encodeTally(mergeAll(example, shardsOf(example, 2)));
    const refused = expect.objectContaining({ code: 'RESULT_DAMAGED' });
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(7), (at, bit) => {
        const damaged = bytes.slice();
        damaged[at]! ^= 1 << bit;
        expect(() => decodeTally(damaged)).toThrow(refused);
      }),
      { numRuns: 500 },
    );
  });

  it('never takes bytes that were sealed wrong for a tally that breaks the rules', () => {
    const bytes = encodeTally(mergeAll(example, shardsOf(example, 2)));
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const damaged = bytes.slice();
        damaged[at]! ^= flip;
        try {
          seal(damaged);
        } catch {
          // No place for a seal is left: that is refused, too.
        }
        try {
          // A flipped bit may make another valid tally; that one must be canonical, too.
          expect(encodeTally(decodeTally(damaged))).toEqual(damaged);
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^RESULT_(INCOMPLETE|DAMAGED)$/) });
        }
      }),
      { numRuns: 500 },
    );
  });

  it.each([0, 7, 100, -1])('refuses a file cut at %s', (at) => {
    const bytes = encodeTally(probeShard(example, { firstBatch: 0, batches: 1 }));
    expect(() => decodeTally(bytes.slice(0, at))).toThrow(expect.objectContaining({ code: 'RESULT_DAMAGED' }));
  });
});

describe('the builder', () => {
  const layout = layOut([enrolled('a', 'members', 2), enrolled('b', 'controls', 1)]);
  const frame = { samples: 4, batch: 2, seed: 10, identities: 2, faces: 3 };
  const batch = {
    batch: 0,
    firstSeed: 10,
    rows: 2,
    columnMax: Float32Array.of(0.5, 0.5, 1.0000001),
    columnArg: Int32Array.of(1, 0, 1),
    topValues: Float32Array.of(0.5, 0.4, 1.0000001, 0.5),
    topFaces: Int32Array.of(1, 0, 2, 0),
  };

  it('prefers the earliest sample, then the lowest face, and keeps similarities within 1', () => {
    const builder = new TallyBuilder(frame, { firstBatch: 0, batches: 1 }, layout);
    builder.addBatch(batch);
    const { stairs, shards } = builder.finish();
    expect(stairs.seed).toEqual(Uint32Array.of(10, 11));
    expect(stairs.face).toEqual(Uint32Array.of(1, 2));
    expect(stairs.similarity).toEqual(Float32Array.of(0.5, 1));
    // Sample 10 has identity a twice among its nearest and is one hit; both samples hit a in the bin of 0.5.
    expect(shards[0]!.hits).toEqual({
      identity: Uint32Array.of(0, 1),
      bin: Uint16Array.of(binOf(0.5), 2047),
      count: Uint32Array.of(2, 1),
    });
  });

  it('takes a sample for a copy only where it is nearer to a member than that member to all others', () => {
    const counted = (nearest: number) => {
      const builder = new TallyBuilder(frame, { firstBatch: 0, batches: 1 }, layout, Float32Array.of(0, nearest, 0));
      builder.addBatch(batch);
      return builder.finish().shards[0]!.authentic;
    };
    // Both samples have the member's face 0 or 1 among their nearest: 1 the first, 0 the second.
    expect(counted(0.5)).toBe(1);
    expect(counted(0.4)).toBe(0);
    expect(() => new TallyBuilder(frame, { firstBatch: 0, batches: 1 }, layout, new Float32Array(2))).toThrow(
      RangeError,
    );
  });

  it.each([
    ['a batch out of order', { batch: 1, firstSeed: 12 }],
    ['a batch of another seed', { firstSeed: 11 }],
    ['a maximum too few', { columnMax: Float32Array.of(0.5, 0.5) }],
    ['nearest faces too few', { topFaces: Int32Array.of(1, 0, 2) }],
    ['a face that is not in the gallery', { topFaces: Int32Array.of(1, 0, 3, 0) }],
    ['a maximum that is not a number', { columnMax: Float32Array.of(0.5, Number.NaN, 0.5) }],
    ['a similarity that is not a number', { topValues: Float32Array.of(0.5, 0.4, Number.NaN, 0.5) }],
  ])('refuses %s', (_, change) => {
    const builder = new TallyBuilder(frame, { firstBatch: 0, batches: 1 }, layout);
    expect(() => builder.addBatch({ ...batch, ...change })).toThrow(RangeError);
  });

  it('refuses to finish half a shard, or to go on beyond it', () => {
    const builder = new TallyBuilder(frame, { firstBatch: 0, batches: 1 }, layout);
    expect(() => builder.finish()).toThrow(RangeError);
    builder.addBatch(batch);
    expect(() => builder.addBatch({ ...batch, batch: 1, firstSeed: 12 })).toThrow(RangeError);
  });
});

describe('bins', () => {
  it('hold what is above their floor, up to and including the next', () => {
    fc.assert(
      fc.property(fc.float({ min: -1, max: 1, noNaN: true, noDefaultInfinity: true }), (similarity) => {
        const bin = binOf(similarity);
        expect(similarity === -1 || similarity > binFloor(bin)).toBe(true);
        expect(similarity).toBeLessThanOrEqual(binFloor(bin + 1));
      }),
    );
  });

  it('decide "above the threshold" exactly, for thresholds on the grid', () => {
    fc.assert(
      fc.property(
        fc.float({ min: -1, max: 1, noNaN: true, noDefaultInfinity: true }),
        fc.float({ min: Math.fround(-0.99), max: 1, noNaN: true, noDefaultInfinity: true }),
        (similarity, raw) => {
          const threshold = snapUp(raw);
          expect(threshold).toBeGreaterThanOrEqual(raw);
          expect(threshold - raw).toBeLessThanOrEqual(1 / 1024); // equal only by rounding
          expect(binOf(similarity) >= firstBinAbove(threshold)).toBe(similarity > threshold);
        },
      ),
    );
    expect(() => firstBinAbove(0.0001)).toThrow(RangeError);
  });
});

/** Straight from the definition, over the dense matrix. */
function denseStaircase(probe: Probe, identity: number): number[][] {
  const { faceStart } = probe.layout;
  const rows: number[][] = [];
  let best = Number.NEGATIVE_INFINITY;
  for (let batch = 0; batch < batchCount(probe.frame); batch++) {
    const { first, count } = batchRange(probe.frame, batch);
    // Per face the batch's first maximum, as the graph reports it; one on a sample without a face names nobody.
    const candidates = [];
    for (let face = faceStart[identity]!; face < faceStart[identity + 1]!; face++) {
      const column = Array.from({ length: count }, (_, row) => seen(probe, first + row, face));
      const value = Math.max(...column);
      const sample = first + column.indexOf(value);
      if (probe.faceFound[sample]) candidates.push({ value, sample, face });
    }
    candidates.sort((a, b) => b.value - a.value || a.sample - b.sample || a.face - b.face);
    const [candidate] = candidates;
    if (!candidate || candidate.value <= best) continue;
    best = candidate.value;
    rows.push([batch, probe.frame.seed + candidate.sample, candidate.face, best]);
  }
  return rows;
}

function denseCounts(probe: Probe) {
  const best = { members: new Array<number>(BINS).fill(0), controls: new Array<number>(BINS).fill(0) };
  const hits: number[][] = probe.roster.map(() => []);
  let undetected = 0;
  let authentic = probe.nearestMember && 0;
  for (let sample = 0; sample < probe.frame.samples; sample++) {
    if (!probe.faceFound[sample]) {
      undetected++;
      continue;
    }
    const values = probe.similarity[sample]!;
    const nearest = [...values.keys()].sort((a, b) => values[b]! - values[a]! || a - b).slice(0, probe.k);
    const member = nearest.find((face) => probe.layout.isMember[probe.layout.identityOf[face]!] === 1);
    const copies = member !== undefined && values[member]! > (probe.nearestMember?.[member] ?? 0);
    if (authentic !== null && !copies) authentic++;
    for (const role of ['members', 'controls'] as const) {
      const side = nearest.filter((face) => probe.roster[probe.layout.identityOf[face]!]!.role === role);
      if (side.length > 0) best[role][binOf(Math.max(...side.map((face) => values[face]!)))]! += 1;
    }
    for (const identity of new Set(nearest.map((face) => probe.layout.identityOf[face]!))) {
      const own = nearest.filter((face) => probe.layout.identityOf[face] === identity);
      hits[identity]!.push(Math.max(...own.map((face) => values[face]!)));
    }
  }
  return { best, hits, undetected, authentic };
}
