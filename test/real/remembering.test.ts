import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { copyPeople, demoPicture, people } from '../support/demo.ts';
import { auditReally, passed } from '../support/real-audit.ts';
import { sharedData } from '../support/shared-data.ts';
import { pictureBook } from '../support/tiny-generator.ts';
import { copyOrl, HALVES, ORL } from './orl.ts';
import { cardOf, putRecognizer, RECOGNIZERS } from './recognizers.ts';

/** A GAN trained on photos of twenty people until it remembered them: ORL's s1 to s20. */
const GENERATOR = sharedData('generators/orl-dcgan-a');
const SAMPLES = 1500;

/** Audits it with one half of ORL as members and the other as controls, five photos each. */
function audit(members: readonly number[], controls: readonly number[], recognizer: readonly string[]) {
  const generator = readFileSync(join(GENERATOR!, 'generator.onnx'));
  return auditReally(generator, { samples: SAMPLES, fresh: 500, recognizer }, (project) => {
    copyOrl(join(project, 'members'), members, 5);
    copyOrl(join(project, 'controls'), controls, 5);
    putRecognizer(project, 'fr_feature');
  });
}

describe.skipIf(!GENERATOR || !ORL || !RECOGNIZERS)('a GAN that remembers real people', () => {
  it('gives them away, by each of two recognizers', async () => {
    const report = await audit(...HALVES, [cardOf('fr_feature'), 'built-in']);
    expect(report.verdict).toBe('LEAKAGE');
    expect(report.gates.filter((gate) => gate.passed === false)).toEqual([]);
    // By an independent computation 0.89, with fr_feature, five photos each and as many samples.
    expect(report.auc!.estimate).toBeGreaterThan(0.82);
    expect(report.auc!.estimate).toBeLessThan(0.96);
    expect(report.aucPermutation!.p).toBeLessThan(0.01);
    expect(report.delta!.low).toBeGreaterThan(0);
    expect(report.permutation!.p).toBeLessThan(0.01);
    expect(report.results.map(({ recognizer }) => recognizer.embedding)).toEqual([512, 128]);
    for (const { auc, permutation, pHolm } of report.results) {
      expect(auc!.low).toBeGreaterThan(0.5);
      expect(pHolm).toBeGreaterThanOrEqual(permutation!.p);
    }

    // What so few people allow is said: no single person could be named by counting, and half of them had to leak.
    expect(report.discoveries.controlsNeeded).toBe(199);
    expect(report.power.detectable!.people).toBeGreaterThan(5);
    expect(report.gates.find(({ name }) => name === 'blind')!.reason).toMatch(
      /With 20 members and 20 controls, a difference that shows in more than [67]\d\.\d% of pairs would have been noticed/,
    );
    expect(passed(report, 'placebo')).toEqual([null, null]);
  });

  it('does not give away those it never saw', async () => {
    const report = await audit(HALVES[1], HALVES[0], [cardOf('fr_feature')]);
    expect(report.verdict).toBe('INVALID');
    expect(report.identities).toEqual([]);
    expect(report.auc!.high).toBeLessThan(0.5);
    expect(report.reasons.join(' ')).toContain('the sides look swapped, or the controls were trained on');
  });
});

describe.skipIf(!RECOGNIZERS)('two recognizers', () => {
  it('agree on whom a generator replays', async () => {
    const members = people('members', 0, 30);
    const leaked = members.slice(0, 15);
    const pictures = await Promise.all(leaked.map((name) => demoPicture(name, 0)));
    const settings = { samples: 160, fresh: 160, batch: 32, recognizer: ['built-in', cardOf('hm_mobileface')] };
    const report = await auditReally(pictureBook(pictures, 64, { grain: 6 }), settings, (project) => {
      copyPeople(join(project, 'members'), members);
      copyPeople(join(project, 'controls'), people('controls', 0, 60));
      putRecognizer(project, 'hm_mobileface');
    });
    expect(report.verdict).toBe('LEAKAGE');
    expect(report.results.map(({ recognizer }) => recognizer.embedding)).toEqual([128, 256]);
    for (const { named, confirmed, pHolm } of report.results) {
      expect(named).toBeGreaterThanOrEqual(leaked.length);
      expect(confirmed).toBeGreaterThanOrEqual(leaked.length);
      expect(pHolm).toBeLessThan(0.01);
    }
    const agreed = report.identities.filter(({ agree }) => agree === 2).map(({ identity }) => identity);
    expect(leaked.filter((identity) => !agreed.includes(identity))).toEqual([]);
  });
});
