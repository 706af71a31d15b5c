import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { auditReally } from '../support/real-audit.ts';
import { sharedData } from '../support/shared-data.ts';
import { copyOrl, HALVES, ORL } from './orl.ts';
import { cardOf, putRecognizer, RECOGNIZERS } from './recognizers.ts';

/** Pictures drawn: enough to tell, and as many as take a minute. */
const SAMPLES = 800;
/** 1,500 pictures that a GAN made which was trained on ORL's s1 to s20. */
const PUBLISHED = sharedData('published');

function audit(members: readonly number[], controls: readonly number[], recognizer: string) {
  return auditReally(readFileSync(join(PUBLISHED!, 'orl-a.zip')), { recognizer, samples: SAMPLES }, (project) => {
    copyOrl(join(project, 'members'), members, 5);
    copyOrl(join(project, 'controls'), controls, 5);
    putRecognizer(project, 'fr_feature');
  });
}

describe.skipIf(!PUBLISHED || !ORL || !RECOGNIZERS)('pictures that a GAN made of real people it remembers', () => {
  it('give them away as the GAN itself does', async () => {
    const report = await audit(...HALVES, cardOf('fr_feature'));
    expect(report.verdict).toBe('LEAKAGE');
    expect(report.published).toMatchObject({ pictures: 1500, drawn: SAMPLES, distinct: SAMPLES, unreadable: 0 });
    // An independent chain gives 0.85 by the best photo and 0.87 by a template; the GAN's own audit 0.89.
    expect(report.auc!.estimate).toBeGreaterThan(0.82);
    expect(report.auc!.estimate).toBeLessThan(0.96);
  });

  it('do not give away those it never saw', async () => {
    const report = await audit(HALVES[1], HALVES[0], 'built-in');
    expect(report.verdict).not.toBe('LEAKAGE');
    expect(report.auc!.estimate).toBeLessThan(0.5);
  });
});
