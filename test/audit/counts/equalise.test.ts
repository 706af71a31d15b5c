import { describe, expect, it } from 'vitest';
import { equalise } from '../../../shared/audit/counts/equalise.ts';

describe('equalise', () => {
  const people = [
    { key: 'ada', photos: ['1', '2', '3', '4', '5', '6', '7', '8'] },
    { key: 'ben', photos: ['1', '2', '3'] },
    { key: 'cho', photos: ['a', 'b', 'c', 'd'] },
  ];
  const names = (list: typeof people, seed: number) => {
    const { photosPerIdentity, chosen } = equalise(list, seed);
    const picked = list.map(({ key, photos }, i) => [key, chosen[i]!.map((place) => photos[place]!).sort()] as const);
    for (const [, photos] of picked) expect(new Set(photos).size).toBe(photosPerIdentity);
    return new Map(picked);
  };

  it('gives everybody as many photos as the one with the fewest has', () => {
    expect(equalise(people, 1).photosPerIdentity).toBe(3);
    expect(equalise(people.slice(0, 1), 1).photosPerIdentity).toBe(5);
  });

  it('chooses the same photos in any order of people and photos', () => {
    const turned = people.map(({ key, photos }) => ({ key, photos: photos.toReversed() })).reverse();
    expect(names(turned, 1)).toEqual(names(people, 1));
    expect(names(people, 2)).not.toEqual(names(people, 1));
  });

  it('refuses people without photos', () => {
    const empty = expect.objectContaining({ code: 'GALLERY_EMPTY' });
    expect(() => equalise([], 1)).toThrow(empty);
    expect(() => equalise([...people, { key: 'dee', photos: [] }], 1)).toThrow(empty);
  });
});
