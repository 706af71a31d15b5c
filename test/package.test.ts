import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseReport } from '../shared/report/json.ts';
import { fixture } from './cli/fixture.ts';

const ROOT = join(import.meta.dirname, '..');
/** npm's words for a registry that is not there. */
const OFFLINE = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED|ERR_SOCKET_TIMEOUT/;

/** A user's own machine: this Node.js first, and nothing of the npm that runs the tests. */
function environment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^npm_|^INIT_CWD$|^NODE_/i.test(name));
  return { ...Object.fromEntries(own), PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}` };
}

function run(cwd: string, command: string, ...args: string[]) {
  return spawnSync(command, args, { cwd, env: environment(), encoding: 'utf8' });
}

describe('the npm package', { timeout: 120_000 }, () => {
  let folder: string;
  let app: string;
  let files: string[];
  let isInstalled = false;
  const rewound = (...args: string[]) => run(app, join(app, 'node_modules/.bin/rewound'), ...args);

  beforeAll(() => {
    folder = mkdtempSync(join(realpathSync(tmpdir()), 'rewound-package-'));
    app = join(folder, 'app');
    mkdirSync(app);
    writeFileSync(join(app, 'package.json'), '{ "private": true }');
    const packed = run(ROOT, 'npm', 'pack', '--json', '--pack-destination', folder);
    expect(packed.status, packed.stderr).toBe(0);
    const [tarball] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
    const listed = run(folder, 'tar', '-tzf', tarball!);
    files = listed.stdout.trim().split('\n');
    // Scripts of dependencies are not needed: they fetch CUDA and build what comes built.
    const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', '--fetch-retries=0'];
    const installed = run(app, 'npm', 'install', ...quiet, join(folder, tarball!));
    isInstalled = installed.status === 0;
    if (isInstalled) return;
    expect(installed.stderr, 'only a registry out of reach excuses this').toMatch(OFFLINE);
    console.warn('Installing the package skipped: the npm registry is out of reach.');
  }, 120_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('holds what the command needs, and no tests, photos or infrastructure', () => {
    expect(files).toEqual(
      expect.arrayContaining(['package/dist/scripts/bin.js', 'package/README.md', 'package/LICENSE']),
    );
    expect(files).toContain('package/dist/shared/engine/child.js');
    expect(files).toContain('package/dist/shared/report/report.schema.json');
    expect(files.filter((file) => !/^package\/(dist\/(scripts|shared|functions)\/|docs\/)/.test(file)).sort()).toEqual(
      ['LICENSE', 'README.md', 'dist/package.json', 'package.json'].map((file) => `package/${file}`),
    );
    expect(files.filter((file) => /\.ts$|dist\/scripts\/(?!cli\/|bin\.js|rewound\.js)/.test(file))).toEqual([]);
  });

  it('prints its help', (test) => {
    test.skip(!isInstalled);
    const { status, stdout, stderr } = rewound('--help');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('rewound audit CHECKPOINT');
  });

  it('audits a generator', async (test) => {
    test.skip(!isInstalled);
    const made = await fixture();
    const { status, stdout, stderr } = rewound(...made.audit, '--quiet');
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    expect(stdout).toMatch(/^LEAKAGE /);
    expect(parseReport(readFileSync(join(made.out, 'report.json'), 'utf8')).verdict).toBe('LEAKAGE');
  });

  it.for(['20.20.2', '22.15.1', '23.10.0'])('on Node.js %s it says what it needs, without a stack', (version, test) => {
    test.skip(!isInstalled);
    const old = `Object.defineProperty(process, 'versions', { value: { node: '${version}' } })`;
    const bin = join(app, 'node_modules/rewound/dist/scripts/bin.js');
    const { status, stdout, stderr } = run(
      app,
      process.execPath,
      '--import',
      `data:text/javascript,${old}`,
      bin,
      '--help',
    );
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(
      /^rewound: This is Node\.js .* needs 22\.16 or newer\. \[NODE_UNSUPPORTED\]\n {9}Install .*\n$/,
    );
  });

  it('says so on the Node.js of this machine, where that is too old', (test) => {
    test.skip(!isInstalled);
    const found = run(app, '/usr/bin/env', '-i', 'PATH=/usr/local/bin:/usr/bin:/bin', 'node', '--version').stdout ?? '';
    test.skip(!/^v(1\d|20|21)\./.test(found), 'its Node.js is new, or there is none');
    const ended = run(
      app,
      '/usr/bin/env',
      '-i',
      'PATH=/usr/local/bin:/usr/bin:/bin',
      join(app, 'node_modules/.bin/rewound'),
    );
    expect({ status: ended.status, stdout: ended.stdout }).toEqual({ status: 2, stdout: '' });
    expect(ended.stderr).toContain('[NODE_UNSUPPORTED]');
  });
});
