/** What the API and the pipeline say of a record that this version cannot have written. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { asRewoundError } from '../../shared/errors.ts';
import { advance, auditOfUpload, isRunning, readAudit } from '../../shared/pipeline/runs/run.ts';
import { findTombstone, tombstoneOf } from '../../shared/pipeline/runs/tombstones.ts';
import { readAdmission } from '../../shared/service/audits/admission.ts';
import { settle } from '../../shared/service/billing/credits.ts';
import { HostedWorld, SMALL } from '../support/service/hosted-world.ts';

/** Paths of all records of a world. */
function recordsOf({ hosted }: HostedWorld): string[] {
  const sql = new DatabaseSync(join(hosted.folder, '.rewound-state/state.sqlite'), { readOnly: true });
  try {
    return sql
      .prepare('SELECT collection, id FROM documents')
      .all()
      .map(({ collection, id }) => `${collection}/${id}`);
  } finally {
    sql.close();
  }
}

const REPEATED = { 'idempotency-key': 'the-same' };

test('each is STATE_DAMAGED wherever it is read, and never a defect', async () => {
  const world = new HostedWorld();
  const { account, key } = await world.account();
  const { status, body } = await world.ask(key, 'POST', '/v1/audits', SMALL, REPEATED);
  expect({ status, body }).toMatchObject({ status: 201 });
  await world.put(account, body.id);
  await world.ask(key, 'POST', `/v1/audits/${body.id}/start`);
  await world.run();
  const { records } = world.context;
  const [run = ''] = recordsOf(world).flatMap((path) => /^audits\/([^/]+)$/.exec(path)?.[1] ?? []);
  const record = await readAudit(world.context, run);
  await records.create(tombstoneOf('a'), { at: 1, project: 'drop/a/b' });

  const code = (work: Promise<unknown>) =>
    work.then(
      () => undefined,
      (error: unknown) => asRewoundError(error).code,
    );
  const asked = async (method: string, path: string, sent?: object, headers = {}): Promise<string | undefined> =>
    (await world.ask(key, method, path, sent, headers)).body?.code;
  const readers = [
    () => asked('GET', '/v1/account'),
    () => asked('GET', '/v1/keys'),
    () => asked('GET', '/v1/audits'),
    () => asked('GET', `/v1/audits/${body.id}`),
    () => asked('POST', '/v1/audits', SMALL, REPEATED),
    () => asked('GET', '/v1/ledger'),
    () => asked('GET', '/v1/webhooks'),
    () => asked('GET', '/v1/deliveries'),
    () => code(readAudit(world.context, run)),
    () => code(isRunning(world.context, run)),
    () => code(advance(world.context, run, 'DONE')),
    () => code(auditOfUpload(world.context, record!.key, record!.generation)),
    () => code(readAdmission(world.context, account, body.id)),
    // A booking that was made already.
    () => code(settle(world.context, account, body.id, 0)),
    () => code(findTombstone(world.context, 'a')),
  ];
  const before = [];
  for (const read of readers) before.push(await read());
  const noticed = new Set<string>();
  for (const path of recordsOf(world)) {
    const snapshot = await records.get(path);
    await records.replace(path, { another: 'version' }, snapshot!.version);
    for (const [i, read] of readers.entries()) {
      const found = await read();
      if (found === before[i]) continue;
      expect(found, `${path} read by reader ${i}`).toBe('STATE_DAMAGED');
      noticed.add(path.replace(/(?<=\/)[^/]*$/, '').replace(account, '*'));
    }
    await records.delete(path);
    await records.create(path, snapshot!.fields);
  }
  expect([...noticed].sort()).toEqual([
    'accounts/',
    'accounts/*/audits/',
    'accounts/*/deliveries/',
    'accounts/*/endpoints/',
    'accounts/*/keys/',
    'accounts/*/ledger/',
    'accounts/*/requests/',
    'accounts/*/transactions/',
    'admissions/',
    'audits/',
    'erased/',
    'uploads/',
  ]);
});
