/** Admits audits to the pipeline that were started by a version which kept no admissions. */
import type { Platform } from '../../platform/ports.ts';
import { idOf } from '../core/documents.ts';
import { closeAdmission } from './admission.ts';
import { listHosted } from './hosted-audit.ts';
import { admitStarted } from './start.ts';

/** Changes nothing for an audit that was admitted when it started. Returns how many audits are running. */
export async function admitRunning(context: Pick<Platform, 'records'>): Promise<number> {
  let running = 0;
  for await (const { path } of context.records.list('accounts')) {
    const account = idOf(path);
    for (const { id, audit } of await listHosted(context, account, { limit: Number.POSITIVE_INFINITY })) {
      if (audit.startedAt === null || audit.outcome) continue;
      running += 1;
      await admitStarted(context, account, id, audit);
      if (audit.cancelledAt !== null) await closeAdmission(context, account, id, 'stopping');
    }
  }
  return running;
}
