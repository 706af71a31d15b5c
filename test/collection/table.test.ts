import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchTable, parseList, parseTable } from '../../shared/collection/table.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);
const utf16 = (text: string, mark = true) => {
  const bytes = Buffer.from(`${mark ? '\uFEFF' : ''}${text}`, 'utf16le');
  return new Uint8Array(bytes);
};
const rows = (text: string | Uint8Array, personColumn?: string) =>
  parseTable(typeof text === 'string' ? utf8(text) : text, { personColumn }).rows.map(({ file, person }) => [
    file,
    person,
  ]);

describe('a table of people', () => {
  const expected = [
    ['000001.jpg', '2880'],
    ['000002.jpg', '2937'],
  ];

  it.each([
    ["CelebA's, separated by spaces", '000001.jpg 2880\n000002.jpg 2937\n'],
    ['laid out with several spaces', '000001.jpg   2880\n000002.jpg   2937\n'],
    ['with the number of rows in the first line', '2\n000001.jpg 2880\n000002.jpg 2937\n'],
    ['separated by tabs', '000001.jpg\t2880\n000002.jpg\t2937'],
    ['separated by commas, with a header', 'file,person\n000001.jpg,2880\n000002.jpg,2937\n'],
    ['separated by semicolons, with line ends of Windows', 'file;person\r\n000001.jpg;2880\r\n000002.jpg;2937\r\n'],
    ['with the columns the other way round', '2880,000001.jpg\n2937,000002.jpg\n'],
    ['with backslashes', 'file,person\n.\\000001.jpg,2880\n\\000002.jpg,2937\n'],
    ['of JSON lines', '{"file_name":"000001.jpg","person":2880}\n{"file_name":"000002.jpg","person":"2937"}\n'],
    ["of Hugging Face's imagefolder", 'file_name,label\n000001.jpg,2880\n000002.jpg,2937\n'],
  ])('%s is read', (_, text) => {
    expect(rows(text)).toEqual(expected);
  });

  it('is read from UTF-8 with a byte order mark, and from UTF-16 with and without one', () => {
    const text = 'file,person\nä.jpg,Zoë\n';
    for (const bytes of [utf8(`\uFEFF${text}`), utf16(text), utf16(text, false)]) {
      expect(rows(bytes)).toEqual([['ä.jpg', 'Zoë']]);
    }
    expect(rows(Buffer.from(text, 'latin1'))).toEqual([['ä.jpg', 'Zoë']]);
  });

  it('keeps separators within quotes, whatever a cell holds', () => {
    const cell = fc
      .string({ unit: fc.constantFrom('a', 'é', ',', ';', ' ', '"', '-'), minLength: 1, maxLength: 8 })
      .map((one) => `x${one}x`);
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 20 }), (cells) => {
        const quoted = (value: string) => `"${value.replaceAll('"', '""')}"`;
        const text = [
          'file,person',
          ...cells.map(([file, person]) => `${quoted(`${file}.jpg`)},${quoted(person)}`),
        ].join('\n');
        expect(rows(text)).toEqual(cells.map(([file, person]) => [`${file}.jpg`, person]));
      }),
    );
  });

  it('takes the column that was asked for, by name or by number', () => {
    expect(rows('file,age,who\na.jpg,30,ann\n', 'who')).toEqual([['a.jpg', 'ann']]);
    expect(rows('a.jpg 30 ann\nb.jpg 31 bo\n', '3')).toEqual([
      ['a.jpg', 'ann'],
      ['b.jpg', 'bo'],
    ]);
  });

  it('reads the side of a photo, and counts rows that name none', () => {
    const {
      rows: read,
      incomplete,
      columns,
    } = parseTable(utf8('file,person,side\na.jpg,ann,members\nb.jpg,bo,Control\nc.jpg,cy,other\n'));
    expect(read.map(({ side }) => side)).toEqual(['members', 'controls']);
    expect({ incomplete, columns }).toEqual({
      incomplete: 1,
      columns: { file: 'file', person: 'person', side: 'side' },
    });
  });

  it.each([
    ['without a row', 'file,person\n'],
    ['of which several columns could be the person', 'file,age,height\na.jpg,30,180\n'],
    ['with one column', 'a.jpg\nb.jpg\n'],
    ['of JSON that is cut off', '{"file":"a.jpg","person":"ann"}\n{"file"'],
  ])('%s is refused with a cause', (_, text) => {
    expect(() => rows(text)).toThrow(expect.objectContaining({ code: 'TABLE_INVALID' }));
  });

  it('refuses a column that the table does not have', () => {
    expect(() => rows('file,person\na.jpg,ann\n', 'who')).toThrow(expect.objectContaining({ code: 'TABLE_INVALID' }));
  });

  it('never throws anything but TABLE_INVALID, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          parseTable(bytes);
        } catch (error) {
          expect(error).toMatchObject({ code: 'TABLE_INVALID' });
        }
      }),
    );
  });
});

describe('matching a table with photos', () => {
  const paths = ['img/000001.png', 'img/000002.png', 'a/1.jpg', 'b/1.jpg'];
  const people = (text: string) => matchTable(parseTable(utf8(text)), paths);

  it('finds photos by path, by name, and by name without its ending', () => {
    const { found, missing } = people('img/000001.png x\n000002.jpg y\na/1.jpg z\n');
    expect(found.map((row) => row?.person)).toEqual(['x', 'y', 'z', undefined]);
    expect(missing).toBe(0);
  });

  it('does not choose between photos that have the same name', () => {
    const { found, missing } = people('1.jpg x\nnone.jpg y\n');
    expect(found.every((row) => row === undefined)).toBe(true);
    expect(missing).toBe(2);
  });

  it('counts rows that contradict another', () => {
    expect(people('a/1.jpg x\na/1.jpg y\n')).toMatchObject({ contradictory: 1 });
  });
});

describe('a list', () => {
  it('holds one entry a line, without comments, empty lines and repetitions', () => {
    expect(parseList(utf8('# held out\r\nann\r\n\r\n./b/1.jpg\nann\n'))).toEqual(['ann', 'b/1.jpg']);
    expect(() => parseList(utf8('\n'))).toThrow(expect.objectContaining({ code: 'TABLE_INVALID' }));
  });
});
