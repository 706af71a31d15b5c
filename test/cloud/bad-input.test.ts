import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { droppedCheckpoint } from '../../shared/pipeline/base/layout.ts';
import { readAudit } from '../../shared/pipeline/runs/run.ts';
import { type Cloud, hasCloud, startCloud } from '../support/cloud/deployment.ts';
import { DEMO, demoPhoto, people } from '../support/demo.ts';
import { externalModel } from '../support/external-model.ts';

/* What people put into buckets. Each ends in a state whose reason says what to do; nothing is tried for ever. */

const generator = readFileSync(join(DEMO, 'generator.onnx'));
const photo = (name: string) => readFileSync(demoPhoto(name, 0));

type Files = Readonly<Record<string, Uint8Array | string>>;

/** Photos of demo people, one each. */
function side(role: 'members' | 'controls', count: number): Files {
  return Object.fromEntries(people(role, 0, count).map((name) => [`${role}/${name}/1.jpg`, photo(name)]));
}
const PEOPLE = { ...side('members', 4), ...side('controls', 20) };

const PROJECTS: Readonly<Record<string, readonly [files: Files, state: string, code: string]>> = {
  'text that is called a model': [
    { ...PEOPLE, 'checkpoints/g.onnx': 'no model' },
    'REJECTED',
    'CHECKPOINT_UNSUPPORTED',
  ],
  'an empty object': [{ ...PEOPLE, 'checkpoints/g.onnx': '' }, 'REJECTED', 'CHECKPOINT_CORRUPT'],
  'half a model': [
    { ...PEOPLE, 'checkpoints/g.onnx': generator.subarray(0, generator.length / 2) },
    'REJECTED',
    'CHECKPOINT_CORRUPT',
  ],
  'a photo among checkpoints': [
    { ...PEOPLE, 'checkpoints/me.jpg': photo('m000') },
    'REJECTED',
    'CHECKPOINT_UNSUPPORTED',
  ],
  'a model without its weights': [
    { ...PEOPLE, 'checkpoints/g.onnx': externalModel('weights.pb') },
    'REJECTED',
    'CHECKPOINT_CORRUPT',
  ],
  'a checkpoint without people': [{ 'checkpoints/g.onnx': generator }, 'REJECTED', 'NOT_FOUND'],
  'controls without members': [{ ...side('controls', 20), 'checkpoints/g.onnx': generator }, 'REJECTED', 'NOT_FOUND'],
  'members without a photo': [
    { ...side('controls', 20), 'members/notes.txt': 'to come', 'checkpoints/g.onnx': generator },
    'REJECTED',
    'GALLERY_EMPTY',
  ],
  'too few controls': [
    { ...side('members', 4), ...side('controls', 19), 'checkpoints/g.onnx': generator },
    'REJECTED',
    'GALLERY_TOO_SMALL',
  ],
  'embeddings of which half is there': [
    { ...side('controls', 20), 'members/embeddings.npy': 'x', 'checkpoints/g.onnx': generator },
    'REJECTED',
    'GALLERY_EMPTY',
  ],
  'a card that is none': [
    { ...PEOPLE, 'checkpoints/g.onnx.card.json': '{', 'checkpoints/g.onnx': generator },
    'REJECTED',
    'CARD_INVALID',
  ],
  'settings that are none': [
    { ...PEOPLE, 'project.json': '{"samples": "all"}', 'checkpoints/g.onnx': generator },
    'REJECTED',
    'CARD_INVALID',
  ],
  'a recognizer that is not there': [
    { ...PEOPLE, 'project.json': '{"recognizer": "r/card.json"}', 'checkpoints/g.onnx': generator },
    'REJECTED',
    'NOT_FOUND',
  ],
};

describe.skipIf(!hasCloud())('in a bucket', () => {
  let cloud: Cloud;
  beforeAll(async () => {
    cloud = await startCloud();
  });
  afterAll(() => cloud.stop());

  test('what cannot be audited is refused in writing', async () => {
    const deployment = await cloud.deploy();
    onTestFinished(() => deployment.stop());
    const { bucket, firestore, context } = deployment;
    const names = Object.keys(PROJECTS);
    for (const [i, name] of names.entries()) {
      for (const [file, content] of Object.entries(PROJECTS[name]![0])) {
        await bucket.file(`drop/acme/p${i}/${file}`).save(Buffer.from(content));
      }
    }
    const open = async () => {
      const [known, unfinished] = await Promise.all(
        ['audits', 'open-audits'].map((one) => firestore.collection(one).get()),
      );
      return [known!.size, unfinished!.size];
    };
    await expect.poll(open, { interval: 250 }).toEqual([names.length, 0]);

    const found: Record<string, readonly unknown[]> = {};
    for await (const { path } of context.records.list('audits')) {
      const record = (await readAudit(context, path.slice('audits/'.length)))!;
      const project = droppedCheckpoint(record.key)!.project;
      found[names[Number(project.slice('drop/acme/p'.length))]!] = [record.state, record.error?.code];
      expect(record.error?.message).toMatch(/^\S.*\.$/);
      expect(record.error?.help).toMatch(/^\S.*\.$/);
      expect(JSON.stringify(record.error)).not.toMatch(/[mc]0\d\d/);
    }
    expect(found).toEqual(
      Object.fromEntries(Object.entries(PROJECTS).map(([name, [, state, code]]) => [name, [state, code]])),
    );
    // Refused, not failed at: no message came twice, and none ended among the dead.
    expect(deployment.log.filter(({ event }) => event === 'message.failed')).toEqual([]);
  });
});
