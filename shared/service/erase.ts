import { createHmac, sign } from 'node:crypto';
import { stopAudit } from '../pipeline/audits.ts';
import { forgetAudit, forgetProject } from '../pipeline/forget.ts';
import { galleryOf, records as pipelineRecords, STAGES } from '../pipeline/keys.ts';
import type { Platform } from '../platform/ports.ts';
import { findRun, type HostedAudit, readHosted } from './audits.ts';
import { timeOfAudit } from './ids.ts';
import { paths, projectOf } from './paths.ts';
import { type Secret, signingKey } from './secret.ts';
import { cancelled, remindOfRemains, settleAudit } from './settle.ts';
import { deleteDelivery, listDeliveries } from './webhooks/deliveries.ts';

/** What was erased. Names of people's folders and files are digests under a key: a receipt is kept, and shown. */
export interface Erased {
  readonly objects: readonly { readonly key: string; readonly bytes: number }[];
  readonly records: readonly string[];
}

/**
 * Erases every object and record of a hosted audit, and stops it first. What stays are the entries of the ledger, which
 * hold its id and amounts. Doing it again after a crash goes on with what is left; what a call on its way still writes is
 * erased when it must have ended. Throws NOT_FOUND where there is no such audit.
 */
export async function eraseAudit(context: Platform, account: string, id: string): Promise<Erased> {
  const audit = await readHosted(context, account, id);
  const run = await findRun(context, audit);
  const place = { account, audit: id, ...(run === undefined ? {} : { run }) };
  await remindOfRemains(context, place, context.clock.now());
  // Before anything is settled: that gives up what was uploaded.
  const erased = await inventory(context, account, id, audit, run);
  if (!audit.outcome) {
    if (run !== undefined) await stopAudit(context, run, 'CANCELLED', cancelled());
    await settleAudit(context, account, id, { state: 'CANCELLED', error: cancelled() });
  }
  await forgetProject(context, projectOf(account, id));
  if (run !== undefined) await forgetAudit(context, run);
  if (audit.checkpoint) await context.records.delete(uploadRecord(audit.checkpoint));
  await forgetMentions(context, account, id);
  await context.records.delete(paths.audit(account, id));
  return erased;
}

/** Erases what others wrote down about an audit: messages to webhooks, and kept answers to requests. */
export async function forgetMentions(context: Pick<Platform, 'records'>, account: string, id: string): Promise<void> {
  for (const delivery of await deliveriesOf(context, account, id)) await deleteDelivery(context, account, delivery);
  for (const path of await answersOf(context, account, id)) await context.records.delete(path);
}

/** All there is of an audit. */
async function inventory(
  context: Platform,
  account: string,
  id: string,
  audit: HostedAudit,
  run: string | undefined,
): Promise<Erased> {
  const project = projectOf(account, id);
  const objects: { key: string; bytes: number }[] = [];
  const areas = [
    `${project}/`,
    `${galleryOf(project)}/`,
    ...(run === undefined ? [] : [`work/${run}/`, `report/${run}/`]),
  ];
  for (const area of areas) {
    for await (const { key, size } of context.objects.list(area))
      objects.push({ key: nameless(project, key, audit.pseudonymKey), bytes: size });
  }
  const records = [paths.audit(account, id)];
  if (run !== undefined) {
    records.push(pipelineRecords.audit(run));
    for (const collection of [...STAGES.map((stage) => pipelineRecords.done(run, stage)), `audits/${run}/locks`]) {
      for await (const { path } of context.records.list(collection)) records.push(path);
    }
  }
  if (audit.checkpoint) records.push(uploadRecord(audit.checkpoint));
  for (const delivery of await deliveriesOf(context, account, id)) {
    records.push(`accounts/${account}/deliveries/${delivery}`);
  }
  records.push(...(await answersOf(context, account, id)));
  // Listed by name, and so in its order: that of the digests says nothing.
  objects.sort((a, b) => (a.key < b.key ? -1 : 1));
  return { objects, records };
}

function uploadRecord({ key, generation }: { readonly key: string; readonly generation: string }): string {
  return pipelineRecords.upload(key, generation);
}

/** Webhook messages about the audit, sent or not. */
async function deliveriesOf(context: Pick<Platform, 'records'>, account: string, id: string): Promise<string[]> {
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
async function answersOf({ records }: Pick<Platform, 'records'>, account: string, id: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { path, fields } of records.list(paths.requests(account))) {
    if (JSON.stringify(fields).includes(id)) found.push(path);
  }
  return found;
}

/**
 * A key whose part below a folder of the project is a digest: it may hold names. Names are few enough to try them all;
 * so it takes the key of the audit's pseudonyms, which is erased with it, to say which file a digest stands for.
 */
function nameless(project: string, key: string, pseudonymKey: string): string {
  if (!key.startsWith(`${project}/`)) return key;
  const [folder = '', ...rest] = key.slice(project.length + 1).split('/');
  if (rest.length === 0) return key;
  const digest = createHmac('sha256', Buffer.from(pseudonymKey, 'hex')).update(rest.join('/')).digest('hex');
  return `${project}/${folder}/hmac-sha256:${digest}`;
}

export interface Receipt extends Erased {
  readonly audit: string;
  /** ISO 8601. */
  readonly erasedAt: string;
}

/** Signs a receipt with the service's key for receipts: ed25519 over the bytes of `text`, which is JSON. */
export function signReceipt(
  secret: Secret,
  receipt: Receipt,
): { readonly text: string; readonly signature: string; readonly publicKey: string } {
  const { privateKey, publicBytes } = signingKey(secret, 'receipts');
  const text = JSON.stringify(receipt);
  return {
    text,
    signature: sign(null, Buffer.from(text), privateKey).toString('base64'),
    publicKey: publicBytes.toString('base64'),
  };
}
