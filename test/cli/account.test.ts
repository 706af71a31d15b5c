import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Firestore } from '@google-cloud/firestore';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { main } from '../../scripts/cli/main.ts';
import { asRewoundError } from '../../shared/errors.ts';
import { partedRecords } from '../../shared/platform/google/parted.ts';
import { googleRecords } from '../../shared/platform/google/records.ts';
import { openLocal } from '../../shared/platform/local/index.ts';
import { createAccount, readAccount } from '../../shared/service/accounts/accounts.ts';
import { authenticate, createKey, SCOPES } from '../../shared/service/accounts/api-keys.ts';
import { changeHosted, createAudit, newAuditSchema } from '../../shared/service/audits/hosted-audit.ts';
import { hostedTenancy } from '../../shared/service/audits/tenancy.ts';
import { balanceOf, grant } from '../../shared/service/billing/credits.ts';
import { hasEmulator, startFirestore } from '../support/emulators/index.ts';
import { tempDir } from '../support/temp.ts';
import { rewound } from './command.ts';

/** A folder that a service works in, as `rewound serve` leaves it open. */
function served() {
  const folder = join(tempDir(), 'bucket');
  const platform = openLocal({ folder });
  onTestFinished(() => platform.close());
  return { folder, platform };
}

/** The command in this process. */
async function account(...args: string[]): Promise<{ stdout: string; stderr: string; code: string }> {
  const said = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      said[name] += String(text);
      return true;
    }),
  );
  try {
    const code = await main(['account', ...args]).then(String, (error) => asRewoundError(error).code);
    return { ...said, code };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

const idIn = (text: string, kind: string) => new RegExp(`${kind}_[0-9a-z]{16}`).exec(text)?.[0] ?? '';

test('an account is made beside a service that runs, and its key, alone on stdout, opens it', async () => {
  const { folder, platform } = served();
  const { code, stdout, stderr } = await rewound(
    'account',
    'create',
    'Ada & Co',
    '--credits',
    '500',
    '--folder',
    folder,
  );
  expect(code).toBe(0);
  expect(stdout).toMatch(/^rwk_\w+\n$/);
  expect(stderr).not.toContain(stdout.trim());
  const id = idIn(stderr, 'acc');
  expect(await authenticate(platform, stdout.trim())).toMatchObject({ account: id, scopes: SCOPES });
  expect((await account('list', '--folder', folder)).stdout).toMatch(
    new RegExp(`^${id}  [\\d-]{10}  available 500, held 0, spent 0  Ada & Co\n$`),
  );
});

test('further keys, and keys that were revoked', async () => {
  const { folder, platform } = served();
  const at = ['--folder', folder];
  const id = idIn((await account('create', 'a', ...at)).stderr, 'acc');
  const made = await account('key', id, '--name', 'pipeline', ...at);
  const key = idIn(made.stderr, 'key');
  expect(await authenticate(platform, made.stdout.trim())).toMatchObject({ account: id, key });
  expect((await account('revoke', id, key, ...at)).code).toBe('0');
  await expect(authenticate(platform, made.stdout.trim())).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  const { stdout } = await account('keys', id, ...at);
  expect(stdout).toMatch(new RegExp(`^${key} +revoked +made [\\d-]{10} +used .* pipeline$`, 'm'));
  expect(stdout).toMatch(/ valid .* first key$/m);
  expect(stdout).not.toContain('rwk_');
});

test('credits are granted once for each id', async () => {
  const { folder } = served();
  const at = ['--folder', folder];
  const id = idIn((await account('create', 'a', ...at)).stderr, 'acc');
  expect((await account('credits', id, ...at)).stdout).toBe('available 0, held 0, spent 0\n');
  for (let time = 0; time < 2; time++) {
    const granted = await account('credits', id, '--grant', '1_000', '--id', '2026-11', ...at);
    expect(granted).toMatchObject({ code: '0', stdout: 'available 1000, held 0, spent 0\n' });
  }
  expect(await account('credits', id, '--grant', '5', '--id', '2026-11', ...at)).toMatchObject({ code: 'CONFLICT' });
  expect((await account('credits', id, '--grant', '5', '--id', 'more', ...at)).stdout).toContain('available 1005,');
});

test.each([
  [[], 'USAGE'],
  [['remove'], 'USAGE'],
  [['create'], 'USAGE'],
  [['create', 'a', 'b'], 'USAGE'],
  [['create', ' '], 'USAGE'],
  [['create', 'a', '--credits', '0'], 'USAGE'],
  [['list', '--grant', '1'], 'USAGE'],
  [['key', '../sessions'], 'USAGE'],
  [['key', 'acc_0123456789abcdef'], 'NOT_FOUND'],
  [['revoke', 'acc_0123456789abcdef', 'key_0123456789abcdef'], 'NOT_FOUND'],
  [['revoke', 'acc_0123456789abcdef', 'key'], 'USAGE'],
  [['credits', 'acc_0123456789abcdef', '--grant', '1', '--id', 'x'], 'NOT_FOUND'],
] as const)('%s is refused', async (args, code) => {
  const { folder, platform } = served();
  expect(await account(...args, '--folder', folder)).toMatchObject({ code, stdout: '' });
  expect(await platform.records.count('accounts')).toBe(0);
});

test('credits without an id, and a bad id, grant nothing', async () => {
  const { folder } = served();
  const id = idIn((await account('create', 'a', '--folder', folder)).stderr, 'acc');
  for (const more of [
    ['--grant', '5'],
    ['--id', 'x'],
    ['--grant', '5', '--id', 'a/b'],
  ]) {
    expect(await account('credits', id, ...more, '--folder', folder)).toMatchObject({ code: 'USAGE' });
  }
  expect((await account('credits', id, '--folder', folder)).stdout).toContain('available 0,');
});

test('nothing is made in a folder that is none of Rewound’s, or where nobody said which deployment', async () => {
  const folder = tempDir();
  expect(await account('create', 'a', '--folder', folder)).toMatchObject({ code: 'NOT_FOUND' });
  expect(await account('create', 'a', '--folder', join(folder, 'none'))).toMatchObject({ code: 'NOT_FOUND' });
  vi.stubEnv('REWOUND_PROJECT', '');
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(await account('create', 'a')).toMatchObject({ code: 'USAGE' });
});

test.skipIf(!hasEmulator('firestore'))('the accounts of a deployment, in its database', async () => {
  const emulator = await startFirestore();
  onTestFinished(() => emulator.stop());
  vi.stubEnv('REWOUND_PROJECT', 'account-test');
  vi.stubEnv('REWOUND_ACCOUNTS_DATABASE', 'rewound-accounts');
  onTestFinished(() => void vi.unstubAllEnvs());
  const { stdout, stderr, code } = await account('create', 'a', '--credits', '7');
  expect(code).toBe('0');
  const firestore = new Firestore({ projectId: 'account-test', databaseId: 'rewound-accounts' });
  onTestFinished(() => firestore.terminate());
  const context = { records: googleRecords(firestore), clock: { now: () => Date.now() } };
  expect(await authenticate(context, stdout.trim())).toMatchObject({ account: idIn(stderr, 'acc') });
  expect((await account('list')).stdout).toContain('available 7,');
});

describe.skipIf(!hasEmulator('firestore'))('the accounts that an earlier version kept with the audits', () => {
  /** Two databases of a project, of which the first holds everything. */
  async function earlier() {
    const emulator = await startFirestore();
    onTestFinished(() => emulator.stop());
    const projectId = `move-${randomUUID()}`;
    const [audits, accounts] = [
      new Firestore({ projectId, databaseId: 'rewound' }),
      new Firestore({ projectId, databaseId: 'rewound-accounts' }),
    ];
    onTestFinished(async () => void (await Promise.all([audits.terminate(), accounts.terminate()])));
    vi.stubEnv('REWOUND_PROJECT', projectId);
    vi.stubEnv('REWOUND_ACCOUNTS_DATABASE', 'rewound-accounts');
    onTestFinished(() => void vi.unstubAllEnvs());
    const context = { records: googleRecords(audits), clock: { now: () => Date.now() } };
    const id = await createAccount(context, 'Acme');
    const { text } = await createKey(context, id, { name: 'first', scopes: SCOPES, expiresAt: null });
    await grant(context, id, { id: 'first', credits: 7 });
    const request = newAuditSchema.parse({ attestation: 'owner', photos: 24, settings: { samples: 100 } });
    const { id: audit } = await createAudit(context, id, request, { paid: true });
    const key = `drop/${id}/${audit}/checkpoints/g.onnx`;
    await changeHosted(context, id, audit, (current) => ({
      ...current,
      startedAt: 1,
      checkpoint: { key, generation: '1' },
    }));
    await context.records.create('audits/run', { state: 'PROBING' });
    return { audits, accounts, id, text, audit, key };
  }

  test('are moved as they are, and an audit that runs goes on', async () => {
    const { audits, accounts, id, text, audit, key } = await earlier();
    expect(await account('move', 'rewound')).toMatchObject({
      code: '0',
      stderr: expect.stringMatching(/^\d+ records/),
    });
    const parted = { records: partedRecords(googleRecords(audits), googleRecords(accounts)), clock: { now: Date.now } };
    expect(await authenticate(parted, text)).toMatchObject({ account: id });
    expect(await balanceOf(parted, id)).toMatchObject({ available: 7 });
    expect((await audits.listCollections()).map((one) => one.id).sort()).toEqual(['admissions', 'audits']);
    const context = { ...parted, events: { publish: () => Promise.resolve() } };
    const place = { project: `drop/${id}/${audit}`, file: 'g.onnx' };
    expect(key).toBe(`${place.project}/checkpoints/${place.file}`);
    expect(await hostedTenancy(context).admit(place)).toBe('plan');
    // There is nothing left to move.
    expect((await account('move', 'rewound')).stderr).toMatch(/^0 records/);
  });

  test('are copied again by a process that follows one that died before it deleted them', async () => {
    const { audits, accounts, id } = await earlier();
    const original = await audits.doc(`accounts/${id}`).get();
    await accounts.doc(`accounts/${id}`).create(original.data() ?? {});
    expect((await account('move', 'rewound')).code).toBe('0');
    expect((await audits.doc(`accounts/${id}`).get()).exists).toBe(false);
  });

  test('are never written over others', async () => {
    const { audits, accounts, id } = await earlier();
    await createAccount({ records: googleRecords(accounts), clock: { now: () => 0 } }, 'Another', id);
    expect(await account('move', 'rewound')).toMatchObject({ code: 'CONFLICT' });
    expect((await audits.doc(`accounts/${id}`).get()).exists).toBe(true);
    expect((await readAccount({ records: googleRecords(accounts) }, id)).name).toBe('Another');
  });
});

test('accounts are moved between two databases that are said', async () => {
  vi.stubEnv('REWOUND_PROJECT', 'p');
  vi.stubEnv('REWOUND_ACCOUNTS_DATABASE', 'rewound-accounts');
  onTestFinished(() => void vi.unstubAllEnvs());
  for (const args of [[], ['rewound', 'x'], ['rewound-accounts'], ['rewound', '--folder', '.']]) {
    expect(await account('move', ...args)).toMatchObject({ code: 'USAGE' });
  }
  vi.stubEnv('REWOUND_ACCOUNTS_DATABASE', '');
  expect(await account('move', 'rewound')).toMatchObject({ code: 'USAGE' });
  expect(await account('list')).toMatchObject({ code: 'USAGE' });
});
