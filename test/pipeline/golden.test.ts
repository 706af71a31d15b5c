import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { auditId } from '../../shared/pipeline/found.ts';
import { stubCompute } from '../support/stub-compute.ts';
import { tempDir } from '../support/temp.ts';
import { CHECKPOINT, PROJECT, World } from '../support/world.ts';

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
  return auditId(new World({ folder, compute }).context, CHECKPOINT);
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
  ['photos alone', 'f4c2a3620b3d620e7180ea52f83fd10b', photos],
  ['a placebo', '607d9c3400d9694bd61578d747dba310', { ...photos, ...people('placebo') }],
  [
    'settings',
    '7f8d6e5bdd99a14f9fd60e62af2ad474',
    { ...photos, 'project.json': '{"samples": 1000, "seed": 3, "shards": 4}' },
  ],
  [
    'pseudonyms',
    '3a063dac6d3ebc4e8b32f538996c0f2b',
    { ...photos, 'project.json': `{"identities": "pseudonyms", "pseudonymKey": "${'ab'.repeat(32)}"}` },
  ],
  [
    'settings that cannot be read',
    '1d8ea70eacdd599cbb8894ca0037a1e7',
    { ...photos, 'project.json': '{"samples": -1}' },
  ],
  [
    'a card',
    '72d0f1e8c9dd27a6ed8d642c7ee253ac',
    { ...photos, 'checkpoints/generator.onnx.card.json': '{"image": {"range": [0, 1]}}' },
  ],
  [
    'weights beside the checkpoint',
    '5a47de62432641718da457f011134b1b',
    { ...photos, 'checkpoints/w.bin': 'weights' },
    ['w.bin'],
  ],
  [
    'a recognizer with weights of its own',
    'c934722e4762137454379eaa92cb12c1',
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
