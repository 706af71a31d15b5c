import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { localTasks } from '../../shared/engine/tasks.ts';
import type { Report } from '../../shared/report/model.ts';
import { tempDir } from './temp.ts';
import { CHECKPOINT, PROJECT, World } from './world.ts';

/** Audits a generator with real networks, in a project whose photos `fill` puts there. */
export async function auditReally(
  generator: Uint8Array,
  settings: object,
  fill: (project: string) => void | Promise<void>,
): Promise<Omit<Report, 'timing'>> {
  const folder = tempDir();
  const checkpoint = join(folder, CHECKPOINT);
  mkdirSync(dirname(checkpoint), { recursive: true });
  writeFileSync(checkpoint, generator);
  await fill(join(folder, PROJECT));
  writeFileSync(join(folder, PROJECT, 'project.json'), JSON.stringify({ pictures: false, ...settings }));
  const world = new World({ folder, engine: localTasks({ device: 'cpu', threads: 1 }, () => undefined) });
  try {
    await world.land();
    await world.run();
    return await world.report();
  } finally {
    world.close();
  }
}

/** The reports' gates of a name, as whether they passed. */
export function passed({ gates }: Pick<Report, 'gates'>, name: Report['gates'][number]['name']): (boolean | null)[] {
  return gates.filter((gate) => gate.name === name).map((gate) => gate.passed);
}
