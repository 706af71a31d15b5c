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
  ['photos alone', '2dad53a82736356beb30169ba154b0fa', photos],
  ['a placebo', 'a3231861470498e6375f24b9230c2855', { ...photos, ...people('placebo') }],
  [
    'settings',
    'a3292ffc09dca9ef8cd701e31e2965ec',
    { ...photos, 'project.json': '{"samples": 1000, "seed": 3, "shards": 4}' },
  ],
  [
    'pseudonyms',
    'fb08ed28a7200a85b95173a64f51e23e',
    { ...photos, 'project.json': `{"identities": "pseudonyms", "pseudonymKey": "${'ab'.repeat(32)}"}` },
  ],
  [
    'settings that cannot be read',
    'c264fc08577f9ed5fe86bf5b2e217a89',
    { ...photos, 'project.json': '{"samples": -1}' },
  ],
  [
    'a card',
    '563ad9e8cbd4537ec0e74a2a6835f55a',
    { ...photos, 'checkpoints/generator.onnx.card.json': '{"image": {"range": [0, 1]}}' },
  ],
  [
    'weights beside the checkpoint',
    '659b7faa8ca6458954ecc872e783748a',
    { ...photos, 'checkpoints/w.bin': 'weights' },
    ['w.bin'],
  ],
  [
    'a recognizer with weights of its own',
    'ecba28d518d00efe41632e5ab731e496',
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
  expect(reads.sort()).toEqual(['checkpoints/generator.onnx.card.json', 'project.json']);
  expect(world.compute.calls).toMatchObject({ inspect: 1, calibrate: 1 });
});
