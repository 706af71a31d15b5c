import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GalleryProfile } from '../../../shared/audit/gallery/profile.ts';
import { decodeProfile, encodeProfile } from '../../../shared/audit/gallery/profile-codec.ts';
import { TopPairs } from '../../../shared/audit/gallery/top-pairs.ts';
import { seal } from '../../../shared/seal.ts';

const similarity = fc.float({ min: -1, max: 1, noNaN: true });
const floats = (length: number) =>
  fc.array(similarity, { minLength: length, maxLength: length }).map((values) => Float32Array.from(values));

const profiles: fc.Arbitrary<GalleryProfile> = fc
  .record({
    identities: fc.integer({ min: 2, max: 6 }),
    pairs: fc.nat(12),
    genuine: fc.nat(9),
    placeboFaces: fc.nat(2),
    shuffles: fc.nat(5),
    more: fc.nat(5),
  })
  .chain(({ identities, pairs, genuine, placeboFaces, shuffles, more }) => {
    const person = fc.nat(identities - 1);
    const two = fc.uniqueArray(person, { minLength: 2, maxLength: 2 });
    const people = fc.array(two, { minLength: pairs, maxLength: pairs });
    return fc.record({
      impostors: fc.record({ people, values: floats(pairs), extra: fc.nat(50) }).map(({ people, values, extra }) => ({
        pairs: pairs === 0 ? 0 : pairs + extra,
        identities,
        similarity: values.sort().reverse(),
        a: Uint32Array.from(people, ([x, y]) => Math.min(x!, y!)),
        b: Uint32Array.from(people, ([x, y]) => Math.max(x!, y!)),
      })),
      genuine: fc.record({
        identity: fc
          .array(person, { minLength: genuine, maxLength: genuine })
          .map((ids) => Uint32Array.from(ids).sort()),
        similarity: floats(genuine),
      }),
      blind: floats(identities).map((scores) => scores.map((score, i) => (i % 3 === 0 ? Number.NaN : 9 * score))),
      blindNull: floats(shuffles).map((aucs) => aucs.map(Math.abs)),
      spread: fc.record({
        typicality: floats(identities),
        crowding: floats(identities).map((values) => values.map((value, i) => (i % 2 === 0 ? Number.NaN : value))),
        agreement: floats(identities),
      }),
      nearestMember: floats(identities + more),
      placebo: floats(placeboFaces > 0 ? identities : 0),
      placeboFaces: fc.constant(placeboFaces),
    });
  });

describe('the codec of profiles', () => {
  it('reads what it wrote, and writes it again to the byte', () => {
    fc.assert(
      fc.property(profiles, (profile) => {
        const bytes = encodeProfile(profile);
        expect(decodeProfile(bytes)).toEqual(profile);
        expect(encodeProfile(decodeProfile(bytes))).toEqual(bytes);
      }),
    );
  });

  const [example] = fc.sample(
    profiles.filter(({ impostors, genuine }) => impostors.pairs > 8 && genuine.identity.length > 4),
    { numRuns: 1, seed: 4 },
  ) as [GalleryProfile];

  it('refuses damaged bytes', () => {
    const bytes = encodeProfile(example);
    const refused = expect.objectContaining({ code: 'RESULT_DAMAGED' });
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(7), (at, bit) => {
        const damaged = bytes.slice();
        damaged[at]! ^= 1 << bit;
        expect(() => decodeProfile(damaged)).toThrow(refused);
      }),
      { numRuns: 500 },
    );
  });

  it('never takes bytes that were sealed wrong for a profile that breaks the rules', () => {
    const bytes = encodeProfile(example);
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
          expect(encodeProfile(decodeProfile(damaged))).toEqual(damaged);
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^RESULT_(INCOMPLETE|DAMAGED)$/) });
        }
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    [
      'pairs in disorder',
      { impostors: { ...example.impostors, similarity: example.impostors.similarity.toReversed() } },
    ],
    ['a pair of one person', { impostors: { ...example.impostors, b: example.impostors.a } }],
    ['fewer than 1% of the pairs', { impostors: { ...example.impostors, pairs: 1e6 } }],
    [
      'a person who is not there',
      { genuine: { ...example.genuine, identity: example.genuine.identity.map(() => 99) } },
    ],
    ['a score that is not finite', { blind: example.blind.map(() => Number.POSITIVE_INFINITY) }],
    [
      'a mean similarity above 1',
      { spread: { ...example.spread, typicality: example.spread.typicality.map(() => 1.5) } },
    ],
    ['an area above 1', { blindNull: Float32Array.of(1.5) }],
    ['a similarity above 1', { nearestMember: example.nearestMember.map(() => 1.5) }],
    ['a similarity that is not a number', { nearestMember: example.nearestMember.map(() => Number.NaN) }],
    ['a placebo without faces', { placebo: example.blind.map(() => 0), placeboFaces: 0 }],
  ])('refuses %s', (_, change) => {
    const bytes = encodeProfile({ ...example, ...change });
    expect(() => decodeProfile(bytes)).toThrow(expect.objectContaining({ code: 'RESULT_INCOMPLETE' }));
  });

  it.each([0, 7, 100, -1])('refuses a file cut at %s', (at) => {
    const cut = encodeProfile(example).slice(0, at);
    expect(() => decodeProfile(cut)).toThrow(expect.objectContaining({ code: 'RESULT_DAMAGED' }));
  });
});

describe('the most similar pairs', () => {
  it('are those of a sort, the first seen of equals', () => {
    // Few values, so that there are many ties; more than 1 by a hair, and 0 of both signs.
    const value = fc.constantFrom(-1.0000001, -0.75, -0, 0, 0.25, 0.5, 0.5000001, 1, 1.0000001).map(Math.fround);
    fc.assert(
      fc.property(
        fc.array(fc.array(value, { minLength: 5, maxLength: 5 }), { maxLength: 30 }),
        fc.integer({ min: 1, max: 40 }),
        (rows, keep) => {
          const columns = Uint32Array.of(0, 1, 1, 2, 7);
          const top = new TopPairs(keep);
          const seen: { similarity: number; a: number; b: number }[] = [];
          for (const [row, values] of rows.entries()) {
            const padded = Float32Array.from([9, 9, ...values]);
            top.addRow(row % 3, padded, 2, columns, row % 2);
            for (let i = row % 2; i < 5; i++) {
              const [x, y] = [row % 3, columns[i]!];
              if (x === y) continue;
              const similarity = Math.max(-1, Math.min(1, values[i]!));
              seen.push({ similarity, a: Math.min(x, y), b: Math.max(x, y) });
            }
          }
          const expected = seen.toSorted((p, q) => q.similarity - p.similarity).slice(0, keep);
          const found = top.finish();
          expect([...found.similarity].map((s) => s + 0)).toEqual(expected.map((p) => p.similarity + 0));
          // Zeros of both signs are equal, and yet have an order of their own.
          const decided = expected.every((p) => p.similarity !== 0) ? expected : [];
          for (const [i, { a, b }] of decided.entries()) expect([found.a[i], found.b[i]]).toEqual([a, b]);
        },
      ),
    );
  });

  it('refuses to keep none, or more than it has keys for', () => {
    expect(() => new TopPairs(0)).toThrow(RangeError);
    expect(() => new TopPairs(2 ** 20 + 1)).toThrow(RangeError);
  });
});
