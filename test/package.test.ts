import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseReport } from '../shared/report/json.ts';
import { fixture } from './cli/fixture.ts';
import { isOffline, npmBehindFirewall, run, strangers, THIS, type Tools } from './support/package/machine.ts';

const ROOT = join(import.meta.dirname, '..');
/** All that is packed or packs. The rest of the checkout, and this README.md, stay out of it. */
const PACKED = ['package.json', 'README.md', 'LICENSE', 'tsconfig.json', 'tsconfig.pack.json'];
const FOLDERS = ['docs', 'functions', 'scripts', 'shared'];

describe('the npm package', () => {
  let folder: string;
  let checkout: string;
  let tarball: string;
  let files: string[];

  beforeAll(() => {
    folder = mkdtempSync(join(realpathSync(tmpdir()), 'rewound-package-'));
    checkout = join(folder, 'checkout');
    // A copy, because packing replaces README.md for a moment, which other tests may read.
    for (const path of [...PACKED, ...FOLDERS]) cpSync(join(ROOT, path), join(checkout, path), { recursive: true });
    mkdirSync(join(checkout, 'node_modules/.cache'), { recursive: true });
    for (const name of readdirSync(join(ROOT, 'node_modules'))) {
      if (name !== '.cache') symlinkSync(join(ROOT, 'node_modules', name), join(checkout, 'node_modules', name));
    }
    const packed = run(THIS, checkout, 'npm', 'pack', '--json', '--pack-destination', folder);
    expect(packed.status, packed.stderr).toBe(0);
    tarball = join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz'))!);
    files = run(THIS, folder, 'tar', '-tzf', tarball).stdout.trim().split('\n');
  }, 60_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('holds what the command needs, and no tests, photos or infrastructure', () => {
    expect(files).toEqual(
      expect.arrayContaining(['package/dist/scripts/bin.js', 'package/README.md', 'package/LICENSE']),
    );
    expect(files).toContain('package/dist/shared/engine/child.js');
    expect(files).toContain('package/dist/shared/report/report.schema.json');
    expect(files.filter((file) => !/^package\/(dist\/(scripts|shared|functions)\/|docs\/)/.test(file)).sort()).toEqual(
      ['LICENSE', 'README.md', 'dist/package.json', 'package.json', 'scripts/preinstall.js'].map(
        (file) => `package/${file}`,
      ),
    );
    expect(files.filter((file) => /\.ts$|dist\/scripts\/(?!cli\/|bin\.js|rewound\.js)/.test(file))).toEqual([]);
  });

  it('has a README of its own, whose commands and links work, and leaves that of the repository', () => {
    const own = run(THIS, folder, 'tar', '-xOf', tarball, 'package/README.md').stdout;
    expect(own).toContain('npx rewound audit network.pkl');
    expect(own).not.toMatch(/npm (run|ci|cit|test)\b/);
    const links = [...own.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, path]) => `package/${path}`);
    expect(links.filter((path) => !files.includes(path.replace(/\/$/, '/README.md')))).toEqual([]);
    expect(links.length).toBeGreaterThan(5);
    const repository = readFileSync(join(ROOT, 'README.md'), 'utf8');
    expect(readFileSync(join(checkout, 'README.md'), 'utf8')).toBe(repository);
    // What a killed packing left is put right by the next one, unless somebody has written since.
    const kept = join(checkout, 'node_modules/.cache/rewound-pack/README.md');
    for (const [left, after] of [
      [own, repository],
      ['# written since', '# written since'],
    ] as const) {
      writeFileSync(kept, repository);
      writeFileSync(join(checkout, 'README.md'), left);
      expect(run(THIS, checkout, process.execPath, 'scripts/pack.ts', '--clean').status).toBe(0);
      expect(readFileSync(join(checkout, 'README.md'), 'utf8')).toBe(after);
    }
  });

  describe.each([
    ['this Node.js and npm', []],
    ['Node.js 22 with npm 10', [`node-${process.platform}-${process.arch}@22`, 'npm@10']],
  ])('installed in an empty folder by %s', (_, packages) => {
    let app: string;
    let hosts: string;
    let tools: Tools = THIS;
    let isInstalled = false;
    const command = () => join(app, 'node_modules/.bin/rewound');

    beforeAll(() => {
      app = mkdtempSync(join(folder, 'app-'));
      hosts = `${app}.hosts`;
      if (packages.length > 0) {
        const place = `${app}.tools`;
        mkdirSync(place);
        const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', '--no-package-lock'];
        const fetched = npmBehindFirewall(THIS, place, hosts, ['install', ...quiet, '--prefix', place, ...packages]);
        if (isOffline(fetched)) return skipped();
        expect(fetched.status, fetched.stderr).toBe(0);
        const modules = join(place, 'node_modules');
        const node = join(modules, `node-${process.platform}-${process.arch}`, 'bin/node');
        tools = { node, npm: join(modules, 'npm/bin/npm-cli.js') };
      }
      // As a user types it: no flags, no variables.
      const installed = npmBehindFirewall(tools, app, hosts, ['install', tarball]);
      if (isOffline(installed)) return skipped();
      expect(installed.status, installed.stderr).toBe(0);
      isInstalled = true;
    }, 240_000);

    function skipped(): void {
      console.warn('Installing the package skipped: the npm registry is out of reach.');
    }

    it('asked no host but the registry', (test) => {
      test.skip(!isInstalled);
      expect(strangers(hosts)).toEqual([]);
    });

    it('leaves libraries for CUDA to those who ask for them', (test) => {
      test.skip(!isInstalled);
      const script = join(app, 'node_modules/onnxruntime-node/script/install.js');
      expect(run(tools, app, tools.node, script).status).toBe(0);
      // A wish is heard: this one is refused by the script itself, on every system and before it asks any host.
      const asked = run(tools, app, '/usr/bin/env', 'ONNXRUNTIME_NODE_INSTALL_CUDA=v11', tools.node, script);
      expect(asked.status).toBe(1);
      expect(asked.stderr).toContain('CUDA 11 is no longer supported');
    });

    it('prints its help', (test) => {
      test.skip(!isInstalled);
      const { status, stdout } = run(tools, app, command(), '--help');
      expect(status).toBe(0);
      expect(stdout).toContain('rewound audit [CHECKPOINT]');
    });

    it('audits a generator', async (test) => {
      test.skip(!isInstalled);
      const made = await fixture();
      const { status, stdout, stderr } = run(tools, app, 'npx', 'rewound', ...made.audit, '--quiet');
      // Node.js 22 warns of its SQLite, and that is all.
      expect(stderr.replace(/^\(node:\d+\) ExperimentalWarning: SQLite.*\n\(Use `node --trace.*\n/, '')).toBe('');
      expect(status).toBe(1);
      expect(stdout).toMatch(/^LEAKAGE /);
      expect(parseReport(readFileSync(join(made.out, 'report.json'), 'utf8')).verdict).toBe('LEAKAGE');
    });

    it('serves the dashboard, whose modules are compiled and import one another', (test) => {
      test.skip(!isInstalled);
      const script = `
        const { dashboardRoutes } = await import('rewound/dist/shared/service/http/routes/dashboard.js');
        const api = dashboardRoutes({ settings: { signUp: 'open', stripe: null } }, {});
        const html = await (await api.request('/')).text();
        const queue = [...html.matchAll(/(?:src|href)="(\\/assets\\/[^"]+)"/g)].map(([, path]) => path);
        const seen = new Map();
        for (const path of queue) {
          if (seen.has(path)) continue;
          const answer = await api.request(path);
          const text = await answer.text();
          seen.set(path, [answer.status, answer.headers.get('content-type')]);
          if (!path.endsWith('.js')) continue;
          for (const [, to] of text.matchAll(/(?:from|import\\() ?'([^']+)'/g)) queue.push(new URL(to, 'http://x' + path).pathname);
        }
        console.log(JSON.stringify([...seen].map(([path, answer]) => [path.split('/').slice(3).join('/'), ...answer])));
      `;
      const { stdout, stderr } = run(tools, app, tools.node, '--input-type=module', '-e', script);
      expect(stderr).toBe('');
      const served: [string, number, string][] = JSON.parse(stdout);
      expect(served.filter(([, status]) => status !== 200)).toEqual([]);
      const page = 'package/dist/shared/service/dashboard/page/';
      const modules = files.flatMap((file) =>
        file.startsWith(page) && file.endsWith('.js') ? [file.slice(page.length)] : [],
      );
      expect(
        served.flatMap(([path, , type]) => (type === 'text/javascript; charset=utf-8' ? [path] : [])).sort(),
      ).toEqual(modules.sort());
      expect(modules).toContain('main.js');
    });

    it.for(['20.20.2', '22.15.1', '23.10.0'])(
      'on Node.js %s it says what it needs, without a stack',
      (version, test) => {
        test.skip(!isInstalled);
        const old = `Object.defineProperty(process, 'versions', { value: { node: '${version}' } })`;
        const bin = join(app, 'node_modules/rewound/dist/scripts/bin.js');
        const preload = ['--import', `data:text/javascript,${old}`];
        const { status, stdout, stderr } = run(tools, app, tools.node, ...preload, bin, '--help');
        expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
        expect(stderr).toMatch(
          /^rewound: This is Node\.js .* needs 22\.16 or newer\. \[NODE_UNSUPPORTED\]\n {9}Install .*\n$/,
        );
      },
    );

    it('says so on the Node.js of this machine, where that is too old', (test) => {
      test.skip(!isInstalled);
      const bare = ['-i', 'PATH=/usr/local/bin:/usr/bin:/bin'];
      const found = run(tools, app, '/usr/bin/env', ...bare, 'node', '--version').stdout ?? '';
      test.skip(!/^v(1\d|20|21)\./.test(found), 'its Node.js is new, or there is none');
      const ended = run(tools, app, '/usr/bin/env', ...bare, command());
      expect({ status: ended.status, stdout: ended.stdout }).toEqual({ status: 2, stdout: '' });
      expect(ended.stderr).toContain('[NODE_UNSUPPORTED]');
    });
  });
});
