import { describe, expect, test } from 'vitest';
import { openGoogle } from '../../../shared/platform/google/index.ts';
import { ACCOUNT_COLLECTIONS, partedRecords } from '../../../shared/platform/google/parted.ts';
import { openLocal } from '../../../shared/platform/local/index.ts';
import type { Records } from '../../../shared/platform/ports.ts';
import { createAccount, readAccount } from '../../../shared/service/accounts/accounts.ts';
import { authenticate, createKey, SCOPES } from '../../../shared/service/accounts/api-keys.ts';
import { balanceOf, grant } from '../../../shared/service/billing/credits.ts';
import { runAgenda } from '../../../shared/service/core/agenda.ts';
import { newAuditId, newId } from '../../../shared/service/core/ids.ts';
import { paths } from '../../../shared/service/core/paths.ts';
import { listEndpoints } from '../../../shared/service/webhooks/endpoints.ts';
import { all } from '../../contract/objects.contract.ts';
import { recordsContract } from '../../contract/records.contract.ts';
import { tempDir } from '../../support/temp.ts';

const store = (): Records => openLocal({ folder: tempDir() }).records;
const clock = { now: () => 0 };
const REFUSED = { code: 'PLATFORM_FORBIDDEN', transient: false };

recordsContract('two databases', async () => partedRecords(store(), store()));

/** Every call of the port, on a document or a collection of these. */
const CALLS: readonly [name: string, call: (records: Records, collection: string) => Promise<unknown>][] = [
  ['create', (records, collection) => records.create(`${collection}/x`, {})],
  ['get', (records, collection) => records.get(`${collection}/x`)],
  ['get below', (records, collection) => records.get(`${collection}/x/ledger/1`)],
  ['replace', (records, collection) => records.replace(`${collection}/x`, {}, '1')],
  ['count', (records, collection) => records.count(collection)],
  ['list', (records, collection) => all(records.list(collection))],
  ['delete', (records, collection) => records.delete(`${collection}/x`)],
];

describe('without the database of accounts', () => {
  test.each(
    ACCOUNT_COLLECTIONS.flatMap((collection) => CALLS.map(([name, call]) => [name, collection, call] as const)),
  )('%s of %s is refused', async (_, collection, call) => {
    await expect(call(partedRecords(store(), undefined), collection)).rejects.toMatchObject(REFUSED);
  });

  test('nothing of an account can be read by what reads it elsewhere', async () => {
    const account = newId('account');
    const [audits, accounts] = [store(), store()];
    const whole = { records: partedRecords(audits, accounts), clock };
    await createAccount(whole, 'Acme', account);
    const { text } = await createKey(whole, account, { name: 'first', scopes: SCOPES, expiresAt: null });
    await grant(whole, account, { id: 'first', credits: 7 });
    expect(await balanceOf(whole, account)).toMatchObject({ available: 7 });

    const closed = { records: partedRecords(audits, undefined), clock };
    const events = { publish: () => Promise.reject(new Error('published')) };
    const reads = [
      () => readAccount(closed, account),
      () => balanceOf(closed, account),
      () => grant(closed, account, { id: 'second', credits: 1 }),
      () => authenticate(closed, text),
      () => listEndpoints(closed, account),
      () => runAgenda({ ...closed, events }),
    ];
    for (const read of reads) await expect(read()).rejects.toMatchObject(REFUSED);
    // Nor was anything of it written where it could be read.
    for (const collection of ACCOUNT_COLLECTIONS) expect(await audits.count(collection)).toBe(0);
  });

  test('the Google platform refuses before it asks the cloud', async () => {
    const platform = openGoogle({ project: 'p', bucket: 'b', topicPrefix: 'x-', cacheFolder: tempDir() });
    await expect(platform.records.get('accounts/x')).rejects.toMatchObject(REFUSED);
    await platform.close();
  });
});

test('what the pipeline may know of an audit is among the audits', async () => {
  const [audits, accounts] = [store(), store()];
  const path = paths.admission(newId('account'), newAuditId(0));
  await partedRecords(audits, accounts).create(path, {});
  expect(await audits.get(path)).toBeDefined();
  expect(await accounts.get(path)).toBeUndefined();
});

test.each(['accountsx', 'account', 'audits', 'x'])('a collection called %s is none of accounts', async (collection) => {
  const records = partedRecords(store(), undefined);
  expect(await records.create(`${collection}/accounts`, {})).toBe(true);
  expect(await records.count(collection)).toBe(1);
});
