import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeEnrolment, encodeEnrolment } from '../../shared/faces/enrolment.ts';
import { decodeGallery, encodeGallery } from '../../shared/faces/gallery.ts';
import { decodeLabels, encodeLabels } from '../../shared/faces/labels.ts';
import { decodeNpy, encodeNpy } from '../../shared/faces/npy.ts';

const mismatch = expect.objectContaining({ code: 'GALLERY_MISMATCH' });
const float = fc.float({ noNaN: true, noDefaultInfinity: true });

/** A .npy file as numpy writes it, of any header and data. */
function npy(header: string, data: Uint8Array, version = 1): Uint8Array {
  const text = new TextEncoder().encode(`${header}\n`);
  const length = version === 1 ? [text.length & 255, text.length >> 8] : [text.length & 255, text.length >> 8, 0, 0];
  return Uint8Array.from([0x93, ...new TextEncoder().encode('NUMPY'), version, 0, ...length, ...text, ...data]);
}

const bytesOf = (data: Float32Array | Float64Array) => new Uint8Array(data.buffer);
const head = (type: string, shape: string, fortran = 'False') =>
  `{'descr': '${type}', 'fortran_order': ${fortran}, 'shape': ${shape}, }`;

describe('a .npy file', () => {
  it('is read back as it was written', () => {
    const matrix = fc
      .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }))
      .chain(([rows, columns]) =>
        fc
          .array(float, { minLength: rows * columns, maxLength: rows * columns })
          .map((values) => ({ rows, columns, data: Float32Array.from(values) })),
      );
    fc.assert(
      fc.property(matrix, (written) => {
        const file = encodeNpy(written);
        expect(decodeNpy(file)).toEqual(written);
        expect(file.length % 64).toBe(written.data.byteLength % 64);
      }),
    );
  });

  it.each([1, 2, 3])('of version %d is read', (version) => {
    const file = npy(head('<f4', '(2, 1)'), bytesOf(Float32Array.of(1, 2)), version);
    expect(decodeNpy(file)).toEqual({ rows: 2, columns: 1, data: Float32Array.of(1, 2) });
  });

  it('of doubles is read as floats', () => {
    const file = npy(head('<f8', '(1, 2)'), bytesOf(Float64Array.of(0.1, -2)));
    expect(decodeNpy(file).data).toEqual(Float32Array.of(0.1, -2));
  });

  it.each([
    ['nothing', new Uint8Array()],
    ['another file', new TextEncoder().encode('identity,photo\nx,y\n')],
    ['a header cut short', npy(head('<f4', '(1, 1)'), new Uint8Array()).subarray(0, 30)],
    ['a header longer than any', npy(head('<f4', '(1, 1)').padEnd(70_000), new Uint8Array(4), 2)],
    ['data cut short', npy(head('<f4', '(2, 2)'), new Uint8Array(15))],
    ['data too long', npy(head('<f4', '(2, 2)'), new Uint8Array(17))],
    ['whole numbers', npy(head('<i4', '(1, 1)'), new Uint8Array(4))],
    ['big-endian floats', npy(head('>f4', '(1, 1)'), new Uint8Array(4))],
    ['one dimension', npy(head('<f4', '(4,)'), new Uint8Array(16))],
    ['three dimensions', npy(head('<f4', '(1, 2, 2)'), new Uint8Array(16))],
    ['no rows', npy(head('<f4', '(0, 4)'), new Uint8Array())],
    ['Fortran order', npy(head('<f4', '(1, 1)', 'True'), new Uint8Array(4))],
    ['objects, which would be a pickle', npy(head('|O', '(1, 1)'), new Uint8Array(8))],
  ])('%s is GALLERY_MISMATCH', (_, file) => {
    expect(() => decodeNpy(file)).toThrow(mismatch);
  });
});

describe('labels', () => {
  it('are read back as they were written, whatever the names are', () => {
    const name = fc.oneof(
      fc.string({ minLength: 1 }),
      fc.string({ minLength: 1, unit: fc.constantFrom('"', ',', '\n', '\r', ' ', 'é', '名') }),
    );
    fc.assert(
      fc.property(fc.array(fc.record({ identity: name, photo: name })), (labels) => {
        expect(decodeLabels(encodeLabels(labels))).toEqual(labels);
      }),
    );
  });

  it.each([
    [
      'a byte order mark and Windows line ends',
      '\uFEFFidentity,photo\r\na,1\r\nb,2\r\n',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    ['further columns in any order', 'age,photo,identity\n3,x,a\n', [['a', 'x']]],
    [
      'no photos: numbered',
      'identity\na\nb\n',
      [
        ['a', '0'],
        ['b', '1'],
      ],
    ],
    ['no line end at the end', 'identity,photo\na,1', [['a', '1']]],
    ['a quoted line break', 'identity,photo\n"a\nb",1\n', [['a\nb', '1']]],
  ])('may have %s', (_, text, rows) => {
    expect(decodeLabels(text)).toEqual(rows.map(([identity, photo]) => ({ identity, photo })));
  });

  it.each([
    ['nothing', ''],
    ['no header', 'a,1\nb,2\n'],
    ['an empty identity', 'identity,photo\n,1\n'],
    ['a quote that does not end', 'identity,photo\n"a,1\n'],
  ])('%s is GALLERY_MISMATCH', (_, text) => {
    expect(() => decodeLabels(text)).toThrow(mismatch);
  });
});

describe('embedded photos', () => {
  const enrolment = {
    embeddings: Float32Array.of(0.6, 0.8, 0, 0, 0, 0),
    states: ['enrolled', 'undetected', 'unreadable'] as const,
  };

  it('are read back as they were written', () => {
    expect(decodeEnrolment(encodeEnrolment(enrolment), 3, 2)).toEqual(enrolment);
  });

  it.each([
    ['of fewer photos', 2, 2],
    ['of longer embeddings', 3, 4],
  ])('%s are GALLERY_MISMATCH', (_, photos, length) => {
    expect(() => decodeEnrolment(encodeEnrolment(enrolment), photos, length)).toThrow(mismatch);
  });
});

describe('a gallery', () => {
  const roster = [
    { key: 'm', role: 'members' as const, photos: ['1', '2'] },
    { key: 'c', role: 'controls' as const, photos: ['3', '4'] },
  ];
  const embeddings = Float32Array.of(1, 0, 0, 1, 0.6, 0.8, -1, 0);

  it('is read back as it was written, without names', () => {
    const bytes = encodeGallery(embeddings, 2, roster);
    expect(decodeGallery(bytes)).toEqual({
      embeddings,
      length: 2,
      layout: {
        faceStart: Uint32Array.of(0, 2, 4),
        identityOf: Uint32Array.of(0, 0, 1, 1),
        isMember: Uint8Array.of(1, 0),
      },
    });
    expect(new TextDecoder('latin1').decode(bytes)).not.toContain('"m"');
  });

  it('with more or fewer faces than it says is GALLERY_MISMATCH', () => {
    expect(() => decodeGallery(encodeGallery(embeddings.subarray(2), 2, roster))).toThrow(mismatch);
  });
});
