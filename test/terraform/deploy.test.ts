import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { functions } from '../../functions/index.ts';
import { readServiceSettings } from '../../functions/settings.ts';
import {
  type Deployment,
  deployCommands,
  destroyCommands,
  rotateCommands,
  shellLine,
} from '../../scripts/deploy/commands.ts';
import { overview } from '../../scripts/deploy/overview.ts';
import { tempDir } from '../support/temp.ts';
import { folder, terraform } from './files.ts';

const ROOT = join(folder, '..');
const DEPLOYMENT: Deployment = {
  project: 'my-project',
  region: 'europe-west4',
  name: 'rewound',
  tag: '0123456789ab',
  gpu: 'nvidia-l4',
  gpuQuota: 4,
  budget: { account: '012345-6789AB-CDEF01', amount: 100 },
  kmsKey: 'projects/p/locations/l/keyRings/r/cryptoKeys/k',
  settings: '/settings.tfvars',
};
const ALL = [...deployCommands(DEPLOYMENT), ...destroyCommands(DEPLOYMENT)];
const WORDS = ALL.flatMap(({ run, unless = [] }) => [...run, ...unless]);

describe('commands', () => {
  test('set only variables that there are', () => {
    const set = WORDS.flatMap((word) => /^-var=(\w+)=/.exec(word)?.[1] ?? []);
    expect(set.length).toBeGreaterThan(10);
    for (const name of set) expect(terraform.variables.has(name), name).toBe(true);
  });

  test('aim at resources that there are', () => {
    const targets = WORDS.flatMap((word) => /^-target=(\w+)\.(\w+)$/.exec(word)?.slice(1) ?? []);
    expect(targets).toHaveLength(2 * 8);
    for (let i = 0; i < targets.length; i += 2) {
      expect(terraform.resources.get(targets[i] ?? '')?.has(targets[i + 1] ?? ''), targets[i]).toBe(true);
    }
  });

  test('set every substitution that a build by hand needs, and no other', () => {
    const given =
      /^--substitutions=(.*)$/.exec(WORDS.find((word) => word.startsWith('--substitutions')) ?? '')?.[1] ?? '';
    const names = given.split(',').map((pair) => pair.split('=')[0]);
    const { substitutions } = z
      .object({ substitutions: z.record(z.string(), z.string()) })
      .parse(parse(readFileSync(join(ROOT, 'cloudbuild.yaml'), 'utf8')));
    for (const name of names) expect(substitutions).toHaveProperty([name ?? '']);
    expect(names).toEqual(expect.arrayContaining(['_TAG', '_NAME', '_REGION', '_DEPLOY']));
  });

  test('name buckets, images and accounts as the configuration does', () => {
    const identities = readFileSync(join(folder, 'identities.tf'), 'utf8');
    const build = readFileSync(join(ROOT, 'cloudbuild.yaml'), 'utf8');
    expect(WORDS).toContain('-backend-config=bucket=my-project-rewound-terraform');
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Terraform's own.
    expect(identities).toContain('bucket = "${var.project}-rewound-terraform"');
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Cloud Build's own.
    expect(build).toContain('bucket=${PROJECT_ID}-rewound-terraform');
    expect(WORDS).toContain('--gcs-source-staging-dir=gs://my-project-rewound-terraform/source');
    expect(identities).toContain('-rewound-terraform/objects/source/');
    expect(WORDS).toContain(
      '--service-account=projects/my-project/serviceAccounts/rewound-build@my-project.iam.gserviceaccount.com',
    );
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Terraform's own.
    expect(identities).toContain('account_id   = "${var.name}-build"');
  });

  test('name the secret of the service as the configuration does', () => {
    const grants = readFileSync(join(folder, 'grants.tf'), 'utf8');
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Terraform's own.
    expect(grants).toContain('coalesce(var.secret, "${var.name}-secret")');
    expect(WORDS.filter((word) => word === 'rewound-secret')).toHaveLength(3);
  });

  test('are announced as they are', () => {
    const text = overview({ ...DEPLOYMENT, gpu: 'nvidia-l4' });
    expect(text).toContain(`${functions.size} services`);
    expect(text).toContain(`${functions.size + 1} topics, ${functions.size} push subscriptions`);
    const accounts = terraform.resources.get('google_service_account');
    // One for each function and for the API, and those with names of their own.
    expect(text).toContain(`${functions.size + 1 + (accounts?.size ?? 0) - 1} service accounts`);
  });

  test('delete only what is asked for', () => {
    const deletes = /destroy|delete|^rm$|keep_data=false/;
    expect(deployCommands(DEPLOYMENT).flatMap(({ run }) => run.filter((word) => deletes.test(word)))).toEqual([]);
  });
});

test('a line for the shell says what is run, whatever is in it', () => {
  const words = ['a', "it's", '$HOME "x"', '', '-var=images={cpu="r:1"}'];
  const { stdout } = spawnSync('sh', ['-c', `printf '%s\\n' ${shellLine(words)}`], { encoding: 'utf8' });
  expect(stdout.split('\n').slice(0, -1)).toEqual(words);
});

/** Runs scripts/deploy.ts where gcloud and terraform only note that they were called, and do what `behaviour` says. */
function deploy(args: readonly string[], behaviour = 'exit 0') {
  const bin = join(tempDir(), 'bin');
  mkdirSync(bin);
  const log = join(bin, 'log');
  writeFileSync(log, '');
  for (const tool of ['gcloud', 'terraform', 'npm']) {
    writeFileSync(join(bin, tool), `#!/bin/sh\necho "${tool} $*" >> ${log}\n${behaviour}\n`);
    chmodSync(join(bin, tool), 0o755);
  }
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, 'scripts/deploy.ts'), ...args], {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${bin}:${process.env.PATH}` },
  });
  return { status, stdout, stderr, calls: readFileSync(log, 'utf8').split('\n').slice(0, -1) };
}

describe('npm run deploy', () => {
  const PROJECT = ['--project', 'my-project'];

  test.each([[[]], [['--destroy']]])('--dry-run %s prints every command and runs none', (more) => {
    const { status, stdout, calls } = deploy([...PROJECT, '--dry-run', ...more]);
    expect(status).toBe(0);
    expect(calls).toEqual([]);
    const commands = (more.length > 0 ? destroyCommands : deployCommands)({
      ...DEPLOYMENT,
      budget: undefined,
      kmsKey: undefined,
      settings: undefined,
    });
    for (const { why } of commands) expect(stdout).toContain(`# ${why}`);
    expect(stdout.split('\n').filter((line) => /^(gcloud|terraform|env) /.test(line))).toHaveLength(
      commands.length + 5,
    );
  });

  test('makes the registry, then images, then everything', () => {
    // What is looked for is not there yet.
    const { status, stdout, calls } = deploy(
      [...PROJECT, '--yes'],
      'case "$*" in *describe*gs:*|*images*describe*) exit 1;; esac',
    );
    expect(status).toBe(0);
    expect(stdout).toContain('In the project my-project');
    const place = (text: string) => calls.findIndex((call) => call.includes(text));
    const order = ['services enable', 'buckets create', ' init ', '-target=', 'builds submit'].map(place);
    expect(order.every((at) => at >= 0)).toBe(true);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    const last = calls.findLastIndex((call) => call.includes(' apply '));
    expect(last).toBeGreaterThan(place('builds submit'));
    expect(calls[last]).not.toContain('-target');
  });

  test('makes nothing twice', () => {
    const { status, calls } = deploy([...PROJECT, '--yes']);
    expect(status).toBe(0);
    expect(calls.filter((call) => /buckets create|builds submit|secrets create|versions add/.test(call))).toEqual([]);
  });

  test('draws the secret of the service where there is none, and tells it to nobody else', () => {
    const file = join(tempDir(), 'secret');
    const behaviour = `case "$*" in *"secrets create"*) cat > ${file};; *"secrets describe"*) exit 1;; esac`;
    const { status, stdout, stderr, calls } = deploy([...PROJECT, '--yes'], behaviour);
    expect(status).toBe(0);
    const secret = readFileSync(file, 'utf8');
    // As the service takes it.
    expect(readServiceSettings({ REWOUND_SECRET: secret, REWOUND_ORIGIN: 'https://a.example' }).secret).toHaveLength(
      32,
    );
    for (const text of [stdout, stderr, ...calls]) expect(text).not.toContain(secret);
    expect(stderr).toContain('openssl rand -base64 32 | gcloud secrets create rewound-secret');
    const place = (part: string) => calls.findIndex((call) => call.includes(part));
    expect(place('secrets create')).toBeLessThan(calls.findLastIndex((call) => call.includes(' apply ')));
  });

  test('gives the service another secret, tells it to nobody else, and touches nothing but what derives from it', () => {
    const file = join(tempDir(), 'secret');
    const behaviour = `case "$*" in *"versions add"*) cat > ${file};; esac`;
    const asked = deploy([...PROJECT, '--rotate-secret'], behaviour);
    expect(asked.status).toBe(2);
    expect(asked.stdout).toContain('webhooks');
    expect(asked.calls.filter((call) => /versions add|services update/.test(call))).toEqual([]);
    const { status, stdout, stderr, calls } = deploy(
      [...PROJECT, '--name', 'other', '--rotate-secret', '--yes'],
      behaviour,
    );
    expect(status).toBe(0);
    const secret = readFileSync(file, 'utf8');
    expect(Buffer.from(secret, 'base64')).toHaveLength(32);
    for (const text of [stdout, stderr, ...calls]) expect(text).not.toContain(secret);
    const changes = calls.filter((call) => !/--version|version$|print-access-token|billing/.test(call));
    expect(changes[0]).toBe('gcloud secrets versions add other-secret --project=my-project --data-file=-');
    const updates = changes
      .slice(1)
      .map((call) => /^gcloud run services update (\S+) .*--update-labels=secret-rotated=[0-9a-z]+$/.exec(call)?.[1]);
    expect(updates).toEqual(['other-api', 'other-deliver']);
    expect(stdout).toContain('gcloud secrets versions disable VERSION --secret=other-secret');
  });

  test('restarts every function that is given the secret when it is replaced', () => {
    const grants = readFileSync(join(folder, 'grants.tf'), 'utf8');
    const [, given = ''] = /master_secret if contains\(\[(.*?)\], name\)/.exec(grants) ?? [];
    const names = [...given.matchAll(/"(\w+)"/g)].map(([, name]) => `rewound-${name}`);
    const restarted = rotateCommands(DEPLOYMENT, { secret: 's', stamp: 'x' }).flatMap(({ run }) =>
      run.includes('update') ? run.filter((word) => word.startsWith('rewound-')) : [],
    );
    expect(restarted).toEqual(names);
  });

  test('takes a secret of another name, and no second thing to do', () => {
    const { calls } = deploy([...PROJECT, '--rotate-secret', '--secret', 'mine', '--yes']);
    expect(calls).toContain('gcloud secrets versions add mine --project=my-project --data-file=-');
    for (const args of [
      ['--rotate-secret', '--destroy'],
      ['--secret', 'mine'],
      ['--rotate-secret', '--secret', 'a/b'],
    ]) {
      expect(deploy([...PROJECT, '--yes', ...args])).toMatchObject({ status: 2, calls: [] });
    }
  });

  test('ends by saying how the first account is made', () => {
    const { stdout } = deploy([...PROJECT, '--name', 'other', '--yes']);
    expect(stdout).toContain('export REWOUND_PROJECT=my-project REWOUND_ACCOUNTS_DATABASE=other-accounts\n');
    expect(stdout).toContain('rewound -- account create NAME');
  });

  test('stops where something fails, and says what', () => {
    const { status, stderr, calls } = deploy([...PROJECT, '--yes'], 'case "$*" in *" init "*) exit 3;; esac');
    expect(status).toBe(2);
    expect(stderr).toContain('terraform ended with code 3');
    expect(calls.at(-1)).toContain(' init ');
  });

  test('changes nothing without a login', () => {
    const { status, stderr, calls } = deploy([...PROJECT, '--yes'], 'case "$*" in *print-access-token*) exit 1;; esac');
    expect(status).toBe(2);
    expect(stderr).toContain('gcloud auth login');
    expect(calls.some((call) => /enable|create|apply/.test(call))).toBe(false);
  });

  test('asks before it does anything, and does nothing where nobody can answer', () => {
    const { status, stdout, stderr, calls } = deploy([...PROJECT, '--destroy']);
    expect(status).toBe(2);
    expect(stdout).toContain('for good');
    expect(stderr).toContain('--yes');
    expect(calls.some((call) => /create|apply|destroy/.test(call))).toBe(false);
  });

  test.each([
    [[], '--project is missing'],
    [['--project', 'x; rm'], '--project cannot be'],
    [[...PROJECT, '--gpu', 'h100'], '--gpu is one of'],
    [[...PROJECT, '--gpu-quota', '0'], '--gpu-quota takes'],
    [[...PROJECT, '--budget', '10'], 'needs both'],
    [[...PROJECT, '--colour', 'red'], 'colour'],
  ])('refuses %s', (args, message) => {
    const { status, stderr, calls } = deploy(args);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
    expect(calls).toEqual([]);
  });
});
