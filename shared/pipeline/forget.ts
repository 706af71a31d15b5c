import type { Context } from './context.ts';
import { records, STAGES } from './keys.ts';

/** Erases all that one audit left: work, report and records. Enrolled photos are shared and stay. */
export async function forgetAudit({ objects, records: store }: Context, audit: string): Promise<void> {
  for (const prefix of [`work/${audit}/`, `report/${audit}/`]) {
    const found: string[] = [];
    for await (const { key } of objects.list(prefix)) found.push(key);
    for (const key of found) await objects.delete(key);
  }
  for (const collection of [...STAGES.map((stage) => records.done(audit, stage)), `audits/${audit}/locks`]) {
    const found: string[] = [];
    for await (const { path } of store.list(collection)) found.push(path);
    for (const path of found) await store.delete(path);
  }
  await store.delete(records.open(audit));
  await store.delete(records.audit(audit));
}
