import { describe, expect, it } from 'vitest';
import { scores as scoresOf } from '../../../shared/audit/counts/staircase.ts';
import type { Summary } from '../../../shared/audit/counts/summary.ts';
import { nameMembers } from '../../../shared/audit/evidence/naming.ts';
import { binOf } from '../../../shared/audit/numbers/bins.ts';
import { RandomState } from '../../../shared/audit/numbers/random.ts';
import { peopleOf, SAMPLES, summaryOf } from '../measured.ts';

const THRESHOLD = 0.5;

/** 100 members and 300 controls; `copied` are found at 0.8, and `again` in the fresh samples. */
function name(
  copied: readonly number[],
  again: readonly number[] | null,
  change?: (scores: Float32Array) => void,
  count = 300,
) {
  const people = peopleOf(100, count);
  const summary = summaryOf(people, copied);
  const sides = sidesOf(summary, count);
  change?.(sides.scores);
  const fresh: Summary | null = again && summaryOf(people, again, { seed: 2 });
  return nameMembers(sides, THRESHOLD, summary, fresh, 1);
}

function sidesOf({ stairs }: Summary, count = 300) {
  const members = Array.from({ length: 100 }, (_, i) => i);
  const controls = Array.from({ length: count }, (_, i) => 100 + i);
  return { members, controls, controlKeys: controls.map(String), scores: scoresOf(stairs) };
}

const first = (count: number) => Array.from({ length: count }, (_, i) => i);

describe('naming members', () => {
  it('names those who stand out, in both tiers where there are many', () => {
    const { named, gumbel } = name(first(20), null);
    const sure = named.filter(({ score }) => score > 0.7);
    expect(sure.map(({ identity }) => identity).sort((a, b) => a - b)).toEqual(first(20));
    // The floor of a conformal p, 1/(H + 1), and q = p K / R.
    for (const { tier, pConformal, qConformal, pTail, hits, fresh } of sure) {
      expect(tier).toBe('both');
      expect(pConformal).toBe(1 / 301);
      expect(qConformal).toBeLessThanOrEqual(100 / 20 / 301);
      expect(pTail).toBeLessThan(1e-6);
      // One sample of each of the last 5 batches.
      expect(hits).toBe(5);
      expect(fresh).toBeNull();
    }
    expect(named.length).toBeLessThanOrEqual(24);
    expect(gumbel!.heavier).toBeGreaterThan(0.1);
  });

  it('names a single person by the tail alone: fewer controls than the first tier needs', () => {
    const { named } = name([7], null);
    expect(named).toMatchObject([{ identity: 7, tier: 'parametric', pConformal: 1 / 301, qConformal: 100 / 301 }]);
    expect(named[0]!.qTail).toBeLessThan(0.01);
  });

  it('names somebody whom several samples reach, though none of them is beyond chance', () => {
    const people = peopleOf(100, 300);
    const random = new RandomState(5);
    // Three samples reach everybody, at similarities that follow a Gumbel distribution; those of member 7 at 0.6.
    const third = people.map((_, i) => (i === 7 ? 0.6 : 0.3 - 0.02 * Math.log(-Math.log(random.double()))));
    const quiet = summaryOf(people, []);
    const hits = {
      identity: Uint32Array.from(people.keys()),
      bin: Uint16Array.from(third, binOf),
      count: new Uint32Array(people.length).fill(3),
    };
    const { named } = nameMembers(sidesOf(quiet), THRESHOLD, { ...quiet, hits }, null, 1);
    expect(named).toMatchObject([{ identity: 7, tier: 'parametric' }]);
    expect(named[0]!.qTail).toBeLessThan(0.002);
    // Were one person reached by two samples only, nobody's third best could be compared.
    const fewer = { ...hits, count: hits.count.with(399, 2) };
    expect(nameMembers(sidesOf(quiet), THRESHOLD, { ...quiet, hits: fewer }, null, 1).named).toEqual([]);
  });

  it('names nobody by a tail fitted to few controls', () => {
    const { named, gumbel } = name([7], null, () => undefined, 299);
    expect([named, gumbel!.heavier >= 0.1]).toEqual([[], true]);
  });

  it('names nobody where nobody stands out', () => {
    expect(name([], null).named).toEqual([]);
  });

  it('names nobody by a tail that is thinner than the controls’ own', () => {
    // Three controls are found as closely as the member: so it can happen by chance.
    const { named, gumbel } = name([7], null, (scores) => scores.fill(0.8, 100, 103));
    expect(gumbel!.heavier).toBeLessThan(0.1);
    expect(named).toEqual([]);
  });

  it('names by a tail that is thicker than the controls’ own: that only makes it careful', () => {
    const { named, gumbel } = name([7], null, (scores) => {
      for (let i = 100; i < 400; i++) scores[i] = 0.3 + 0.1 * (i / 300);
    });
    expect(gumbel!.p).toBeLessThan(0.01);
    expect(gumbel!.heavier).toBe(1);
    expect(named).toMatchObject([{ identity: 7, tier: 'parametric' }]);
  });

  it('has no tail where the controls do not differ', () => {
    const { named, gumbel } = name(first(20), null, (scores) => scores.fill(0.25, 100));
    expect(gumbel).toBeNull();
    expect(named.length).toBeGreaterThanOrEqual(20);
    for (const { pTail, qTail, tier } of named) expect([pTail, qTail, tier]).toEqual([null, null, 'conformal']);
  });

  it('confirms who is found again in fresh samples, above 99 of 100 controls', () => {
    const { named } = name(first(20), first(10));
    for (const { identity, fresh } of named.filter(({ identity }) => identity < 20)) {
      expect(fresh).toMatchObject({
        confirmed: identity < 10,
        samples: SAMPLES,
        hits: identity < 10 ? 5 : 0,
        rate: identity < 10 ? 5 / SAMPLES : 0,
      });
      expect(fresh!.high).toBeGreaterThan(0);
    }
  });

  it('lists the most similar first', () => {
    const { named } = name(first(20), null, (scores) => scores.set([0.9, 0.95], 3));
    expect(named.slice(0, 3).map(({ identity }) => identity)).toEqual([4, 3, 0]);
  });

  it('confirms with exactly 1% of the controls as high, and not with one more', () => {
    const confirmedWith = (controlsAsHigh: number) =>
      name(first(20), [0, ...Array.from({ length: controlsAsHigh }, (_, i) => 100 + i)]).named.find(
        ({ identity }) => identity === 0,
      )!.fresh!.confirmed;
    expect([confirmedWith(3), confirmedWith(4)]).toEqual([true, false]);
  });
});
