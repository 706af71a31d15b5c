/** Erases a hosted audit and everything it left. */
import { createHmac, sign } from 'node:crypto';
import { recordPaths } from '../../pipeline/base/record-paths.ts';
import { STAGES } from '../../pipeline/base/stages.ts';
import { forgetAudit, forgetProject } from '../../pipeline/runs/forget.ts';
import { readAudit, stopAudit } from '../../pipeline/runs/run.ts';
import { bury } from '../../pipeline/runs/tombstones.ts';
import type { ObjectInfo, Platform } from '../../platform/ports.ts';
import { paths, projectOf } from '../core/paths.ts';
import { type Secret, signingKey } from '../core/secret.ts';
import { forgetAdmission } from './admission.ts';
import { stopHosted } from './adopt-plan.ts';
import { findRun, type HostedAudit, readHosted } from './hosted-audit.ts';
import { answersOf, deliveriesOf, forgetMentions } from './mentions.ts';
import { cancelled, remindOfRemains, settleAudit } from './settle.ts';

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
  const project = projectOf(account, id);
  const now = context.clock.now();
  const remind = (run: string | undefined) =>
    remindOfRemains(context, { account, audit: id, ...(run === undefined ? {} : { run }) }, now);
  const known = await findRun(context, await readHosted(context, account, id));
  // Before the tombstone: an erasure that a process died over is finished by this reminder.
  await remind(known);
  await bury(context, project);
  // After the tombstone: of a run that begins later, the step that begins it erases what it wrote.
  const audit = await stopHosted(context, account, id);
  const run = await findRun(context, audit);
  if (run !== undefined) {
    if (run !== known) await remind(run);
    await bury(context, project, run);
    if (!audit.outcome && (await readAudit(context, run))) await stopAudit(context, run, 'CANCELLED', cancelled());
  }
  // Not listed before it is deleted: it may be too deep for that. The rest is needed until all is settled.
  const uploaded = await forgetProject(context, project);
  const erased = await inventory(context, account, id, audit, run, uploaded);
  if (!audit.outcome) await settleAudit(context, account, id, { state: 'CANCELLED', error: cancelled() });
  if (run !== undefined) await forgetAudit(context, run);
  if (audit.checkpoint) await context.records.delete(uploadRecord(audit.checkpoint));
  await forgetMentions(context, account, id);
  await forgetAdmission(context, account, id);
  await context.records.delete(paths.audit(account, id));
  await context.records.purge([`${project}/`, ...(run === undefined ? [] : [run])]);
  return erased;
}

/** All there is of an audit, with what was uploaded for it and is deleted already. */
async function inventory(
  context: Platform,
  account: string,
  id: string,
  audit: HostedAudit,
  run: string | undefined,
  uploaded: readonly Pick<ObjectInfo, 'key' | 'size'>[],
): Promise<Erased> {
  const project = projectOf(account, id);
  const objects = uploaded.map(({ key, size }) => ({
    key: nameless(project, key, audit.pseudonymKey),
    bytes: size,
  }));
  for (const area of run === undefined ? [] : [`work/${run}/`, `report/${run}/`]) {
    for await (const { key, size } of context.objects.list(area)) objects.push({ key, bytes: size });
  }
  // What closes an audit to the pipeline is a record too.
  const records = [paths.audit(account, id), paths.admission(account, id)];
  if (run !== undefined) {
    records.push(recordPaths.audit(run));
    for (const collection of [...STAGES.map((stage) => recordPaths.done(run, stage)), `audits/${run}/locks`]) {
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
  return recordPaths.upload(key, generation);
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
