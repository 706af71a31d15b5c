import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Station } from '../../scripts/cli/station.ts';
import { auditId } from '../../shared/pipeline/found.ts';
import { keys } from '../../shared/pipeline/keys.ts';
import { parseReport } from '../../shared/report/json.ts';
import type { Report } from '../../shared/report/model.ts';
import { copyPeople, demoPicture, people } from '../support/demo.ts';
import { tempDir } from '../support/temp.ts';
import { pictureBook } from '../support/tiny-generator.ts';

const MEMBERS = people('members', 0, 20);
const LEAKED = MEMBERS.slice(0, 12);
const CONTROLS = people('controls', 0, 40);
const PROJECT = 'drop/tenant/project';

/** Audits a generator that replays a photo of each of `LEAKED`, with real models, on this machine. */
async function audit(members: readonly string[], controls: readonly string[]): Promise<Report> {
  const folder = tempDir();
  copyPeople(join(folder, PROJECT, 'members'), members);
  copyPeople(join(folder, PROJECT, 'controls'), controls);
  mkdirSync(join(folder, PROJECT, 'checkpoints'));
  const key = `${PROJECT}/checkpoints/generator.onnx`;
  const pictures = await Promise.all(LEAKED.map((name) => demoPicture(name, 0)));
  writeFileSync(join(folder, key), pictureBook(pictures, 64));
  writeFileSync(join(folder, PROJECT, 'project.json'), JSON.stringify({ samples: 256, batch: 32 }));

  const station = new Station({ folder, device: 'cpu' });
  try {
    const { objects, events } = station.context;
    const { generation } = (await objects.head(key))!;
    await events.publish('plan', { version: 1, key, generation });
    await station.runUntilIdle(new AbortController().signal);
    const id = (await auditId(station.context, key))!;
    return parseReport(new TextDecoder().decode(await objects.get(keys.report(id, 'report.json'))));
  } finally {
    station.close();
  }
}

test('a generator that replays photos gives their people away', async () => {
  const report = await audit(MEMBERS, CONTROLS);
  expect(report.verdict).toBe('LEAKAGE');
  expect(report.members).toMatchObject({ identities: 20, photos: 40, undetected: 0, unreadable: 0 });
  const closest = report.matches.slice(0, LEAKED.length).map(({ identity }) => identity);
  expect(closest.toSorted()).toEqual(LEAKED);
  expect(report.timing.totalMs).toBeGreaterThan(0);
});

test('with members and controls swapped it gives nobody away', async () => {
  const report = await audit(CONTROLS.slice(0, 20), [...MEMBERS, ...CONTROLS.slice(20)]);
  expect(report.verdict).toBe('NOT_DETECTED');
});
