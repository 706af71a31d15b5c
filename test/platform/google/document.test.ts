import { Timestamp } from '@google-cloud/firestore';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromDocument, toDocument } from '../../../shared/platform/google/document.ts';
import type { Fields } from '../../../shared/platform/ports.ts';

test('plain values are Firestore’s own, the rest is JSON text', () => {
  const fields = { state: 'DONE', n: 3, ok: true, none: null, nested: [[1]], '': 1, __x__: 2, half: '\ud800' };
  const document = toDocument(fields, 'w');
  expect(document).toEqual({
    fields: { state: 'DONE', n: 3, ok: true, none: null },
    json: '{"nested":[[1]],"":1,"__x__":2,"half":"\\ud800"}',
    writer: 'w',
    expiresAt: null,
  });
  expect(fromDocument(document)).toEqual({ fields, writer: 'w' });
});

test('any JSON object comes back as it was', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ stringUnit: 'binary' })), (value) => {
      const fields: Fields = JSON.parse(JSON.stringify(value));
      expect(fromDocument(toDocument(fields, 'w')).fields).toEqual(fields);
    }),
  );
});

test.each([
  [Date.UTC(2030, 0, 1), Timestamp.fromMillis(Date.UTC(2030, 0, 1))],
  [1.5, Timestamp.fromMillis(1)],
  [-1, null],
  [1e300, null],
  ['tomorrow', null],
])('expiresAt %j is kept as a time for a time-to-live policy', (expiresAt, expected) => {
  expect(toDocument({ expiresAt }, 'w').expiresAt).toEqual(expected);
});

test.each([{}, undefined, { fields: {}, json: '[]', writer: 'w' }, { fields: { a: [] }, json: '{}', writer: 'w' }])(
  'a document that is none of Rewound’s is refused: %j',
  (data) => {
    expect(() => fromDocument(data)).toThrow(expect.objectContaining({ code: 'STATE_DAMAGED' }));
  },
);
