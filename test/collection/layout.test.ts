import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Understood, understandPaths } from '../../shared/collection/layout.ts';

function people({ placed }: Understood): string[] {
  return [...new Set(placed.flatMap(({ identity }) => (identity === '' ? [] : [identity])))].sort();
}

/** Paths of `count` photos for each of the folders. */
function folders(names: readonly string[], count = 3, file = (i: number) => `${i + 1}.jpg`): string[] {
  return names.flatMap((name) => Array.from({ length: count }, (_, i) => `${name}/${file(i)}`));
}

const padded = (number: number, width: number) => String(number).padStart(width, '0');

describe('the layout of a collection', () => {
  it('takes one folder a person, and what is deeper as photos of that person', () => {
    const found = understandPaths(['anna/1.jpg', 'anna/old/2.jpg', 'ben/1.jpg']);
    expect(found).toMatchObject({ way: 'folders', above: [] });
    expect(found.placed).toEqual([
      { identity: 'anna', photo: '1.jpg' },
      { identity: 'anna', photo: 'old/2.jpg' },
      { identity: 'ben', photo: '1.jpg' },
    ]);
  });

  it('leaves photos beside the folders of people unlabelled', () => {
    const found = understandPaths([...folders(['anna', 'ben'], 20), 'group.jpg']);
    expect(found.placed.at(-1)).toEqual({ identity: '', photo: 'group.jpg' });
    expect(people(found)).toEqual(['anna', 'ben']);
  });

  it('looks through train and test to the people of VGGFace2', () => {
    const found = understandPaths([
      ...folders(['train/n000002', 'train/n000003'], 3, (i) => `${padded(i, 4)}_01.jpg`),
      ...folders(['test/n000001', 'test/n000002'], 3, (i) => `${padded(i, 4)}_01.jpg`),
    ]);
    expect(found).toMatchObject({ way: 'folders', above: ['test', 'train'] });
    expect(people(found)).toEqual(['n000001', 'n000002', 'n000003']);
    const ofTwo = found.placed.filter(({ identity }) => identity === 'n000002').map(({ photo }) => photo);
    expect(new Set(ofTwo).size).toBe(6);
  });

  it('looks through a folder that holds everything, however many levels deep', () => {
    const found = understandPaths(folders(['release/images/anna', 'release/images/ben']));
    expect(found.above).toEqual(['release', 'images']);
    expect(people(found)).toEqual(['anna', 'ben']);
  });

  it('takes the folders of FFHQ, a thousand photos each, for no people', () => {
    const paths = Array.from(
      { length: 2500 },
      (_, i) => `images1024x1024/${padded(Math.floor(i / 1000) * 1000, 5)}/${padded(i, 5)}.png`,
    );
    expect(understandPaths(paths)).toMatchObject({ way: 'nothing', because: 'storage-folders' });
  });

  it('takes the folders of a StyleGAN data set for no people, also where few photos are left in them', () => {
    const paths = Array.from({ length: 300 }, (_, i) => i * 10).map(
      (i) => `${padded(Math.floor(i / 1000), 5)}/img${padded(i, 8)}.png`,
    );
    expect(understandPaths(paths)).toMatchObject({ way: 'nothing', because: 'storage-folders' });
  });

  it('takes folders named by the beginning of a digest for no people', () => {
    const paths = Array.from({ length: 64 }, (_, i) => {
      const digest = (0x1234_5678 * (i + 1)).toString(16).padEnd(20, 'a');
      return `${digest.slice(0, 2)}/${digest}.jpg`;
    });
    expect(understandPaths(paths)).toMatchObject({ way: 'nothing', because: 'storage-folders' });
  });

  it('takes numbered folders whose files go on counting for no people', () => {
    const paths = Array.from({ length: 450 }, (_, i) => `part_${Math.floor(i / 150)}/${i}.jpg`);
    expect(understandPaths(paths)).toMatchObject({ way: 'nothing', because: 'storage-folders' });
  });

  it('takes the numbered folders of CASIA, whose files count from one in each, for people', () => {
    const found = understandPaths(
      folders(
        Array.from({ length: 30 }, (_, i) => padded(45 + i, 7)),
        12,
        (i) => `${padded(i + 1, 3)}.jpg`,
      ),
    );
    expect(found.way).toBe('folders');
    expect(people(found)).toHaveLength(30);
  });

  it('takes numbered folders of CelebA, whose files are numbered over the whole set, for people', () => {
    const paths = Array.from({ length: 400 }, (_, i) => `${2880 + ((i * 7) % 40)}/${padded(i + 1, 6)}.jpg`);
    expect(people(understandPaths(paths))).toHaveLength(40);
  });

  it('takes people below initials or countries, and not these, for people', () => {
    const names = Array.from({ length: 60 }, (_, i) => `${'abc'[i % 3]}/${'abc'[i % 3]}_person_${'x'.repeat(i)}`);
    const found = understandPaths(folders(names));
    expect(people(found)).toHaveLength(60);
    expect(found.above).toEqual(['a', 'b', 'c']);
  });

  it('takes sessions below a person for photos of that person', () => {
    const names = Array.from({ length: 12 }, (_, i) => [
      `person${'abcdefghijkl'[i]}/0`,
      `person${'abcdefghijkl'[i]}/1`,
    ]).flat();
    expect(people(understandPaths(folders(names)))).toHaveLength(12);
  });

  it('takes the names of a flat LFW for people where they repeat', () => {
    const found = understandPaths(['Ann_Lee_0001.jpg', 'Ann_Lee_0002.jpg', 'Bo_van_Dyk_0001.jpg']);
    expect(found).toMatchObject({ way: 'names', above: [] });
    expect(found.placed[1]).toEqual({ identity: 'Ann_Lee', photo: 'Ann_Lee_0002.jpg' });
  });

  it.each([
    ['numbered photos', Array.from({ length: 50 }, (_, i) => `${padded(i, 5)}.png`)],
    ['the files of two cameras', Array.from({ length: 50 }, (_, i) => `${i % 2 ? 'IMG' : 'DSC'}_${padded(i, 4)}.JPG`)],
    [
      'photos named by a digest',
      Array.from({ length: 50 }, (_, i) => `${(i * 7919).toString(16).padStart(32, 'c')}.jpg`),
    ],
    ['one series', Array.from({ length: 50 }, (_, i) => `anna_${i + 1}.jpg`)],
  ])('takes %s in one folder for unlabelled', (_, paths) => {
    expect(understandPaths(paths)).toMatchObject({ way: 'nothing', because: 'flat' });
  });

  it('takes photos directly in train and test for unlabelled', () => {
    const found = understandPaths(folders(['train', 'test'], 40, (i) => `${i}.jpg`));
    expect(found).toMatchObject({ way: 'nothing', because: 'splits' });
  });

  it('takes the photos of a single folder for unlabelled', () => {
    expect(understandPaths(folders(['anna'], 5))).toMatchObject({ way: 'nothing', because: 'one-folder' });
  });

  it('does as it is told: innermost folders are people, or nothing is', () => {
    const paths = folders(['00000', '01000'], 3, (i) => `${i}.png`);
    expect(people(understandPaths(paths, 'people'))).toEqual(['00000', '01000']);
    expect(understandPaths(folders(['anna', 'ben']), 'photos')).toMatchObject({ way: 'nothing', because: 'asked' });
  });

  it('keeps every photo, under a name of its own within its person, whatever the paths are', () => {
    const segment = fc.constantFrom('a', 'b', 'train', 'test', '00000', '01000', 'x_1', 'Ann_Lee', 'img');
    const path = fc
      .tuple(fc.array(segment, { maxLength: 4 }), fc.constantFrom('1', '2', 'Ann_Lee_0001', '01001', 'img00000001'))
      .map(([above, file]) => [...above, `${file}.jpg`].join('/'));
    fc.assert(
      fc.property(
        fc.uniqueArray(path, { minLength: 1, maxLength: 40 }),
        fc.constantFrom(undefined, 'people' as const, 'photos' as const),
        (paths, layout) => {
          const { placed } = understandPaths(paths, layout);
          expect(placed).toHaveLength(paths.length);
          const flatly = layout === 'people' ? [] : placed;
          expect(new Set(flatly.map(({ identity, photo }) => `${identity}\n${photo}`)).size).toBe(flatly.length);
        },
      ),
    );
  });
});
