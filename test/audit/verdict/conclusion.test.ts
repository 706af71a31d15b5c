import { describe, expect, it } from 'vitest';
import type { Fresh, Named } from '../../../shared/audit/evidence/naming.ts';
import { type Analysis, analyse } from '../../../shared/audit/verdict/analysis.ts';
import { conclude } from '../../../shared/audit/verdict/conclusion.ts';
import type { Gate } from '../../../shared/audit/verdict/gate.ts';
import { measuredOf, peopleOf } from '../measured.ts';

const people = peopleOf(100, 100);
const of = { controlsGiven: true, samples: 200 };
const analysis = (leaked: number) =>
  analyse(measuredOf(people, leaked), people, { seed: 1, controlsGiven: true, permutations: 999, bootstraps: 50 });
const clean = analysis(0);
const leaking = analysis(30);

/** A recognizer that says the same, but for its p value, ... */
function withP(one: Analysis, p: number): Analysis {
  return { ...one, comparison: { ...one.comparison!, permutation: { p, draws: 9999 } } };
}

/** ... one of its gates, ... */
function failing(one: Analysis, name: Gate['name']): Analysis {
  const fail = (gate: Gate): Gate => (gate.name === name ? { ...gate, passed: false, reason: `${name} failed` } : gate);
  return { ...one, common: one.common.map(fail), gates: one.gates.map(fail) };
}

/** ... and whom it names. */
function naming(one: Analysis, ...named: readonly Named[]): Analysis {
  return { ...one, naming: { ...one.naming!, named } };
}

const fresh = (confirmed: boolean): Fresh => ({
  confirmed,
  hits: 3,
  samples: 200,
  rate: 0.015,
  low: 0.003,
  high: 0.05,
  score: 0.7,
});
const named = (change: Partial<Named> = {}): Named => ({
  identity: 3,
  score: 0.8,
  hits: 4,
  pConformal: 0.001,
  pTail: 1e-9,
  qConformal: 0.001,
  qTail: 1e-7,
  tier: 'both',
  fresh: null,
  ...change,
});
const lone = (change: Partial<Named> = {}) => named({ qConformal: 0.9, tier: 'parametric', ...change });

describe('conclude', () => {
  it('is LEAKAGE where the sides differ, with reasons that give the numbers', () => {
    const { verdict, reasons, pHolm } = conclude([leaking], of);
    expect([verdict, pHolm]).toEqual(['LEAKAGE', [0.001]]);
    expect(reasons.join(' ')).toMatch(/of 100 \(.*%\) members are revealed/);
    expect(reasons.join(' ')).toMatch(/in 0 of 999 draws/);
  });

  it('is NOT_DETECTED otherwise, which is never called safe', () => {
    const { verdict, reasons, people } = conclude([clean], of);
    expect([verdict, people]).toEqual(['NOT_DETECTED', []]);
    expect(reasons.join(' ')).toContain('does not prove that nobody leaks');
  });

  it('speaks of resemblance only where no controls were given', () => {
    const members = peopleOf(50, 0);
    const alone = analyse(measuredOf(members, 5), members, { seed: 1, controlsGiven: false });
    expect(conclude([alone], { controlsGiven: false, samples: 200 })).toMatchObject({
      verdict: 'RESEMBLANCE_ONLY',
      people: [],
      pHolm: [null],
    });
  });

  it('refuses to judge without a recognizer', () => {
    expect(() => conclude([], of)).toThrow(RangeError);
  });
});

describe('one person', () => {
  const verdictOf = (one: Named) => conclude([naming(clean, one)], of).verdict;

  it('decides when confirmed on fresh samples, and only then', () => {
    expect(verdictOf(named())).toBe('NOT_DETECTED');
    expect(verdictOf(named({ fresh: fresh(false) }))).toBe('NOT_DETECTED');
    expect(verdictOf(named({ fresh: fresh(true) }))).toBe('LEAKAGE');
  });

  it('decides in either tier, and only where that is surer than it must be to name', () => {
    expect(verdictOf(lone({ qTail: 0.002, fresh: fresh(true) }))).toBe('LEAKAGE');
    expect(verdictOf(lone({ qTail: 0.003, fresh: fresh(true) }))).toBe('NOT_DETECTED');
    const counted = { qTail: null, tier: 'conformal', fresh: fresh(true) } as const;
    expect(verdictOf(named({ ...counted, qConformal: 0.002 }))).toBe('LEAKAGE');
    // Of whoever is named at 10% where nobody leaks, fresh samples confirm whoever is easily resembled.
    expect(verdictOf(named({ ...counted, qConformal: 0.003 }))).toBe('NOT_DETECTED');
  });

  it('is listed also where that does not decide', () => {
    const { people, reasons } = conclude([naming(clean, lone({ qTail: 0.05 }))], of);
    expect(people).toMatchObject([{ identity: 3, recognizer: 0, agree: 1, tier: 'parametric' }]);
    expect(reasons.join(' ')).toContain('1 member is named one by one');
  });
});

describe('a failed gate', () => {
  it.each(['size', 'faces', 'scores', 'blind', 'spread', 'matcher', 'placebo', 'sides'] as const)(
    '"%s" makes it INVALID',
    (name) => {
      const bad = failing(naming(leaking, named({ fresh: fresh(true) })), name);
      const { verdict, people, reasons } = conclude([bad], of);
      // Names would mean nothing.
      expect([verdict, people]).toEqual(['INVALID', []]);
      expect(reasons[0]).toBe(`${name} failed`);
      expect(reasons).toHaveLength(2);
    },
  );

  it('makes it INVALID, too, where there are no numbers at all', () => {
    const none = { ...failing(clean, 'scores'), gates: [], comparison: null, naming: null };
    expect(conclude([none], of)).toMatchObject({ verdict: 'INVALID', pHolm: [null], people: [] });
  });
});

describe('several recognizers', () => {
  it('are each surer than one would have to be: p values are adjusted by Holm', () => {
    expect(conclude([withP(leaking, 0.004), withP(clean, 0.6)], of)).toMatchObject({
      verdict: 'LEAKAGE',
      pHolm: [0.008, 0.6],
    });
    expect(conclude([withP(leaking, 0.006), withP(clean, 0.6)], of)).toMatchObject({
      verdict: 'NOT_DETECTED',
      pHolm: [0.012, 0.6],
    });
    expect(conclude([withP(clean, 0.6), withP(leaking, 0.001)], of).reasons.join(' ')).toContain(
      'as the best of 2 recognizers',
    );
  });

  it('share the levels at which one person decides', () => {
    const verdictOf = (one: Named) => conclude([naming(clean, one), naming(clean)], of).verdict;
    const both = { fresh: fresh(true), qTail: null, tier: 'conformal' } as const;
    expect(verdictOf(named({ ...both, qConformal: 0.001 }))).toBe('LEAKAGE');
    expect(verdictOf(named({ ...both, qConformal: 0.0011 }))).toBe('NOT_DETECTED');
    expect(verdictOf(lone({ qTail: 0.001, fresh: fresh(true) }))).toBe('LEAKAGE');
    expect(verdictOf(lone({ qTail: 0.0011, fresh: fresh(true) }))).toBe('NOT_DETECTED');
  });

  it('name a person once, in the first one’s numbers', () => {
    const second = naming(clean, named({ score: 0.7 }), named({ identity: 9 }));
    const { people } = conclude([naming(clean, named()), second], of);
    expect(people).toMatchObject([
      { identity: 3, score: 0.8, recognizer: 0, agree: 2 },
      { identity: 9, recognizer: 1, agree: 1 },
    ]);
  });

  it('do without one that cannot tell people apart', () => {
    const blunt = failing(naming(leaking, named()), 'matcher');
    const { verdict, pHolm, people, gates } = conclude([blunt, withP(clean, 0.4)], of);
    expect([verdict, pHolm, people]).toEqual(['NOT_DETECTED', [null, 0.4], []]);
    expect(gates.filter(({ passed }) => passed === false)).toMatchObject([{ name: 'matcher', recognizer: 0 }]);
    // Also one whose other gates fail: it is not asked.
    expect(conclude([failing(blunt, 'blind'), withP(leaking, 0.001)], of)).toMatchObject({
      verdict: 'LEAKAGE',
      pHolm: [null, 0.001],
    });
  });

  it('are INVALID where none can tell people apart, or one that can sees that the sides differ', () => {
    const blunt = failing(leaking, 'matcher');
    expect(conclude([blunt, blunt], of).verdict).toBe('INVALID');
    expect(conclude([clean, failing(leaking, 'blind')], of).verdict).toBe('INVALID');
    expect(conclude([failing(clean, 'faces'), leaking], of).verdict).toBe('INVALID');
  });

  it('own their gates; those of people and samples are everybody’s', () => {
    const { gates } = conclude([clean, leaking], of);
    expect(gates.map(({ name, recognizer }) => [name, recognizer])).toEqual([
      ...['size', 'faces', 'scores'].map((name) => [name, null]),
      ...[0, 1].flatMap((place) => ['blind', 'spread', 'matcher', 'placebo', 'sides'].map((name) => [name, place])),
    ]);
  });
});
