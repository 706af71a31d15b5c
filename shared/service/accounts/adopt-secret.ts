/** What a service does at its start about its secret: another one than before ends all that the former one opened. */
import type { Platform } from '../../platform/ports.ts';
import { idOf } from '../core/documents.ts';
import { paths } from '../core/paths.ts';
import { knowsReceiptKey, noteReceiptKey, receiptKeyOf } from '../core/receipt-keys.ts';
import type { Secret } from '../core/secret.ts';
import { type KeyInfo, listKeys, revokeKeys } from './api-keys.ts';
import { readOperator } from './operator.ts';
import { endSessions } from './sessions.ts';

export interface Adopted {
  /** first: no secret was written down before. replaced: the service had another one. same: it had this one. */
  readonly change: 'first' | 'same' | 'replaced';
  /** Keys that were revoked. */
  readonly revoked: number;
}

/** What earlier versions called the key that they derived from the secret and put into the link they printed. */
const DERIVED_KEY = 'this machine';

/**
 * Takes on the secret that the service is started with. Where it had another, which strangers may know, all sessions and
 * sign-in codes end, and so do the keys of the machine's own account: with a former secret its key could be made, and
 * with that further keys. Keys of other accounts are random and stay. The secret counts as taken on when that is done,
 * so a process that is killed halfway does it again. A secret that the service had at any time before changes nothing:
 * while instances are replaced, an old one may start once more.
 */
export async function adoptSecret(context: Pick<Platform, 'records' | 'clock'>, secret: Secret): Promise<Adopted> {
  const publicKey = receiptKeyOf(secret);
  const { own, any } = await knowsReceiptKey(context, publicKey);
  if (own) return { change: 'same', revoked: 0 };
  const operator = await readOperator(context);
  let revoked = 0;
  if (any) await endSessions(context);
  if (any && operator !== undefined) revoked += await revokeKeys(context, operator);
  if (operator !== undefined) revoked += await revokeDerivedKeys(context);
  await noteReceiptKey(context, publicKey);
  return { change: any ? 'replaced' : 'first', revoked };
}

/** Whether something in the records was made with a secret: a start without one must not draw another in silence. */
export async function dependsOnSecret({ records }: Pick<Platform, 'records'>): Promise<boolean> {
  if ((await records.count(paths.receiptKeys)) > 0) return true;
  for await (const { path } of records.list('accounts')) {
    if ((await listKeys({ records }, idOf(path))).some(isDerived)) return true;
  }
  return false;
}

function isDerived({ name, codes }: KeyInfo): boolean {
  return name === DERIVED_KEY && !codes;
}

/** An earlier version may have had another secret, and with it another account for the machine: all are looked at. */
async function revokeDerivedKeys(context: Pick<Platform, 'records' | 'clock'>): Promise<number> {
  let revoked = 0;
  for await (const { path } of context.records.list('accounts')) {
    revoked += await revokeKeys(context, idOf(path), isDerived);
  }
  return revoked;
}
