/** What the configuration and the code must say alike. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { dropPlace, keys, records } from '../../shared/pipeline/keys.ts';
import { pushEndpoint } from '../../shared/platform/google/push.ts';
import { folder, terraform } from './files.ts';

const text = (file: string) => readFileSync(join(folder, file), 'utf8');
const source = (file: string) => readFileSync(join(folder, '..', file), 'utf8');

test('every setting that services read is set, and no other', () => {
  const read = [...source('functions/context-settings.ts').matchAll(/^ {4}(FUNCTION_TARGET|REWOUND_\w+):/gm)];
  const set = [...text('services.tf').matchAll(/^ +(FUNCTION_TARGET|REWOUND_\w+) +=/gm)];
  const names = (matches: readonly RegExpMatchArray[]) => matches.map(([, name]) => name).sort();
  expect(names(set)).toEqual(names(read));
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
  const paths = Object.values(records).flatMap((path) =>
    (['enrol', 'probe'] as const).map((stage) => path('a', stage)),
  );
  // A path of an odd number of names is a collection's, one of an even number a document's in it.
  const names = paths
    .map((path) => path.split('/'))
    .map((segments) => segments.at(segments.length % 2 === 0 ? -2 : -1));
  const collections = [...new Set(names)];
  expect(/toset\(\[([^\]]*)\]/.exec(text('records.tf'))?.[1]?.match(/[\w-]+/g)).toEqual(collections);
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
        if (dropPlace(key)) expect(passes(key)).toBe(true);
      }),
    );
  });
});
