import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { copyPeople, demoPhoto, demoPicture, people } from '../support/demo.ts';
import { auditReally, passed } from '../support/real-audit.ts';
import { pictureBook } from '../support/tiny-generator.ts';

const MEMBERS = people('members', 0, 40);
const CONTROLS = people('controls', 0, 80);
const STRANGERS = people('controls', 80, 40);
const LEAKED = MEMBERS.slice(0, 20);
/** Whom the generator shows, each as often: half of the members, the first of them thrice, and people of neither side. */
const SHOWN = [...LEAKED, LEAKED[0]!, LEAKED[0]!, ...STRANGERS.slice(0, 18)];

/** A generator that replays a photo of each, never twice the same. */
async function replaying(names: readonly string[]): Promise<Uint8Array> {
  return pictureBook(await Promise.all(names.map((name) => demoPicture(name, 0))), 64, { grain: 6 });
}

test('whom a generator replays is named, and nobody else; fresh samples say how often', async () => {
  const report = await auditReally(await replaying(SHOWN), { samples: 320, fresh: 400, batch: 32 }, (project) => {
    copyPeople(join(project, 'members'), MEMBERS);
    copyPeople(join(project, 'controls'), CONTROLS);
  });
  expect(report.verdict).toBe('LEAKAGE');
  expect(report.members).toMatchObject({ identities: 40, photos: 80, undetected: 0, unreadable: 0 });
  expect(report.gates.filter((gate) => gate.passed === false)).toEqual([]);

  const named = report.identities.map(({ identity }) => identity);
  expect(LEAKED.filter((identity) => !named.includes(identity))).toEqual([]);
  // A tenth of those named may be wrong.
  expect(named.length).toBeLessThanOrEqual(Math.floor(LEAKED.length / (1 - report.discoveries.q)));
  const replayed = report.identities.filter(({ identity }) => LEAKED.includes(identity));
  expect(replayed.map(({ confirmed }) => confirmed)).toEqual(LEAKED.map(() => true));
  expect(report.leakedFraction!.low).toBeLessThanOrEqual(0.5);
  expect(report.leakedFraction!.high).toBeGreaterThanOrEqual(0.5);

  const missed = replayed.filter(({ identity, fresh }) => {
    const truth = SHOWN.filter((shown) => shown === identity).length / SHOWN.length;
    return truth < fresh!.low || truth > fresh!.high;
  });
  // Of twenty intervals of 95% one may miss, and two without surprise.
  expect(missed.length).toBeLessThanOrEqual(2);
});

test('with the sides swapped the audit is invalid, and says so', async () => {
  const report = await auditReally(await replaying(SHOWN), { samples: 192, batch: 32 }, (project) => {
    copyPeople(join(project, 'members'), CONTROLS.slice(0, 40));
    copyPeople(join(project, 'controls'), [...MEMBERS, ...CONTROLS.slice(40)]);
  });
  expect(report.verdict).toBe('INVALID');
  expect(report.identities).toEqual([]);
  expect(report.auc!.high).toBeLessThan(0.5);
  expect(report.gates.find(({ name }) => name === 'sides')).toMatchObject({ passed: false });
  expect(report.reasons.join(' ')).toContain('the sides look swapped, or the controls were trained on');
});

test('a generator that shows strangers is not said to leak, and neither is a placebo', async () => {
  const report = await auditReally(await replaying(STRANGERS), { samples: 192, batch: 32 }, (project) => {
    copyPeople(join(project, 'members'), MEMBERS);
    copyPeople(join(project, 'controls'), CONTROLS);
    copyPeople(join(project, 'placebo'), people('controls', 120, 40));
  });
  expect(report.verdict).toBe('NOT_DETECTED');
  expect(report.identities.filter(({ confirmed }) => confirmed)).toEqual([]);
  expect(passed(report, 'placebo')).toEqual([true]);
  expect(report.gates.find(({ name }) => name === 'placebo')!.reason).toContain('With 80 faces of other real people');
});

test('people on both sides are known by their faces, though no file is the same', async () => {
  const doubles = ['m010', 'm030', 'm050'];
  const controls = people('controls', 0, 160);
  const report = await auditReally(
    await replaying(STRANGERS.slice(0, 2)),
    { samples: 32, batch: 32 },
    async (project) => {
      copyPeople(join(project, 'members'), people('members', 0, 80));
      copyPeople(join(project, 'controls'), controls);
      for (const [i, name] of doubles.entries()) {
        const folder = join(project, 'controls', `double${i}`);
        mkdirSync(folder, { recursive: true });
        for (const photo of [0, 1])
          await sharp(demoPhoto(name, photo))
            .png()
            .toFile(join(folder, `${photo}.png`));
      }
    },
  );
  // One more pair of the 13,000 may look like one by chance.
  expect(report.members.overlapping).toBeGreaterThanOrEqual(doubles.length);
  expect(report.members.overlapping).toBeLessThanOrEqual(doubles.length + 1);
  expect(report.controls!.overlapping).toBe(report.members.overlapping);
  const compared = report.matches.map(({ identity }) => identity);
  expect(compared.filter((identity) => doubles.includes(identity) || identity.startsWith('double'))).toEqual([]);
});
