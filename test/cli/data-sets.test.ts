import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parquetOf, pictureOf, recordIoOf, tarOf, zipOf } from '../support/collection/archives.ts';
import { tempDir } from '../support/temp.ts';
import { rewound } from './command.ts';

const padded = (value: number, width: number) => String(value).padStart(width, '0');
const text = (value: string) => new TextEncoder().encode(value);
const photo = (name: string) => ({ name, bytes: pictureOf(name) });

/** Folders as `folder/file`, from the names of people and the number of photos of each. */
function folders(people: readonly string[], photos: number, file: (i: number) => string) {
  return people.flatMap((person) => Array.from({ length: photos }, (_, i) => photo(`${person}/${file(i)}`)));
}

const thirty = (name: (i: number) => string) => Array.from({ length: 30 }, (_, i) => name(i));

type Files = readonly { readonly name: string; readonly bytes: Uint8Array }[];

const casia = Array.from({ length: 24 }, (_, i) => ({
  name: `${i}.jpg`,
  bytes: pictureOf(`r${i}`),
  label: Math.floor(i / 3),
}));
const celeba = Array.from({ length: 30 }, (_, i) => photo(`img_align_celeba/${padded(i + 1, 6)}.jpg`));

/** Small data of each layout, by what the page calls it, and what must be said of it. */
const DATA: Readonly<Record<string, { readonly files: Files; readonly says: RegExp }>> = {
  vggface2: {
    files: [
      ...folders(
        thirty((i) => `train/n${padded(i, 6)}`),
        3,
        (i) => `${padded(i, 4)}_01.jpg`,
      ),
      ...folders(
        thirty((i) => `test/n${padded(100 + i, 6)}`),
        2,
        (i) => `${padded(i, 4)}_01.jpg`,
      ),
      { name: 'train/n000001/@eaDir/0000_01.jpg', bytes: pictureOf('thumb') },
    ],
    says: /^people {6}60 people, 150 photos \(2 to 3 a person\); one folder a person below test, train\n.*passed over 1: 1 left by the operating system/,
  },
  lfw: {
    files: folders(
      thirty((i) => `lfw/Ann_Lee${String.fromCharCode(97 + i)}`),
      2,
      (i) => `Ann_Lee_${padded(i + 1, 4)}.jpg`,
    ),
    says: /^people {6}30 people, 60 photos \(2 a person\); one folder a person below lfw/,
  },
  'casia.rec': {
    files: [{ name: '', bytes: recordIoOf(casia) }],
    says: /^people {6}8 people, 24 photos \(3 a person\) from casia\.rec; people from the labels/,
  },
  'img_align_celeba.zip': {
    files: [{ name: '', bytes: zipOf(celeba) }],
    says: /^people {6}10 people, 29 photos \(2 to 3 a person\) from img_align_celeba\.zip, identity_CelebA\.txt; people from a table\n.*passed over 1: 1 not in the table/,
  },
  'identity_CelebA.txt': {
    files: [
      {
        name: '',
        bytes: text(
          celeba
            .slice(0, 29)
            .map(({ name }, i) => `${name.slice(17)} ${i % 10}`)
            .join('\n'),
        ),
      },
    ],
    says: /^/,
  },
  imagefolder: {
    files: [
      ...Array.from({ length: 12 }, (_, i) => photo(`${i}.jpg`)),
      {
        name: 'metadata.csv',
        bytes: text(['file_name,person', ...Array.from({ length: 12 }, (_, i) => `${i}.jpg,p${i % 4}`)].join('\n')),
      },
    ],
    says: /^people {6}4 people, 12 photos \(3 a person\) from metadata\.csv; people from a table/,
  },
  'train-00000-of-00001.parquet': {
    files: [{ name: '', bytes: parquetOf(casia, { names: ['ann', 'bo', 'cy', 'di', 'ed', 'flo', 'gus', 'hal'] }) }],
    says: /^people {6}8 people, 24 photos \(3 a person\) from train-00000-of-00001\.parquet; people from the labels/,
  },
  'set-0000.tar': {
    files: [
      {
        name: '',
        bytes: tarOf(
          Array.from({ length: 12 }, (_, i) => [
            photo(`${padded(i, 4)}.jpg`),
            { name: `${padded(i, 4)}.cls`, bytes: text(String(i % 3)) },
          ]).flat(),
        ),
      },
    ],
    says: /^people {6}3 people, 12 photos \(4 a person\) from set-0000\.tar; people from the labels/,
  },
  ffhq: {
    files: Array.from({ length: 60 }, (_, i) => i * 50).map((i) =>
      photo(`images1024x1024/${padded(Math.floor(i / 1000) * 1000, 5)}/${padded(i, 5)}.png`),
    ),
    says: /^people {6}60 photos; nothing says who is in a photo \(the folders hold numbered files, and are not people\): the recognizer will group them/,
  },
  'dataset.zip': {
    files: [
      {
        name: '',
        bytes: zipOf([
          ...Array.from({ length: 40 }, (_, i) =>
            photo(`${padded(Math.floor((i * 50) / 1000), 5)}/img${padded(i * 50, 8)}.png`),
          ),
          { name: 'dataset.json', bytes: text('{"labels": null}') },
        ]),
      },
    ],
    says: /^people {6}40 photos from dataset\.zip; nothing says who is in a photo/,
  },
  scraped: {
    files: Array.from({ length: 30 }, (_, i) => photo(`${(i * 7919).toString(16).padStart(32, 'c')}.jpg`)),
    says: /^people {6}30 photos; nothing says who is in a photo \(the photos are in one folder\)/,
  },
};

/** Puts all of it into a folder, under the names of the page. */
function dataFolder(): string {
  const folder = tempDir();
  for (const [name, { files }] of Object.entries(DATA)) {
    for (const file of files) {
      const path = join(folder, name, file.name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, file.bytes);
    }
  }
  return folder;
}

/** The commands that the page shows, but for those with a placeholder. */
const COMMANDS = [
  ...readFileSync(join(import.meta.dirname, '../../docs/data.md'), 'utf8').matchAll(/^rewound (people .*)$/gm),
]
  .map(([, command]) => command!)
  .filter((command) => !command.includes('DATA'));

describe('the page on data sets', () => {
  it('shows a command for each layout that is tested here, and no other', () => {
    const named = COMMANDS.flatMap((command) => command.split(' ').filter((word) => Object.hasOwn(DATA, word)));
    expect(named.sort()).toEqual(Object.keys(DATA).sort());
  });

  it.each(COMMANDS)('rewound %s says the right number of people, and how they were told', async (command) => {
    const folder = dataFolder();
    const [verb, data = '', ...rest] = command.split(' ');
    const args = rest.map((word) => (Object.hasOwn(DATA, word) ? join(folder, word) : word));
    const { code, stdout, stderr } = await rewound(verb!, join(folder, data), ...args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(DATA[data]!.says);
  });
});
