import { expect, test } from 'vitest';
import { contentOf, isWhole, requireContent, seal, UNSEALED } from '../shared/seal.ts';

const file = () => Buffer.from(`{"seal":"${UNSEALED}","name":"sha256:${'f'.repeat(64)}"}`);

test('every flipped bit of a sealed file is noticed, those of the seal too', () => {
  const sealed = seal(file());
  expect(isWhole(sealed)).toBe(true);
  for (let bit = 0; bit < 8 * sealed.length; bit++) {
    const damaged = Uint8Array.from(sealed);
    damaged[bit >> 3]! ^= 1 << (bit & 7);
    expect(isWhole(damaged), `bit ${bit}`).toBe(false);
  }
});

test('a file that is cut off, longer, or without a seal is not whole', () => {
  const sealed = seal(file());
  for (let length = 0; length < sealed.length; length++) expect(isWhole(sealed.subarray(0, length))).toBe(false);
  expect(isWhole(Buffer.concat([sealed, Buffer.from(' ')]))).toBe(false);
  expect(isWhole(file())).toBe(false);
  expect(() => seal(Buffer.from('{}'))).toThrow(RangeError);
});

test('to seal twice gives the same file, at any place in memory', () => {
  const once = seal(file());
  const inside = new Uint8Array(once.length + 3);
  inside.set(once, 3);
  expect(seal(inside.subarray(3))).toEqual(Uint8Array.from(once));
  expect(isWhole(inside.subarray(3))).toBe(true);
});

test('what is called by its content is refused as anything else', () => {
  const content = contentOf(file());
  requireContent(file(), content, 'A file');
  expect(() => requireContent(file().subarray(1), content, 'A file')).toThrow(
    expect.objectContaining({ code: 'RESULT_DAMAGED', message: 'A file is damaged: it is not what Rewound wrote.' }),
  );
});
