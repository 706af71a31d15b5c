import { describe, expect, it } from 'vitest';
import type { GalleryProfile } from '../../../shared/audit/gallery/profile.ts';
import { type AnalysisSettings, analyse, type Person } from '../../../shared/audit/verdict/analysis.ts';
import type { Gate } from '../../../shared/audit/verdict/gate.ts';
import { measuredOf, peopleOf, profileOf, SAMPLES, summaryOf } from '../measured.ts';

const settings: AnalysisSettings = { seed: 1, controlsGiven: true, permutations: 999, bootstraps: 200 };

const people = peopleOf(100, 100);
const leaking = measuredOf(people, 30);
const passed = (gates: readonly Gate[]) => Object.fromEntries(gates.map((gate) => [gate.name, gate.passed]));

describe('analyse', () => {
  const analysis = analyse(leaking, people, settings);

  it('compares members with the half of the controls that did not set the threshold', () => {
    const { setters, compared, rates, delta, permutation, leaked } = analysis.comparison!;
    expect([...setters, ...compared].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => 100 + i));
    expect(rates.members.identities).toBe(100);
    expect(rates.members.hits).toBeGreaterThanOrEqual(30);
    expect(rates.controls.identities).toBe(50);
    expect(delta.low).toBeGreaterThan(0.1);
    expect(permutation).toEqual({ p: 0.001, draws: 999 });
    expect(leaked!.people.low).toBeGreaterThan(10);
    expect(analysis.genuine!.estimate).toBe(1);
    expect(analysis.detectable!.of).toBe(100);
  });

  it('judges every gate', () => {
    expect(passed(analysis.common)).toEqual({ size: true, faces: true, scores: true });
    expect(passed(analysis.gates)).toEqual({ blind: true, spread: true, matcher: true, placebo: null, sides: true });
  });

  it('shows when people were revealed', () => {
    const { revealCurve, comparison } = analysis;
    const { members, controls } = comparison!.rates;
    expect(revealCurve.at(-1)).toEqual({ samples: SAMPLES, members: members.rate, controls: controls.rate });
    const at = (samples: number) => revealCurve.findLast((point) => point.samples <= samples)!.members;
    expect(at(150)).toBeLessThan(0.1);
    expect(at(200)).toBeGreaterThanOrEqual(0.3);
  });

  it('repeats to the bit, and with the people in any order', () => {
    expect(analyse(leaking, people, settings)).toEqual(analysis);
    const turned = people.toReversed();
    const copied = Array.from({ length: 30 }, (_, i) => 199 - i);
    // Everybody keeps their scores: the summary is made in the people's own order and turned.
    const scoresOf = (order: readonly Person[], leaked: readonly number[]) =>
      analyse({ summary: summaryOf(order, leaked), profile: profileOf(order), fresh: null }, order, settings);
    const again = scoresOf(turned, copied).comparison!;
    const names = (order: readonly Person[], places: readonly number[]) => places.map((i) => order[i]!.key).sort();
    expect(names(turned, again.setters)).toEqual(names(people, analysis.comparison!.setters));
  });

  it('compares nobody without controls, and says what it still can', () => {
    const members = peopleOf(50, 0);
    const alone = analyse(measuredOf(members, 5), members, { ...settings, controlsGiven: false });
    expect(alone).toMatchObject({ comparison: null, naming: null, genuine: null, detectable: null, gates: [] });
    expect(alone.histogram.members.reduce((a, b) => a + b)).toBe(50);
    expect(alone.revealCurve).toEqual([]);
    expect(alone.secondary.authenticity!.estimate).toBeLessThan(1);
    expect(passed(alone.common)).toEqual({ size: true, faces: true, scores: true });
  });

  it.each([
    [100, 19],
    [100, 0],
    [1, 100],
  ])('gives no number of %i members and %i controls', (members, controls) => {
    const few = peopleOf(members, controls);
    const analysis = analyse(measuredOf(few, 1), few, settings);
    expect(analysis).toMatchObject({ comparison: null, naming: null, gates: [] });
    expect(analysis.common[0]).toMatchObject({
      passed: false,
      reason: `${members} members and ${controls} controls could be compared.`,
    });
  });

  it('fails a gate where few samples have a face, and still gives numbers, which are shown but not believed', () => {
    const most = analyse(leaking, people, { ...settings, faces: { searched: 100, undetected: 51 } });
    expect(passed(most.common)).toMatchObject({ faces: false, size: true });
    expect(most.comparison).not.toBeNull();
  });

  it('gives no number where no sample had a face: everybody scores the same', () => {
    const summary = summaryOf(people, [], { found: false });
    const analysis = analyse({ ...leaking, summary }, people, settings);
    expect(passed(analysis.common)).toEqual({ size: true, faces: false, scores: false });
    expect(analysis.comparison).toBeNull();
    expect(analysis.secondary.authenticity).toBeNull();
  });

  it('cannot judge the matcher where nobody has two photos', () => {
    const nobody = { identity: new Uint32Array(0), similarity: new Float32Array(0) };
    const analysis = analyse({ ...leaking, profile: { ...leaking.profile, genuine: nobody } }, people, settings);
    expect(passed(analysis.gates).matcher).toBeNull();
    expect(analysis.genuine).toBeNull();
    // As if a leaked member were always recognised.
    expect(analysis.detectable).not.toBeNull();
  });

  it.each<[Gate['name'], Partial<GalleryProfile>]>([
    ['matcher', { genuine: profileOf(people, 0.2).genuine }],
    ['blind', { blind: Float32Array.from(people, (_, i) => (i < 100 ? 1 : 0) + (i % 7) / 7) }],
    ['placebo', { placebo: Float32Array.from(people, (_, i) => (i < 30 ? 0.9 : (i % 7) / 20)), placeboFaces: 40 }],
  ])('fails the gate "%s" on a gallery that should', (name, change) => {
    const analysis = analyse({ ...leaking, profile: { ...leaking.profile, ...change } }, people, settings);
    expect(Object.entries(passed(analysis.gates)).filter(([, ok]) => ok === false)).toEqual([[name, false]]);
  });

  it('refuses a roster that is not the one that was counted', () => {
    expect(() => analyse(leaking, people.slice(1), settings)).toThrow(RangeError);
    const more = [...people.slice(0, 199), { ...people[199]!, photos: ['a', 'b', 'c'] }];
    expect(() => analyse(leaking, more, settings)).toThrow(RangeError);
    expect(() => analyse(leaking, [], settings)).toThrow(expect.objectContaining({ code: 'GALLERY_EMPTY' }));
  });
});
