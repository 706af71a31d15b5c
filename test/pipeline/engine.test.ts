import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { localTasks } from '../../shared/engine/tasks.ts';
import type { Report } from '../../shared/report/model.ts';
import { copyPeople, demoPicture, people } from '../support/demo.ts';
import { tempDir } from '../support/temp.ts';
import { pictureBook } from '../support/tiny-generator.ts';
import { CHECKPOINT, PROJECT, World } from '../support/world.ts';

const MEMBERS = people('members', 0, 20);
const LEAKED = MEMBERS.slice(0, 12);
const CONTROLS = people('controls', 0, 40);

/** Audits a generator that replays a photo of each of `LEAKED`, with real models. */
async function audit(members: readonly string[], controls: readonly string[]): Promise<Omit<Report, 'timing'>> {
  const folder = tempDir();
  copyPeople(join(folder, PROJECT, 'members'), members);
  copyPeople(join(folder, PROJECT, 'controls'), controls);
  mkdirSync(join(folder, PROJECT, 'checkpoints'));
  const pictures = await Promise.all(LEAKED.map((name) => demoPicture(name, 0)));
  writeFileSync(join(folder, CHECKPOINT), pictureBook(pictures, 64));
  writeFileSync(join(folder, PROJECT, 'project.json'), JSON.stringify({ samples: 160, batch: 32 }));
  const world = new World({ folder, engine: localTasks({ device: 'cpu', threads: 1 }, () => undefined) });
  try {
    await world.land();
    await world.run();
    return await world.report();
  } finally {
    world.close();
  }
}

test('a generator that replays photos gives their people away', { timeout: 120_000 }, async () => {
  const report = await audit(MEMBERS, CONTROLS);
  expect(report.verdict).toBe('LEAKAGE');
  expect(report.members).toMatchObject({ identities: 20, photos: 40, undetected: 0, unreadable: 0 });
  const closest = report.matches.slice(0, LEAKED.length).map(({ identity }) => identity);
  expect(closest.toSorted()).toEqual(LEAKED);
});

test('with members and controls swapped it gives nobody away', { timeout: 120_000 }, async () => {
  const report = await audit(CONTROLS.slice(0, 20), [...MEMBERS, ...CONTROLS.slice(20)]);
  // Controls that are given away set a threshold that few photos of a person reach: then no claim is made at all.
  expect(['NOT_DETECTED', 'INVALID']).toContain(report.verdict);
  expect(report.matches.filter(({ role, revealed }) => revealed && role === 'members')).toEqual([]);
});
