import { expect, onTestFinished, test } from 'vitest';
import { encodeLabels } from '../../../shared/faces/labels.ts';
import { encodeNpy } from '../../../shared/faces/npy.ts';
import { LENGTH } from '../../support/stub-compute.ts';
import { tempDir } from '../../support/temp.ts';
import { makeProject, names, put, World } from '../../support/world.ts';

/** What the stub's faces are: 16 pixels between the eyes. */
const ABOUT = { schema: 'rewound.gallery/1', recognizer: 'directions', embedding: LENGTH, eyeDistance: 16 };

/** An audit of two galleries of embeddings, each with what is said of how it was made. */
async function audited(members: string | object, controls: string | object = ABOUT) {
  const folder = tempDir();
  makeProject(folder, { shows: [], members: [], controls: [] });
  for (const [role, people, about] of [
    ['members', names('m', 12), members],
    ['controls', names('c', 24), controls],
  ] as const) {
    const salt = role === 'members' ? 1 : 100;
    const data = Float32Array.from({ length: people.length * LENGTH }, (_, i) => Math.sin(salt + i * i));
    put(folder, `${role}/embeddings.npy`, encodeNpy({ rows: people.length, columns: LENGTH, data }));
    put(folder, `${role}/labels.csv`, encodeLabels(people.map((identity) => ({ identity, photo: 'a.jpg' }))));
    put(folder, `${role}/gallery.json`, typeof about === 'string' ? about : JSON.stringify(about));
  }
  const world = new World({ folder });
  onTestFinished(() => world.close());
  await world.land();
  await world.run();
  const { state, error } = await world.audit();
  return error ? `${state} ${error.code}` : state;
}

test('galleries that fit the generator and each other are audited', async () => {
  expect(await audited(ABOUT)).toBe('DONE');
});

test.each<[string, string, string | object, (string | object)?]>([
  ['not JSON', 'CARD_INVALID', '{'],
  ['of another schema', 'CARD_INVALID', { ...ABOUT, schema: 'rewound.gallery/2' }],
  ['of another recognizer', 'GALLERY_MISMATCH', { ...ABOUT, recognizer: 'other' }],
  ['of larger faces', 'GALLERY_MISMATCH', { ...ABOUT, eyeDistance: 19 }],
  ['of smaller faces', 'GALLERY_MISMATCH', { ...ABOUT, eyeDistance: 13 }],
  ['of faces as they were', 'GALLERY_MISMATCH', { ...ABOUT, eyeDistance: null }],
  ['not that of the controls', 'GALLERY_MISMATCH', { ...ABOUT, eyeDistance: 16.5 }],
])('a gallery.json that is %s is %s', async (_, code, members, controls) => {
  expect(await audited(members, controls)).toBe(`REJECTED ${code}`);
});
