/** What the configuration and the code must say alike. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { API } from '../../functions/api.ts';
import { functions } from '../../functions/index.ts';
import { readServiceSettings } from '../../functions/settings.ts';
import { droppedCheckpoint, keys } from '../../shared/pipeline/base/layout.ts';
import { recordPaths } from '../../shared/pipeline/base/record-paths.ts';
import { STAGES } from '../../shared/pipeline/base/stages.ts';
import { tombstoneOf } from '../../shared/pipeline/runs/tombstones.ts';
import { ACCOUNT_COLLECTIONS, isOfAccounts } from '../../shared/platform/google/parted.ts';
import { pushEndpoint } from '../../shared/platform/google/push.ts';
import { newId } from '../../shared/service/core/ids.ts';
import { ownerOf, paths } from '../../shared/service/core/paths.ts';
import { folder, terraform } from './files.ts';

const text = (file: string) => readFileSync(join(folder, file), 'utf8');
const source = (file: string) => readFileSync(join(folder, '..', file), 'utf8');

test('every function has its service, and no other', () => {
  const tables = ['gpu_functions', 'cpu_functions'].map((name) => terraform.locals.get(name));
  expect(tables.flatMap((table) => Object.keys(table ?? {})).sort()).toEqual([...functions.keys()].sort());
  expect(text('functions.tf')).toMatch(new RegExp(`^ +${API} = \\{$`, 'm'));
});

test('many messages at once are for what only waits, and the service is told as many as it is sent', () => {
  const many = [...text('functions.tf').matchAll(/^ {4}(\w+) = \{\n(?: {6}.*\n)*? {6}concurrency += (\d+)$/gm)];
  expect(many.map(([, name]) => name)).toEqual(['deliver']);
  for (const [, , most] of many) expect(Number(most)).toBeGreaterThan(1);
  expect(text('services.tf')).toMatch(/max_instance_request_concurrency = lookup\(each\.value, "concurrency", 1\)\n/);
  expect(text('services.tf')).toMatch(/REWOUND_CONCURRENCY += tostring\(lookup\(each\.value, "concurrency", 1\)\)\n/);
});

describe('every setting that services read is set, and no other', () => {
  const readBy = (schema: string) => {
    const [, fields = ''] = source('functions/settings.ts').split(`const ${schema} = z\n  .object({\n`);
    const own = fields.slice(0, fields.indexOf('\n  })\n'));
    return [...own.matchAll(/^ {4}(FUNCTION_TARGET|REWOUND_\w+|STRIPE_\w+):/gm)].map(([, name = '']) => name);
  };
  const setIn = (file: string) =>
    [...text(file).matchAll(/^ +(FUNCTION_TARGET|REWOUND_\w+) += /gm)].map(([, name]) => name);
  const ofLocal = (name: string) => Object.keys(terraform.locals.get(name) ?? {});
  const everywhere = readBy('environmentSchema');
  const hosted = readBy('serviceSchema');

  test('in all of them', () => {
    expect(setIn('services.tf').sort()).toEqual([...everywhere, ...ofLocal('service_environment')].sort());
    // By the same rule as functions that need it refuse to start without, and all others with it.
    expect(text('services.tf')).toContain('local.accounts_environment : name => value if each.value.accounts != null');
    expect(text('api.tf')).toContain('merge(local.environment, local.accounts_environment,');
  });

  test('in those of the hosted service', () => {
    const plain = ofLocal('service_environment');
    // What is secret comes from Secret Manager: one for all, the payment service's for whoever has it.
    const secret = hosted.filter((name) => !plain.includes(name));
    expect(secret).toEqual(['REWOUND_SECRET', 'STRIPE_API_KEY', 'STRIPE_WEBHOOK_SECRET']);
    expect(plain.every((name) => hosted.includes(name))).toBe(true);
    expect(text('grants.tf')).toContain('for variable in ["REWOUND_SECRET"]');
    for (const name of secret.slice(1)) expect(text('terraform.tfvars.example')).toContain(name);
  });

  test('and is told of to whoever runs it', () => {
    const docs = source('docs/service.md');
    for (const name of hosted) expect(docs, name).toContain(`\`${name}\``);
  });

  test('and is taken as it is set by default', () => {
    const { settings } = readServiceSettings({
      REWOUND_SECRET: Buffer.alloc(32, 1).toString('base64'),
      REWOUND_ORIGIN: 'https://rewound-api-123456789012.europe-west4.run.app',
      REWOUND_SIGN_UP: String(terraform.variables.get('sign_up')?.default),
      REWOUND_WEBHOOK_ALLOW: '',
      REWOUND_REQUESTS_PER_MINUTE: String(terraform.variables.get('requests_per_minute')?.default),
      REWOUND_PROXIED: 'true',
    });
    expect(settings).toEqual({
      origin: 'https://rewound-api-123456789012.europe-west4.run.app',
      signUp: 'closed',
      stripe: null,
      webhookAllow: [],
      requestsPerMinute: readServiceSettings({
        REWOUND_SECRET: Buffer.alloc(32, 1).toString('base64'),
        REWOUND_ORIGIN: 'https://a.example',
      }).settings.requestsPerMinute,
      proxied: true,
    });
  });
});

test('the API is asked for its health where it answers, and cut off after whoever watches has been let go', () => {
  expect(source('shared/service/http/routes/health.ts')).toContain("path: '/v1/health'");
  expect(text('api.tf')).toContain('path = "/v1/health"');
  const watch = /WATCH_MS = (\d+) \* 60_000/.exec(source('shared/service/http/watch.ts'))?.[1];
  const timeout = /timeout += "(\d+)s"/.exec(text('api.tf'))?.[1];
  expect(Number(timeout)).toBeGreaterThan(Number(watch) * 60);
  // Longer than Cloud Run allows.
  expect(Number(timeout)).toBeLessThanOrEqual(3600);
});

test('a browser may send the headers that addresses of uploads are signed with', () => {
  const uploads = source('shared/platform/google/uploads.ts');
  const headers = /response_header = \[([^\]]*)\]/.exec(text('storage.tf'))?.[1]?.match(/[\w-]+/g) ?? [];
  expect(headers).toHaveLength(3);
  for (const header of headers) expect(uploads).toContain(`'${header}'`);
});

test('pushes go where functions-framework reads the topic from', () => {
  const { push_endpoint } = z
    .object({ push_config: z.tuple([z.object({ push_endpoint: z.string() })]) })
    .parse(terraform.resources.get('google_pubsub_subscription')?.get('step')).push_config[0];
  const filled = push_endpoint
    .replace(/\$\{google_cloud_run_v2_service[^}]*\}/, 'https://s.a.run.app')
    .replace(/\$\{var\.project\}/, 'p')
    .replace(/\$\{google_pubsub_topic[^}]*\}/, 't');
  expect(filled).toBe(pushEndpoint('https://s.a.run.app', { project: 'p', topic: 't' }));
});

test('areas of the bucket that expire are those that keys begin with', () => {
  const areas = [keys.plan('a'), keys.enrolment('drop/t/p', 'c'), keys.report('a', 'f')].map(
    (key) => key.split('/')[0],
  );
  const rule = /\{ (work = [^}]*) \}/.exec(text('storage.tf'))?.[1] ?? '';
  expect([...rule.matchAll(/(\w+) =/g)].map(([, area]) => area)).toEqual(areas);
});

test('every collection of records is exempt from what would make it slow', () => {
  const all = Object.values(recordPaths).flatMap((path) => STAGES.map((stage) => path('a', stage)));
  // A path of an odd number of names is a collection's, one of an even number a document's in it.
  const names = all.map((path) => path.split('/')).map((segments) => segments.at(segments.length % 2 === 0 ? -2 : -1));
  // And what the pipeline may know of an account's audit, and of what was erased.
  const others = [paths.admission('a', 'b'), tombstoneOf('a')].map((path) => path.split('/')[0]);
  expect(terraform.locals.get('audit_collections')).toEqual([...new Set(names), ...others]);
  expect([...names, ...others].filter((name) => isOfAccounts(name ?? ''))).toEqual([]);
});

test('so is every collection of the hosted service', () => {
  const files = globSync('shared/service/**/*.ts', { cwd: join(folder, '..') }).map(source);
  const below = files.flatMap((file) => [...file.matchAll(/accounts\/\$\{account\}\/([\w-]+)/g)]);
  const above = [...source('shared/service/core/paths.ts').matchAll(/['`](?!drop|admissions)([\w-]+)\/[$\w]/g)];
  const agenda = files.flatMap((file) => [...file.matchAll(/^const AGENDA = '([\w-]+)'/gm)]);
  const found = new Set([...below, ...above, ...agenda].map(([, name]) => name));
  const known = z.array(z.string()).parse(terraform.locals.get('account_collections'));
  expect([...found].sort()).toEqual([...known].sort());
  // All of them go to the accounts' database, by the first name of their path.
  const first = new Set([...above, ...agenda].map(([, name]) => name));
  expect([...first].sort()).toEqual([...ACCOUNT_COLLECTIONS].sort());
});

describe('the filter before plan', () => {
  const run = (message: unknown): unknown =>
    runInNewContext(`${text('checkpoints-only.js')}; checkpointsOnly(message, {})`, { message });
  const passes = (objectId: string) => run({ data: '', attributes: { objectId } }) !== null;

  test('keeps photos away', () => {
    expect(passes('drop/tenant/project/members/ada/1.jpg')).toBe(false);
    expect(passes('drop/tenant/project/project.json')).toBe(false);
    expect(passes('drop/tenant/project/members/checkpoints/1.jpg')).toBe(false);
  });

  test('lets checkpoints and messages of others through', () => {
    expect(passes('drop/tenant/project/checkpoints/a/generator.onnx')).toBe(true);
    expect(run({ data: 'x', attributes: {} })).not.toBeNull();
    expect(run({ data: 'x' })).not.toBeNull();
  });

  test('lets everything through that plan would take for a checkpoint', () => {
    const segment = fc.constantFrom('drop', 'work', 'tenant', 'checkpoints', 'members', 'a.onnx', '');
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 7 }), (segments) => {
        const key = segments.join('/');
        if (droppedCheckpoint(key)) expect(passes(key)).toBe(true);
      }),
    );
  });

  test('keeps away what accounts upload, which is planned when they start it', () => {
    const project = `drop/${newId('account')}/an-audit`;
    expect(ownerOf(project)).toBeDefined();
    expect(passes(`${project}/checkpoints/generator.onnx`)).toBe(false);
    expect(passes('drop/acc_short/an-audit/checkpoints/generator.onnx')).toBe(true);
  });
});
