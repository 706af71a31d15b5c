import { expect, onTestFinished, test } from 'vitest';
import { listSide } from '../../../shared/pipeline/planning/list-side.ts';
import type { Part, PhotoSide } from '../../../shared/pipeline/planning/people.ts';
import type { Settings } from '../../../shared/pipeline/planning/settings.ts';
import { openLocal } from '../../../shared/platform/local/index.ts';
import { pictureOf, tarGzOf, tarOf, zipOf } from '../../support/collection/archives.ts';
import { stubCompute } from '../../support/stub-compute.ts';
import { tempDir } from '../../support/temp.ts';
import { PROJECT, put } from '../../support/world.ts';

type People = NonNullable<Settings['people']>;

async function sideIn(folder: string, part: Part, people?: People): Promise<PhotoSide | undefined> {
  const platform = openLocal({ folder, exclusive: false });
  onTestFinished(() => platform.close());
  const side = await listSide({ objects: platform.objects, compute: stubCompute() }, PROJECT, part, people);
  return side?.kind === 'photos' ? side : undefined;
}

/** The members in a folder of these files. */
async function listedOf(files: Readonly<Record<string, Uint8Array>>, people?: People): Promise<PhotoSide> {
  const folder = tempDir();
  for (const [name, bytes] of Object.entries(files)) put(folder, `members/${name}`, bytes);
  const side = await sideIn(folder, 'members', people);
  expect(side).toBeDefined();
  return side!;
}

function listed(...files: string[]): Promise<PhotoSide> {
  return listedOf(Object.fromEntries(files.map((file) => [file, Buffer.from(file)])));
}

/** The photos found in a folder of these files, as identity and photo. */
async function found(...files: string[]): Promise<string[]> {
  return (await listed(...files)).photos.map(({ identity, photo }) => `${identity}: ${photo}`);
}

test('photos of formats that cannot be read are passed over as such, and notes as no pictures', async () => {
  const formats = ['bmp', 'heic', 'heif', 'jp2', 'jxl'];
  const files = [
    ...formats.map((format) => `ann/1.${format}`),
    'ann/notes.txt',
    'ann/1.jpg.xmp',
    'ann/1.JPG',
    'bo/1.jfif',
  ];
  const side = await listed(...files);
  expect(side.photos.map(({ identity, photo }) => `${identity}: ${photo}`)).toEqual(['ann: 1.JPG', 'bo: 1.jfif']);
  expect(side.understood.passed).toEqual({ format: formats.length, 'not-a-picture': 2 });
  expect(side.passed.map(({ name }) => name).sort()).toEqual(files.filter((file) => !/JPG|jfif/.test(file)).sort());
});

test('photos beside the folders of people are people of their own, named like the file', async () => {
  const people = ['cy', 'di', 'ed', 'flo', 'gus', 'hal'].map((name) => `${name}/1.jpg`);
  const flat = await found('ann.jpg', 'bob.jpg', 'bob.png');
  expect(flat).toEqual(['ann: ann.jpg', 'bob.jpg: bob.jpg', 'bob.png: bob.png']);
  expect(await found('ann.jpg', ...people)).toContain('ann: ann.jpg');
});

test('photos in an archive are those of the folder that was packed, and no object of their own', async () => {
  const names = ['ann/1.jpg', 'ann/2.jpg', 'bo/1.jpg', 'bo/2.jpg'];
  const files = names.map((name) => ({ name, bytes: pictureOf(name) }));
  const loose = await found(...names);
  for (const [archive, bytes] of [
    ['faces.zip', zipOf(files)],
    ['faces.tar', tarOf(files)],
    ['faces.tar.gz', tarGzOf(files)],
  ] as const) {
    const side = await listedOf({ [archive]: bytes });
    expect(side.photos.map(({ identity, photo }) => `${identity}: ${photo}`)).toEqual(loose);
    expect(new Set(side.photos.map(({ key }) => key))).toEqual(new Set([`${PROJECT}/members/${archive}`]));
    expect(new Set(side.photos.map(({ md5 }) => md5)).size).toBe(names.length);
    expect(side.understood).toMatchObject({
      way: 'folders',
      sources: [archive],
      people: 2,
      photos: 4,
      fewest: 2,
      most: 2,
    });
  }
});

test('a table beside CelebA says who is in its photos, and what it does not name is counted', async () => {
  const files = Array.from({ length: 6 }, (_, i) => ({
    name: `img_align_celeba/00000${i}.jpg`,
    bytes: pictureOf(`${i}`),
  }));
  const table = '000000.jpg 7\n000001.jpg 7\n000002.jpg 9\n000003.jpg 9\n000009.jpg 1\n';
  const side = await listedOf({ 'celeba.zip': zipOf(files), 'identity_CelebA.txt': Buffer.from(table) });
  expect(side.photos.map(({ identity }) => identity)).toEqual(['7', '7', '9', '9']);
  expect(side.understood).toMatchObject({
    way: 'table',
    sources: ['celeba.zip', 'identity_CelebA.txt'],
    passed: { 'not-in-table': 2 },
    rows: { missing: 1, incomplete: 0, contradictory: 0 },
  });
});

test('a table of another collection is refused', async () => {
  const files = { '1.jpg': pictureOf('1'), 'metadata.csv': Buffer.from('file_name,person\nother.jpg,ann\n') };
  await expect(listedOf(files)).rejects.toMatchObject({ code: 'TABLE_INVALID' });
});

test('one collection is parted by two lists, of people or of files', async () => {
  const folder = tempDir();
  for (const person of ['ann', 'bo', 'cy'])
    for (const i of [1, 2]) put(folder, `collection/${person}/${i}.jpg`, `${person}${i}`);
  put(folder, 'members.txt', 'ann\nbo/1.jpg\n');
  put(folder, 'controls.txt', 'cy\n');
  const side = async (part: Part) =>
    (await sideIn(folder, part))?.photos.map(({ identity, photo }) => `${identity}/${photo}`);
  expect(await side('members')).toEqual(['ann/1.jpg', 'ann/2.jpg', 'bo/1.jpg']);
  expect(await side('controls')).toEqual(['cy/1.jpg', 'cy/2.jpg']);
  expect(await side('placebo')).toBeUndefined();
});

test('the layout that is asked for overrules what was understood', async () => {
  const files = Object.fromEntries(
    ['00000/00000.png', '00000/00001.png', '01000/01000.png', '01000/01001.png'].map((name) => [name, pictureOf(name)]),
  );
  expect((await listedOf(files)).understood).toMatchObject({
    way: 'nothing',
    because: 'storage-folders',
    people: 0,
    unlabelled: 4,
  });
  expect((await listedOf(files, { layout: 'people' })).understood).toMatchObject({
    way: 'folders',
    people: 2,
    unlabelled: 0,
  });
});
