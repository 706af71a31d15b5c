import { keys } from '../../../shared/pipeline/base/layout.ts';
import { TOPICS } from '../../../shared/pipeline/base/messages.ts';
import { readAudit } from '../../../shared/pipeline/runs/run.ts';
import { putCheckpoint, putProject, withoutTiming } from './project.ts';
import { type Faults, Simulation } from './simulation.ts';

export const SETTINGS = { samples: 64, batch: 4, shards: 8 };
export const WINDOW = 2;

export interface Outcome {
  readonly simulation: Simulation;
  readonly audit: string;
  readonly sweeps: number;
}

export async function begin(faults: Faults): Promise<Simulation> {
  const simulation = new Simulation({ window: WINDOW, ...faults });
  await putProject(simulation.objects, SETTINGS);
  simulation.outside.publish(TOPICS.plan, await putCheckpoint(simulation.objects));
  return simulation;
}

export async function audited(faults: Faults): Promise<Outcome> {
  const simulation = await begin(faults);
  const sweeps = await simulation.finish();
  return { simulation, audit: (await audits(simulation))[0]!, sweeps };
}

export async function audits({ records }: Simulation): Promise<string[]> {
  const found: string[] = [];
  for await (const { path } of records.list('audits')) found.push(path.slice(path.indexOf('/') + 1));
  return found;
}

export async function stateOf({ records }: Simulation, audit: string) {
  return readAudit({ records } as Parameters<typeof readAudit>[0], audit);
}

export async function reportOf({ objects }: Simulation, audit: string): Promise<string[]> {
  const files = ['report.json', 'report.html'].map((file) => objects.get(keys.report(audit, file)));
  return (await Promise.all(files)).map(withoutTiming);
}
