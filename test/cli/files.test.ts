import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openLocal } from '../../shared/platform/local/index.ts';
import { renderJson } from '../../shared/report/json.ts';
import { exampleReports } from '../support/example-report.ts';
import { tempDir } from '../support/temp.ts';
import { type Ended, rewound } from './command.ts';
import { type Fixture, fixture } from './fixture.ts';

/* What the system says against files, at every place where the command touches one: its own code, and no defect. */

const SCRIPT = join(import.meta.dirname, '../../scripts/rewound.ts');

function expectRefused({ code, stdout, stderr }: Ended, exit: number, error: string): void {
  expect(stderr).toMatch(/^rewound: .+ \[[A-Z_]+\]\n {9}\S.*\n$/);
  expect({ code, stdout, error: /\[([A-Z_]+)\]\n/.exec(stderr)?.[1] }).toEqual({ code: exit, stdout: '', error });
}

/** The command with a limit of the shell set for it. */
function limited(limit: string, ...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const shell = ['-c', `ulimit ${limit} && exec "$0" "$@"`, process.execPath, SCRIPT, ...args];
    execFile('/bin/bash', shell, { env: { ...process.env, NO_COLOR: '1' } }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? null : 0, stdout, stderr }),
    );
  });
}

function reportFile(): string {
  const path = join(tempDir(), 'report.json');
  const [, report] = exampleReports()[0]!;
  writeFileSync(path, renderJson(report));
  return path;
}

const onLinux = it.skipIf(process.platform !== 'linux');

/** A folder with a file "file" in it, and a link "loop" to itself. */
function oddFolder(): string {
  const folder = tempDir();
  writeFileSync(join(folder, 'file'), '');
  symlinkSync('loop', join(folder, 'loop'));
  return folder;
}

describe('where a result goes', () => {
  it.each([
    ['a folder', '.', 2, 'PATH_INVALID'],
    ['below a file', 'file/out.json', 2, 'PATH_INVALID'],
    ['a name that is too long', 'n'.repeat(300), 2, 'PATH_INVALID'],
    ['a link to itself', 'loop', 2, 'PATH_INVALID'],
    ['below a link to itself', 'loop/out.json', 2, 'PATH_INVALID'],
    ['a full device', '/dev/full', 3, 'STORAGE_FULL'],
    ['where no user may make a file', '/sys/kernel/out.json', 2, 'PLATFORM_FORBIDDEN'],
    ['where no user may make a folder', '/sys/rewound/out.json', 2, 'PLATFORM_FORBIDDEN'],
  ])('%s', async (_, place, exit, code) => {
    expectRefused(await rewound('trend', reportFile(), '--out', resolve(oddFolder(), place)), exit, code);
  });

  onLinux('a file that may not grow: what was there stays, and nothing is left beside it', async () => {
    const folder = tempDir();
    const out = join(folder, 'trend.html');
    writeFileSync(out, 'before');
    expectRefused(await limited('-f 1', 'trend', reportFile(), '--out', out), 3, 'STORAGE_LIMIT');
    expect(readFileSync(out, 'utf8')).toBe('before');
    expect(readdirSync(folder)).toEqual(['trend.html']);
  });

  it('a device stays what it is', async () => {
    expect(await rewound('trend', reportFile(), '--out', '/dev/null')).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('an audit', () => {
  onLinux('whose files may not grow', async () => {
    const made = await fixture();
    const ended = await limited('-f 200', ...made.audit, '--quiet');
    expect(ended.stderr).not.toContain('INTERNAL');
    expect(ended.stderr).toMatch(/^rewound: .+ \[STORAGE_(?:LIMIT|FAILED|FULL)\]\n {9}.*ulimit -f.*\n$/);
    expect(ended.code).toBe(3);
    // With the limit gone, the same command goes on.
    expect((await rewound(...made.audit, '--quiet')).code).toBe(1);
  });

  it.each<[string, (made: Fixture) => readonly string[], number, string]>([
    ['with a work folder that is a file', ({ checkpoint }) => ['--work', checkpoint], 2, 'PATH_INVALID'],
    ['with a work folder that no user may make', () => ['--work', '/sys/rewound'], 2, 'PLATFORM_FORBIDDEN'],
    [
      'with members behind a link to itself',
      ({ members }) => {
        rmSync(members, { recursive: true });
        symlinkSync('members', members);
        return [];
      },
      2,
      'PATH_INVALID',
    ],
  ])('%s', async (_, spoil, exit, code) => {
    const made = await fixture();
    const more = spoil(made);
    const ended = await rewound(...made.audit, '--quiet', ...more);
    expectRefused(ended, exit, code);
  });

  it.each(['plan.json', 'roster.json'])('whose stored %s was damaged', async (name) => {
    const made = await fixture();
    expect((await rewound(...made.audit, '--quiet')).code).toBe(1);
    const platform = openLocal({ folder: made.work });
    let key = '';
    for await (const object of platform.objects.list('work/')) if (object.key.endsWith(`/${name}`)) key = object.key;
    platform.close();
    const path = join(made.work, key);
    writeFileSync(path, readFileSync(path, 'utf8').replace('{', '['));
    const ended = await rewound('show', made.out, '--seed', '0');
    expectRefused(ended, 3, 'RESULT_DAMAGED');
    expect(ended.stderr).toContain(`The file ${name} of an audit is damaged`);
  });

  it('writes to a full device, and says so', async () => {
    const ended = await new Promise<Ended>((resolve) => {
      const shell = ['-c', 'exec "$0" "$@" >/dev/full', process.execPath, SCRIPT, '--help'];
      execFile('/bin/bash', shell, (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
      );
    });
    expectRefused(ended, 3, 'STORAGE_FULL');
  });
});
