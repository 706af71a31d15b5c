import '../../../shared/audit/numbers/intervals.ts';
import { describe, expect, it } from 'vitest';
import { layOut } from '../../../shared/audit/counts/roster.ts';
import { centroidsOf } from '../../../shared/audit/gallery/centroids.ts';
import { agreementOf, NearestOthers, type Spread, typicalityOf } from '../../../shared/audit/gallery/spread.ts';
import { dot } from '../../../shared/audit/numbers/dot.ts';
import { RandomState } from '../../../shared/audit/numbers/random.ts';
import { spreadGate } from '../../../shared/audit/verdict/spread-gate.ts';

const LENGTH = 64;
const PHOTOS = 5;

/** What tells the people of a side from others: how far they lie along one axis, and what their photos share. */
interface Side {
  readonly people: number;
  readonly along: (random: RandomState) => number;
  /** Noise that all photos of a person have in common, as those of one session do. */
  readonly session?: number;
}

/** A gallery of two sides, measured as the engine does. */
function measure(seed: number, sides: readonly [members: Side, controls: Side]) {
  const random = new RandomState(seed);
  const gauss = () => Float64Array.from({ length: LENGTH }, () => random.gauss() / Math.sqrt(LENGTH));
  const people = sides.flatMap(({ people: count }, i) =>
    Array.from({ length: count }, () => ({
      role: i === 0 ? ('members' as const) : ('controls' as const),
      photos: { length: PHOTOS },
    })),
  );
  const layout = layOut(people);
  const embeddings = new Float32Array(people.length * PHOTOS * LENGTH);
  people.forEach(({ role }, person) => {
    const { along, session = 0 } = sides[role === 'members' ? 0 : 1];
    const self = gauss();
    self[0]! += along(random);
    const common = gauss();
    for (let photo = 0; photo < PHOTOS; photo++) {
      const own = gauss();
      const row = self.map((value, k) => value + Math.sqrt(session) * common[k]! + Math.sqrt(1 - session) * own[k]!);
      const norm = Math.hypot(...row);
      embeddings.set(
        row.map((value) => value / norm),
        (person * PHOTOS + photo) * LENGTH,
      );
    }
  });
  const centroids = centroidsOf(embeddings, LENGTH, layout);
  const nearest = new NearestOthers(people.length);
  for (let i = 0; i < people.length; i++) {
    for (let j = 0; j < people.length; j++) {
      if (i !== j) nearest.add(i, dot(centroids, i * LENGTH, centroids, j * LENGTH, LENGTH));
    }
  }
  const spread: Spread = {
    typicality: typicalityOf(centroids, LENGTH),
    crowding: nearest.means(),
    agreement: agreementOf(embeddings, LENGTH, layout),
  };
  return { spread, isMember: layout.isMember, centroids, embeddings };
}

const failures = (audits: number, sides: readonly [Side, Side]) =>
  Array.from({ length: audits }, (_, seed) => {
    const { spread, isMember } = measure(seed, sides);
    return spreadGate(spread, isMember).passed === false;
  }).filter(Boolean).length;

const plain = (people: number): Side => ({ people, along: (random) => 0.3 * random.gauss() });

describe('the gate of the spread', () => {
  it('passes sides of one collection, and says what it would have noticed', () => {
    // At most 1% by the bound of Bonferroni: of 120 audits about one, and 6 with probability 0.002.
    expect(failures(120, [plain(60), plain(60)])).toBeLessThan(6);
    const { spread, isMember } = measure(1, [plain(60), plain(60)]);
    const gate = spreadGate(spread, isMember);
    expect(gate).toMatchObject({ name: 'spread', passed: true });
    expect(gate.reason).toMatch(
      /No difference was noticed in .*\(p = .*, adjusted for six tests\).*more than 34 percentage points/,
    );
  });

  it('fails members who vary more in how typical they are, with equal means', () => {
    const varying: Side = { people: 250, along: (random) => 0.4 + 0.6 * random.gauss() };
    const steady: Side = { people: 250, along: (random) => 0.4 + 0.1 * random.gauss() };
    expect(failures(10, [varying, steady])).toBe(10);
  });

  it('fails members who are polarised along one axis', () => {
    const polarised: Side = { people: 250, along: (random) => (random.below(2) === 0 ? 0.8 : -0.8) };
    const between: Side = { people: 250, along: (random) => 0.1 * random.gauss() };
    expect(failures(10, [polarised, between])).toBe(10);
  });

  it('fails controls whose photos are of one session', () => {
    expect(failures(10, [plain(60), { ...plain(60), session: 0.8 }])).toBe(10);
    const { spread, isMember } = measure(1, [plain(60), { ...plain(60), session: 0.8 }]);
    expect(spreadGate(spread, isMember).reason).toContain('how alike the photos of one person are');
  });

  it('cannot be judged with few people, and takes the measures there are', () => {
    const { spread, isMember } = measure(1, [plain(9), plain(60)]);
    expect(spreadGate(spread, isMember).passed).toBeNull();
    const { spread: some, isMember: sides } = measure(1, [plain(60), plain(60)]);
    const gate = spreadGate({ ...some, agreement: some.agreement.map(() => Number.NaN) }, sides);
    expect(gate.passed).toBe(true);
    expect(gate.reason).not.toContain('photos of one person');
  });
});

describe('the spread of a gallery', () => {
  const { spread, centroids, embeddings } = measure(3, [plain(8), plain(7)]);
  const cosine = (rows: Float32Array, i: number, j: number) => dot(rows, i * LENGTH, rows, j * LENGTH, LENGTH);
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

  it('is what its formulas stand for', () => {
    for (let i = 0; i < 15; i++) {
      const others = Array.from({ length: 15 }, (_, j) => j)
        .filter((j) => j !== i)
        .map((j) => cosine(centroids, i, j));
      expect(spread.typicality[i]).toBeCloseTo(mean(others), 5);
      expect(spread.crowding[i]).toBeCloseTo(mean(others.sort((a, b) => b - a).slice(0, 5)), 5);
      const own = Array.from({ length: PHOTOS }, (_, a) => a).flatMap((a) =>
        Array.from({ length: PHOTOS }, (_, b) => b)
          .filter((b) => b !== a)
          .map((b) => cosine(embeddings, i * PHOTOS + a, i * PHOTOS + b)),
      );
      expect(spread.agreement[i]).toBeCloseTo(mean(own), 5);
    }
  });

  it('has no number where there is nothing to measure', () => {
    const layout = layOut([{ role: 'members', photos: { length: 1 } }]);
    expect(agreementOf(embeddings.subarray(0, LENGTH), LENGTH, layout)).toEqual(Float32Array.of(Number.NaN));
    expect(typicalityOf(centroids.subarray(0, LENGTH), LENGTH)).toEqual(Float32Array.of(Number.NaN));
    expect(new NearestOthers(1).means()).toEqual(Float32Array.of(Number.NaN));
  });
});
