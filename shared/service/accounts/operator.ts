/** The account of the machine that a service runs on, which survives its secret. */
import { z } from 'zod';
import type { Platform } from '../../platform/ports.ts';
import { readDocument } from '../core/documents.ts';
import { characters } from '../core/ids.ts';
import { paths } from '../core/paths.ts';
import { derive, type Secret } from '../core/secret.ts';
import { createAccount } from './accounts.ts';

const operatorSchema = z.object({ account: z.string() });

/** The machine's account, made where there is none. */
export async function operatorAccount(context: Pick<Platform, 'records' | 'clock'>, secret: Secret): Promise<string> {
  // Earlier versions kept its id nowhere and derived it at each start: so that their audits are found, it is the same.
  const account = `acc_${characters(derive(secret, ['operator account'], 16))}`;
  await context.records.create(paths.operator, { account });
  const kept = (await readOperator(context)) ?? account;
  return createAccount(context, 'this machine', kept);
}

/** The machine's account, where one was made. */
export async function readOperator({ records }: Pick<Platform, 'records'>): Promise<string | undefined> {
  return (await readDocument(records, paths.operator, operatorSchema))?.account;
}
