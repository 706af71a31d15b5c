import { expect, it } from 'vitest';
import { kindOf } from '../../../shared/checkpoint/formats/sniff.ts';
import { bytesSource } from '../../../shared/checkpoint/formats/source.ts';
import { CONTAINERS } from '../../support/checkpoint/every-container.ts';

it.each(Object.keys(CONTAINERS))('%s holds weights', (name) => {
  expect(kindOf(bytesSource(CONTAINERS[name]!))).toBe('weights');
});

it.each([
  ['an empty file', '', 'CHECKPOINT_CORRUPT'],
  ['a web page', '<!doctype html>', 'CHECKPOINT_UNSUPPORTED'],
  ['HDF5', '\x89HDF\r\n\x1a\n', 'CHECKPOINT_UNSUPPORTED'],
  ['a text', 'hello.', 'CHECKPOINT_UNSUPPORTED'],
])('%s is refused', (_, text, code) => {
  expect(() => kindOf(bytesSource(Buffer.from(text, 'latin1')))).toThrow(expect.objectContaining({ code }));
});
