import { join } from 'node:path';
import { Firestore } from '@google-cloud/firestore';
import { expect, onTestFinished, test, vi } from 'vitest';
import { accountCommand } from '../../scripts/cli/account.ts';
import { asRewoundError } from '../../shared/errors.ts';
import { googleRecords } from '../../shared/platform/google/records.ts';
import { openLocal } from '../../shared/platform/local/index.ts';
import { authenticate, SCOPES } from '../../shared/service/api-keys.ts';
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
    const code = await accountCommand(args).then(String, (error) => asRewoundError(error).code);
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
  vi.stubEnv('REWOUND_DATABASE', 'rewound');
  onTestFinished(() => void vi.unstubAllEnvs());
  const { stdout, stderr, code } = await account('create', 'a', '--credits', '7');
  expect(code).toBe('0');
  const firestore = new Firestore({ projectId: 'account-test', databaseId: 'rewound' });
  onTestFinished(() => firestore.terminate());
  const context = { records: googleRecords(firestore), clock: { now: () => Date.now() } };
  expect(await authenticate(context, stdout.trim())).toMatchObject({ account: idIn(stderr, 'acc') });
  expect((await account('list')).stdout).toContain('available 7,');
});
