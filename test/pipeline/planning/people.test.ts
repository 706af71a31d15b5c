import { expect, onTestFinished, test } from 'vitest';
import { listSide } from '../../../shared/pipeline/planning/people.ts';
import { openLocal } from '../../../shared/platform/local/index.ts';
import { tempDir } from '../../support/temp.ts';
import { PROJECT, put } from '../../support/world.ts';

/** The photos found in a folder of these files, as identity and photo. */
async function found(...files: string[]): Promise<string[]> {
  const folder = tempDir();
  for (const file of files) put(folder, `members/${file}`, file);
  const platform = openLocal({ folder });
  onTestFinished(() => platform.close());
  const side = await listSide(platform.objects, PROJECT, 'members');
  return side?.kind === 'photos' ? side.photos.map(({ identity, photo }) => `${identity}: ${photo}`) : [];
}

test('photos that cannot be read are photos, and notes are not', async () => {
  const formats = ['bmp', 'heic', 'heif', 'jfif', 'jp2', 'JPG', 'jxl'];
  const photos = await found(...formats.map((format) => `ann/1.${format}`), 'ann/notes.txt', 'ann/1.jpg.xmp');
  expect(photos.toSorted()).toEqual(formats.map((format) => `ann: 1.${format}`).toSorted());
});

test('in a flat folder every photo is a person of its own', async () => {
  expect(await found('ann.jpg', 'bob.jpg', 'bob.png', 'cy/1.jpg', 'cy/1.png')).toEqual([
    'ann: ann.jpg',
    'bob.jpg: bob.jpg',
    'bob.png: bob.png',
    'cy: 1.jpg',
    'cy: 1.png',
  ]);
});
