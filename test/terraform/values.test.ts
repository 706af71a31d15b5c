/** What the tables come to, by Terraform itself: the files that need no provider, evaluated without one. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { TOPICS } from '../../shared/pipeline/base/messages.ts';
import { folder, hasTerraform } from './files.ts';

const grant = z.object({
  function: z.string(),
  topic: z.string().optional(),
  area: z.string().optional(),
  role: z.string().optional(),
});
const valuesSchema = z.object({
  functions: z.record(
    z.string(),
    z.object({
      gpu: z.boolean(),
      cpu: z.string(),
      memory: z.string(),
      instances: z.number(),
      attempts: z.number().nullable(),
      publishes: z.array(z.string()),
      strangers: z.boolean(),
      audits: z.enum(['read', 'write']).nullable(),
      accounts: z.enum(['write']).nullable(),
    }),
  ),
  outward_topics: z.array(z.string()),
  publishers: z.record(z.string(), grant),
  areas: z.record(z.string(), grant),
  creations: z.record(z.string(), grant),
  deletions: z.record(z.string(), grant),
  workloads: z.record(z.string(), z.unknown()),
  secret_grants: z.record(z.string(), z.unknown()),
});

describe.skipIf(!hasTerraform)('terraform', () => {
  let work = '';
  beforeAll(() => {
    work = mkdtempSync(join(tmpdir(), 'rewound-terraform-'));
    for (const file of ['variables.tf', 'functions.tf', 'grants.tf'])
      copyFileSync(join(folder, file), join(work, file));
    const names = Object.keys(valuesSchema.shape);
    writeFileSync(
      join(work, 'out.tf'),
      names.map((name) => `output "${name}" {\n  value = local.${name}\n}\n`).join(''),
    );
    expect(run('init', '-input=false').status).toBe(0);
  });
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  function run(...args: string[]) {
    return spawnSync('terraform', [`-chdir=${work}`, ...args, ...(args[0] === 'output' ? [] : ['-no-color'])], {
      encoding: 'utf8',
      env: { ...process.env, CHECKPOINT_DISABLE: '1' },
    });
  }

  const GIVEN = { project: 'my-project', images: '{cpu="r/p/cpu:1",gpu="r/p/gpu:1"}' };
  const withVariables = (verb: string, variables: Readonly<Record<string, string>>) =>
    run(
      verb,
      '-input=false',
      ...(verb === 'apply' ? ['-auto-approve'] : []),
      ...Object.entries({ ...GIVEN, ...variables }).map(([name, value]) => `-var=${name}=${value}`),
    );

  function values(variables: Readonly<Record<string, string>>) {
    const { status, stderr } = withVariables('apply', variables);
    if (status !== 0) throw new Error(stderr);
    const outputs = z
      .record(z.string(), z.object({ value: z.unknown() }))
      .parse(JSON.parse(run('output', '-json').stdout));
    return valuesSchema.parse(Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value])));
  }

  test('every topic has its function, except those for the outside, and nobody publishes to another', () => {
    const { functions, outward_topics, publishers } = values({});
    expect([...Object.keys(functions), ...outward_topics].sort()).toEqual(Object.values(TOPICS).sort());
    const topics = new Set<string | undefined>(Object.values(TOPICS));
    expect(Object.values(publishers).filter(({ topic }) => !topics.has(topic))).toEqual([]);
    // Dead letters are published by Pub/Sub, sweeps by the scheduler: no function may start them.
    for (const { topic } of Object.values(publishers)) expect(['deadletter', 'sweep']).not.toContain(topic);
  });

  test('nobody but its owners writes an area, and nobody writes what wakes functions', () => {
    const { areas } = values({});
    const writers = Object.values(areas).filter(({ role }) => role === 'roles/storage.objectUser');
    expect(Map.groupBy(writers, ({ area }) => area)).toEqual(
      new Map([
        ['work', expect.arrayContaining([expect.objectContaining({ function: 'probe' })])],
        ['report', [expect.objectContaining({ function: 'conclude' })]],
        ['gallery', [expect.objectContaining({ function: 'enrol' })]],
      ]),
    );
    expect(writers.map(({ area }) => area)).not.toContain('drop');
  });

  test('only the API puts anything into the drop area, which wakes nothing, and only who ends audits erases', () => {
    const { creations, deletions } = values({});
    expect(Object.values(creations)).toEqual([{ function: 'api', area: 'drop' }]);
    expect([...new Set(Object.values(deletions).map((one) => one.function))].sort()).toEqual(['api', 'settle', 'tend']);
  });

  test('what works on what strangers uploaded is given neither accounts nor secrets, and leads to Google only', () => {
    const { functions, secret_grants } = values({});
    const strangers = Object.entries(functions).flatMap(([name, { strangers }]) => (strangers ? [name] : []));
    expect(strangers.sort()).toEqual(['assemble', 'confirm', 'conclude', 'enrol', 'merge', 'plan', 'probe'].sort());
    for (const name of strangers) {
      expect(functions[name]?.accounts, name).toBeNull();
      expect(Object.keys(secret_grants).filter((grant) => grant.startsWith(`${name}-`))).toEqual([]);
    }
    // The two that call addresses of others.
    expect(functions.deliver?.strangers).toBe(false);
  });

  test('whatever is owed to an account is never given up', () => {
    const { functions } = values({});
    for (const name of ['settle', 'deliver', 'tend']) expect(functions[name]?.attempts, name).toBeNull();
  });

  test('without instances there is no API, nor anything that it may do', () => {
    const { workloads, creations, publishers, secret_grants } = values({ api_instances: '0' });
    expect(Object.keys(workloads)).not.toContain('api');
    expect(creations).toEqual({});
    expect(Object.values(publishers).map((one) => one.function)).not.toContain('api');
    expect(Object.keys(secret_grants)).toEqual(['deliver-rewound-secret']);
  });

  test.each([
    ['nvidia-l4', '4', '16Gi'],
    ['nvidia-rtx-pro-6000', '20', '80Gi'],
  ])(
    '%s has the processors and memory that Cloud Run wants, and no more instances than the quota',
    (gpu, cpu, memory) => {
      const { functions } = values({ gpu, gpu_quota: '7' });
      const { plan, enrol, probe } = functions;
      expect([plan, enrol, probe]).toMatchObject([
        { gpu: true, cpu, memory, instances: 1, attempts: 30 },
        { gpu: true, cpu, memory, instances: 7, attempts: 30 },
        { gpu: true, cpu, memory, instances: 7, attempts: 30 },
      ]);
      expect(Object.values(functions).filter((one) => one.gpu)).toHaveLength(4);
    },
  );

  test('sign-up can be open where credits are bought', () => {
    const secrets = '{api={STRIPE_API_KEY="key",STRIPE_WEBHOOK_SECRET="signing"}}';
    expect(Object.keys(values({ sign_up: 'open', secrets }).secret_grants)).toContain('api-key');
  });

  test('a secret is granted to the function that is given it', () => {
    expect(values({ secrets: '{notify={KEY="the-key"},api={STRIPE_API_KEY="stripe"}}' }).secret_grants).toEqual({
      'notify-the-key': { function: 'notify', secret: 'the-key' },
      'api-stripe': { function: 'api', secret: 'stripe' },
      // The service's own, for whoever signs with what is derived from it.
      'api-rewound-secret': { function: 'api', secret: 'rewound-secret' },
      'deliver-rewound-secret': { function: 'deliver', secret: 'rewound-secret' },
    });
    expect(Object.keys(values({ name: 'other', secret: 'mine' }).secret_grants)).toEqual(['api-mine', 'deliver-mine']);
  });

  test.each([
    ['project', 'My_Project'],
    ['region', 'europe-west4-a'],
    ['name', 'r'],
    ['name', 'a-name-that-is-too-long'],
    ['images', '{cpu="r/p/cpu:latest",gpu="r/p/gpu:1"}'],
    ['images', '{cpu="r/p/cpu",gpu="r/p/gpu:1"}'],
    ['gpu', 'nvidia-h100'],
    ['gpu_quota', '0'],
    ['gpu_quota', '1.5'],
    ['delivery_attempts', '4'],
    ['work_days', '7'],
    ['gallery_days', '7'],
    ['report_days', '0'],
    ['undelete_days', '3'],
    ['kms_key', 'rewound'],
    ['budget', '{account="1",amount=10}'],
    ['budget', '{account="012345-6789AB-CDEF01",amount=0}'],
    ['secrets', '{notify={REWOUND_BUCKET="other"}}'],
    ['secret', 'projects/p/secrets/s'],
    ['backup_days', '99'],
    ['api_instances', '-1'],
    ['origin', 'http://audits.example.com'],
    ['origin', 'https://audits.example.com/'],
    ['sign_up', 'maybe'],
    // Nobody would pay.
    ['sign_up', 'open'],
    ['requests_per_minute', '0'],
    ['webhook_allow', '["10.0.0.1"]'],
    ['google_apis', 'any'],
    // What works on uploads is given no secret.
    ['secrets', '{plan={TOKEN="token"}}'],
    ['secrets', '{conclude={TOKEN="token"}}'],
  ])('refuses %s = %s', (name, value) => {
    const { status, stderr } = withVariables('plan', { [name]: value });
    expect(status).not.toBe(0);
    expect(stderr).toContain('Invalid value for variable');
    expect(stderr).toContain(`variable "${name}"`);
  });
});
