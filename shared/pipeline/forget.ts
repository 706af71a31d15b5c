import type { Context } from './context.ts';
import { records, STAGES } from './keys.ts';

/** Erases all that one audit left: work, report and records. Enrolled photos are shared and stay. */
export async function forgetAudit(context: Context, audit: string): Promise<void> {
  await forgetWork(context, audit);
  await deleteBelow(context, `report/${audit}/`);
  await context.records.delete(records.open(audit));
  await context.records.delete(records.audit(audit));
}

/** Erases what an audit has done so far, so that it starts over. */
export async function forgetWork(context: Context, audit: string): Promise<void> {
  const { records: store } = context;
  await deleteBelow(context, `work/${audit}/`);
  for (const collection of [...STAGES.map((stage) => records.done(audit, stage)), `audits/${audit}/locks`]) {
    const found: string[] = [];
    for await (const { path } of store.list(collection)) found.push(path);
    for (const path of found) await store.delete(path);
  }
}

async function deleteBelow({ objects }: Context, prefix: string): Promise<void> {
  const found: string[] = [];
  for await (const { key } of objects.list(prefix)) found.push(key);
  for (const key of found) await objects.delete(key);
}
