/** What the service writes down about an audit elsewhere than in the audit's own record, and how that is erased. */
import { forgetRemains } from '../../pipeline/runs/tombstones.ts';
import type { Platform } from '../../platform/ports.ts';
import { timeOfAudit } from '../core/ids.ts';
import { ownerOf, paths } from '../core/paths.ts';
import { deleteDelivery, listDeliveries } from '../webhooks/deliveries.ts';

/** Erases what was still written about an audit after its erasure, by anything that was on its way. */
export async function forgetErased(context: Platform, project: string, runs: readonly string[]): Promise<void> {
  const owner = ownerOf(project);
  if (owner) await forgetMentions(context, owner.account, owner.audit);
  await forgetRemains(context, project, runs);
}

/** Erases what others wrote down about an audit: messages to webhooks, and kept answers to requests. */
export async function forgetMentions(context: Pick<Platform, 'records'>, account: string, id: string): Promise<void> {
  for (const delivery of await deliveriesOf(context, account, id)) await deleteDelivery(context, account, delivery);
  for (const path of await answersOf(context, account, id)) await context.records.delete(path);
}

/** Webhook messages about the audit, sent or not. */
export async function deliveriesOf(context: Pick<Platform, 'records'>, account: string, id: string): Promise<string[]> {
  const found: string[] = [];
  for (let after: string | undefined; ; ) {
    const page = await listDeliveries(context, account, { limit: 100, ...(after === undefined ? {} : { after }) });
    for (const { id: delivery, payload } of page.deliveries) if (payload.includes(id)) found.push(delivery);
    // The newest are listed first, and none is older than what it tells of.
    const isOlder = page.deliveries.some(({ at }) => at < timeOfAudit(id));
    if (page.next === null || isOlder) return found;
    after = page.next;
  }
}

/** Kept answers to requests that name the audit. */
export async function answersOf(
  { records }: Pick<Platform, 'records'>,
  account: string,
  id: string,
): Promise<string[]> {
  const found: string[] = [];
  for await (const { path, fields } of records.list(paths.requests(account))) {
    if (JSON.stringify(fields).includes(id)) found.push(path);
  }
  return found;
}
