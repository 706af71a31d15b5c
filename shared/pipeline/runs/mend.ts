/** Finds the damaged pieces of an audit and removes them with what depends on them, so that they are made again. */
import type { Platform } from '../../platform/ports.ts';
import { contentOf, isWhole } from '../../seal.ts';
import { galleryOf, keys } from '../base/layout.ts';
import { recordPaths } from '../base/record-paths.ts';
import type { Plan } from '../planning/plan/schema.ts';
import { readPlan } from '../planning/plan/store.ts';
import { isUnusable, reportIsWhole } from '../results/report-files.ts';
import { forgetWork } from './forget.ts';

type Stored = Pick<Platform, 'objects' | 'records'>;

/** What `assemble` makes together, and what `merge` makes. */
const TOGETHER = [
  /^(roster\.json|(gallery|placebo|profile)-\d+\.safetensors)$/,
  /^(nomination\.json|merged-\d+\.safetensors)$/,
];

/** Whether a finished audit's report, and what is shown of it besides, are as they were written. */
export async function finishedIsWhole(context: Stored, audit: string): Promise<boolean> {
  if (!(await reportIsWhole(context, audit))) return false;
  const work = `work/${audit}/`;
  for await (const { key } of context.objects.list(work)) {
    // Shard results are not read any more.
    if (/^(probe|confirm)\//.test(key.slice(work.length))) continue;
    if (!(await pieceIsWhole(context, key))) return false;
  }
  return true;
}

/** Removes the damaged pieces of an audit: all of its work where the plan or the generator is among them. */
export async function mendWork(context: Stored, audit: string, project: string | undefined): Promise<void> {
  const damaged = await findDamaged(context, `work/${audit}/`);
  const enrolled = project === undefined ? [] : await findDamaged(context, `${galleryOf(project)}/`);
  for (const key of enrolled) await context.objects.delete(key);
  const plan = await wholePlan(context, audit);
  if (!plan || damaged.some((key) => key.startsWith(`work/${audit}/generator/`))) return forgetWork(context, audit);
  for (const key of damaged) await forgetPiece(context, audit, key.slice(`work/${audit}/`.length));
  for (const [shard, { content }] of plan.enrolment.entries()) {
    if (!enrolled.includes(keys.enrolment(plan.project, content))) continue;
    await context.records.delete(`${recordPaths.done(audit, 'enrol')}/${shard}`);
  }
  // A stage that is complete again must be able to go on.
  for (const stage of ['enrol', 'probe', 'confirm'] as const)
    await context.records.delete(recordPaths.lock(audit, stage));
}

/** Removes a damaged piece of an audit, by its key below the work folder, with what was made together with it. */
async function forgetPiece({ objects, records: store }: Stored, audit: string, piece: string): Promise<void> {
  const [, stage, shard] = /^(probe|confirm)\/(\d+)-\d+\.safetensors$/.exec(piece) ?? [];
  const together = TOGETHER.find((pattern) => pattern.test(piece));
  const gone: string[] = [`work/${audit}/${piece}`];
  for await (const { key } of objects.list(`work/${audit}/${stage ? `${stage}/${shard}-` : ''}`)) {
    if (stage || together?.test(key.slice(`work/${audit}/`.length))) gone.push(key);
  }
  for (const key of gone) await objects.delete(key);
  if (stage === 'probe' || stage === 'confirm') await store.delete(`${recordPaths.done(audit, stage)}/${shard}`);
}

async function findDamaged(context: Stored, prefix: string): Promise<string[]> {
  const damaged: string[] = [];
  for await (const { key } of context.objects.list(prefix)) {
    if (!(await pieceIsWhole(context, key))) damaged.push(key);
  }
  return damaged;
}

/** Whether an object of an audit is what was written: by its name where that is a digest, else by its seal. */
async function pieceIsWhole({ objects }: Stored, key: string): Promise<boolean> {
  const [, content] = /\/generator\/([0-9a-f]{32})\.\w+$/.exec(key) ?? [];
  const bytes = await objects.get(key);
  return content === undefined ? isWhole(bytes) : contentOf(bytes) === content;
}

async function wholePlan(context: Stored, audit: string): Promise<Plan | undefined> {
  try {
    return await readPlan(context, audit);
  } catch (error) {
    if (isUnusable(error)) return undefined;
    throw error;
  }
}
