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
  ['photos alone', '1b28cdaa922b628e17f78766200841d4', photos],
  ['a placebo', '7d28e8202619d64188cb7b57d1be06ac', { ...photos, ...people('placebo') }],
  [
    'settings',
    '4ffd1e38c23aa2461b3441c2f6fbb061',
    { ...photos, 'project.json': '{"samples": 1000, "seed": 3, "shards": 4}' },
  ],
  [
    'pseudonyms',
    '0e5a20f74f6b7cfe4d8aeaf52cf25f34',
    { ...photos, 'project.json': `{"identities": "pseudonyms", "pseudonymKey": "${'ab'.repeat(32)}"}` },
  ],
  [
    'settings that cannot be read',
    '6b86bff557c7e9c3326fd76d3620ffe7',
    { ...photos, 'project.json': '{"samples": -1}' },
  ],
  [
    'a card',
    '460f99243ab2d738788699efe3d6350f',
    { ...photos, 'checkpoints/generator.onnx.card.json': '{"image": {"range": [0, 1]}}' },
  ],
  [
    'weights beside the checkpoint',
    '56f04c742c4d94e7378664960a64b3f9',
    { ...photos, 'checkpoints/w.bin': 'weights' },
    ['w.bin'],
  ],
  [
    'a recognizer with weights of its own',
    '76a55753f1a5159b4bde431ce0eb9b39',
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
