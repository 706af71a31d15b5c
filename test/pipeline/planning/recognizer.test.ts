import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { findRecognizers } from '../../../shared/pipeline/planning/recognizer.ts';
import { settingsSchema } from '../../../shared/pipeline/planning/settings.ts';
import { stubCompute } from '../../support/stub-compute.ts';
import { tempDir } from '../../support/temp.ts';
import { PROJECT, World } from '../../support/world.ts';

const CARD = {
  name: 'own',
  model: 'own.onnx',
  size: 32,
  layout: 'NCHW',
  colour: 'RGB',
  mean: 0,
  scale: 1,
  template: '112',
  embedding: 12,
  licence: 'none',
};
const settings = settingsSchema.parse({ recognizer: 'r/card.json' });

/** A project with a recognizer, whose model names these files of weights. */
function projectWith(files: Readonly<Record<string, string>>, names: readonly string[]) {
  const folder = tempDir();
  for (const [name, content] of Object.entries({ 'card.json': JSON.stringify(CARD), 'own.onnx': 'model', ...files })) {
    const path = join(folder, PROJECT, 'r', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  const { context } = new World({ folder, compute: stubCompute({ weightFiles: async () => names }) });
  return findRecognizers(context, PROJECT, settings).then(([found]) => found!);
}

it("a recognizer's files of weights are part of its identity, of the plan and of what is uploaded", async () => {
  const one = await projectWith({ 'w/a.bin': 'one' }, ['w/a.bin']);
  const same = await projectWith({ 'w/a.bin': 'one' }, ['w/a.bin']);
  const other = await projectWith({ 'w/a.bin': 'two' }, ['w/a.bin']);
  const none = await projectWith({}, []);
  expect(same.identity).toEqual(one.identity);
  expect(other.identity).not.toEqual(one.identity);
  expect(none.identity).not.toHaveProperty('weights');
  expect(one.planned).toMatchObject({ external: [{ location: 'w/a.bin', key: `${PROJECT}/r/w/a.bin` }] });
  expect(one.files.map(({ key }) => key.slice(PROJECT.length + 3))).toEqual(['card.json', 'own.onnx', 'w/a.bin']);
  expect(one.request).toMatchObject({ external: [{ location: 'w/a.bin' }] });
});

it('a recognizer that names a file which is not there, or outside its folder, is refused', async () => {
  await expect(projectWith({}, ['gone.bin'])).rejects.toMatchObject({ code: 'CHECKPOINT_CORRUPT' });
  await expect(projectWith({}, ['../project.json'])).rejects.toMatchObject({ code: 'CHECKPOINT_UNSAFE' });
});
