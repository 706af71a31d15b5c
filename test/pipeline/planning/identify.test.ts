import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { identifyKey } from '../../../shared/pipeline/planning/identify.ts';
import { around } from '../../../shared/platform/around.ts';
import { stubCompute } from '../../support/stub-compute.ts';
import { tempDir } from '../../support/temp.ts';
import { CHECKPOINT, makeProject, PROJECT, put, World } from '../../support/world.ts';

/** The id of the audit that these files of a project start. */
function idOf(files: Readonly<Record<string, string>>, externalFiles: readonly string[] = []): Promise<unknown> {
  const folder = tempDir();
  for (const [name, content] of Object.entries({ 'checkpoints/generator.onnx': 'a generator', ...files })) {
    const path = join(folder, PROJECT, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  const stub = stubCompute();
  const compute = stubCompute({
    inspect: async (request) => ({ ...(await stub.inspect(request)), externalFiles }),
    weightFiles: async () => ['own.weights'],
  });
  return identifyKey(new World({ folder, compute }).context, CHECKPOINT).then((found) => found?.audit);
}

const people = (part: string) => ({ [`${part}/ada/1.jpg`]: `${part} ada`, [`${part}/bob/1.jpg`]: `${part} bob` });
const photos = { ...people('members'), ...people('controls') };
const recognizer = {
  name: 'own',
  model: 'own.onnx',
  size: 112,
  layout: 'NCHW',
  colour: 'RGB',
  mean: 127.5,
  scale: 0.0078125,
  template: '112',
  embedding: 512,
  licence: 'none',
};

/**
 * An audit's id is a digest of what it is made of. Ids are in the names of stored objects and records, so that one that
 * changes makes every unfinished audit start again: these values may change with the method, and with nothing else.
 */
it.each<[string, string, Readonly<Record<string, string>>, (readonly string[])?]>([
  ['photos alone', '3e4497ada8cba9657582c457c6d652a3', photos],
  ['a placebo', '4930c074def4de2c5acb2e958494225c', { ...photos, ...people('placebo') }],
  [
    'settings',
    '79a958284f568aa6ef9c198ac0e3a9ba',
    { ...photos, 'project.json': '{"samples": 1000, "seed": 3, "shards": 4}' },
  ],
  [
    'pseudonyms',
    'd0b5f9907f1330606b44262834608f30',
    { ...photos, 'project.json': `{"identities": "pseudonyms", "pseudonymKey": "${'ab'.repeat(32)}"}` },
  ],
  [
    'settings that cannot be read',
    'd0221a6e8497e41ec8aaa9b8fd991326',
    { ...photos, 'project.json': '{"samples": -1}' },
  ],
  [
    'a card',
    '4bff54c158087cec50e9624b36a8d49c',
    { ...photos, 'checkpoints/generator.onnx.card.json': '{"image": {"range": [0, 1]}}' },
  ],
  [
    'weights beside the checkpoint',
    'a339e652af7b198891541d12a57ca12a',
    { ...photos, 'checkpoints/w.bin': 'weights' },
    ['w.bin'],
  ],
  [
    'a recognizer with weights of its own',
    'ba0caa4d2ae67cfec7917b8d1dd8b418',
    {
      ...photos,
      'project.json': '{"recognizer": ["built-in", "r/card.json"]}',
      'r/card.json': JSON.stringify(recognizer),
      'r/own.onnx': 'model',
      'r/own.weights': 'weights',
    },
  ],
])('the id of an audit with %s', async (_, id, files, externalFiles) => {
  expect(await idOf(files, externalFiles)).toBe(id);
});

it('planning reads each file of the project once, and asks what the checkpoint is once before it is built', async () => {
  const folder = tempDir();
  makeProject(folder, { shows: ['m10'], settings: { samples: 400 } });
  put(folder, 'checkpoints/generator.onnx.card.json', '{"image": {"range": [-1, 1]}}');
  const reads: string[] = [];
  const world = new World({
    folder,
    wrap: (context) => ({
      ...context,
      objects: around(context.objects, {
        get(go, key) {
          if (key.startsWith('drop/')) reads.push(key.slice(PROJECT.length + 1));
          return go();
        },
      }),
    }),
  });
  await world.land();
  await world.run(() => world.messages('enrol').length > 0);
  // Of the checkpoint itself its first bytes alone, which tell an archive of pictures.
  expect(reads.sort()).toEqual(['checkpoints/generator.onnx', 'checkpoints/generator.onnx.card.json', 'project.json']);
  expect(world.compute.calls).toMatchObject({ inspect: 1, calibrate: 1 });
});
