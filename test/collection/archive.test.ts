import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatOf, listArchive, readPictures } from '../../shared/collection/archive.ts';
import type { Listing, Reason } from '../../shared/collection/entry.ts';
import {
  type ArchivedFile,
  parquetOf,
  pictureOf,
  recordIoOf,
  tarGzOf,
  tarMember,
  tarOf,
  zipOf,
} from '../support/collection/archives.ts';
import { tempDir } from '../support/temp.ts';

function fileOf(bytes: Uint8Array): string {
  const path = join(tempDir(), 'archive');
  writeFileSync(path, bytes);
  return path;
}

const list = (bytes: Uint8Array, personColumn?: string) => listArchive(fileOf(bytes), { personColumn });

async function contents(path: string, { entries }: Listing): Promise<Buffer[]> {
  const read: Buffer[] = [];
  for await (const bytes of readPictures(
    path,
    entries.map(({ at }) => at),
  ))
    read.push(Buffer.from(bytes));
  return read;
}

/** Name and content of every photo, by name. */
async function photosIn(bytes: Uint8Array): Promise<Map<string, string>> {
  const path = fileOf(bytes);
  const listing = await listArchive(path);
  const read = await contents(path, listing);
  return new Map(listing.entries.map(({ name }, i) => [name, read[i]!.toString('hex')]));
}

const passed = (listing: Listing) => listing.passed.map(({ name, reason }): [string, Reason] => [name, reason]);
const photos = (count: number): ArchivedFile[] =>
  Array.from({ length: count }, (_, i) => ({
    name: `p${i % 3}/${i}.jpg`,
    bytes: pictureOf(`photo ${i}`, 20 + ((i * 37) % 900)),
  }));

const WRITERS: Readonly<Record<string, (files: readonly ArchivedFile[]) => Buffer>> = {
  'a stored zip': (files) => zipOf(files),
  'a deflated zip': (files) => zipOf(files, { deflate: true }),
  'a tar': (files) => tarOf(files),
  'a tar of GNU': (files) => tarOf(files, { gnu: true }),
  'a compressed tar': tarGzOf,
};

describe.each(Object.entries(WRITERS))('%s', (_, write) => {
  it('gives back every photo that was put into it', async () => {
    const name = fc
      .array(fc.string({ unit: fc.constantFrom('a', 'é', '中', ' ', '_', '-'), minLength: 1, maxLength: 40 }), {
        minLength: 1,
        maxLength: 5,
      })
      .map((segments) => `${segments.map((segment) => `x${segment}x`).join('/')}.jpg`);
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(name, { maxLength: 12 }),
        fc.integer({ min: 16, max: 3000 }),
        async (names, length) => {
          const files = names.map((one) => ({ name: one, bytes: pictureOf(one, length) }));
          if (files.length === 0) return;
          const found = await photosIn(write(files));
          expect(found).toEqual(new Map(files.map((file) => [file.name, Buffer.from(file.bytes).toString('hex')])));
        },
      ),
      { numRuns: 40 },
    );
  });

  it('can be read in any order and by parts', async () => {
    const files = photos(50);
    const path = fileOf(write(files));
    const { entries } = await listArchive(path);
    const chosen = [41, 3, 3, 17, 49, 0];
    const read: string[] = [];
    for await (const bytes of readPictures(
      path,
      chosen.map((i) => entries[i]!.at),
    ))
      read.push(Buffer.from(bytes).toString('hex'));
    expect(read).toEqual(chosen.map((i) => Buffer.from(files[i]!.bytes).toString('hex')));
  });

  it('that is cut off anywhere gives a coded error, or photos that are whole', async () => {
    const files = photos(6);
    const whole = write(files);
    const expected = new Map(files.map(({ name, bytes }) => [name, Buffer.from(bytes).toString('hex')]));
    for (let length = 0; length < whole.length; length += 61) {
      const outcome = await photosIn(whole.subarray(0, length)).catch((error: unknown) => error);
      if (outcome instanceof Map) for (const [name, content] of outcome) expect(content).toBe(expected.get(name));
      else expect(outcome).toMatchObject({ code: 'ARCHIVE_INVALID' });
    }
  });

  it('with a damaged byte gives photos or a coded error, and nothing else', async () => {
    const whole = write(photos(5));
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const damaged = Buffer.from(whole);
        damaged[at]! ^= flip;
        const outcome = await photosIn(damaged).catch((error: unknown) => error);
        if (!(outcome instanceof Map)) expect(outcome).toMatchObject({ code: 'ARCHIVE_INVALID' });
      }),
      { numRuns: 120 },
    );
  });
});

describe('what is no photo', () => {
  it('is passed over by name and reason, and names are never places', async () => {
    const picture = pictureOf('a');
    const names = [
      '../../etc/a.jpg',
      '/abs/b.jpg',
      'c',
      'd.txt',
      '@eaDir/e.jpg',
      '__MACOSX/._f.jpg',
      'g.heic',
      'h.zip',
      '.i.jpg',
      'j.jpg_large',
      'k.jpe',
    ];
    const listing = await list(zipOf(names.map((name) => ({ name, bytes: picture }))));
    expect(listing.entries.map(({ name }) => name)).toEqual(['etc/a.jpg', 'abs/b.jpg', 'c', 'j.jpg_large', 'k.jpe']);
    expect(passed(listing)).toEqual([
      ['d.txt', 'not-a-picture'],
      ['@eaDir/e.jpg', 'junk'],
      ['__MACOSX/._f.jpg', 'junk'],
      ['g.heic', 'format'],
      ['h.zip', 'archive'],
      ['.i.jpg', 'hidden'],
    ]);
  });

  it('is a second entry of one name, an empty file, and an entry that is encrypted or packed in an unusual way', async () => {
    const bytes = pictureOf('a');
    expect(
      passed(
        await list(
          zipOf([
            { name: 'a.jpg', bytes },
            { name: 'a.jpg', bytes },
            { name: 'b.jpg', bytes: new Uint8Array() },
          ]),
        ),
      ),
    ).toEqual([
      ['a.jpg', 'duplicate'],
      ['b.jpg', 'empty'],
    ]);
    expect(passed(await list(zipOf([{ name: 'a.jpg', bytes }], { method: 14 })))).toEqual([['a.jpg', 'method']]);
    await expect(list(zipOf([{ name: 'a.jpg', bytes }], { flags: 0x801 }))).rejects.toMatchObject({
      code: 'ARCHIVE_INVALID',
      message: expect.stringContaining('encrypted'),
    });
  });

  it('is a link, a device or a sparse file of a tar', async () => {
    const tar = Buffer.concat([
      tarMember('a.jpg', pictureOf('a')),
      tarMember('link.jpg', new Uint8Array(), { type: '2' }),
      tarMember('pipe', new Uint8Array(), { type: '6' }),
      tarMember('folder/', new Uint8Array(), { type: '5' }),
      tarMember('sparse.jpg', pictureOf('b'), { type: 'S' }),
      Buffer.alloc(1024),
    ]);
    const listing = await list(tar);
    expect(listing.entries.map(({ name }) => name)).toEqual(['a.jpg']);
    expect(passed(listing)).toEqual([
      ['link.jpg', 'special'],
      ['pipe', 'special'],
      ['sparse.jpg', 'sparse'],
    ]);
  });
});

it('names of old archives are read by their code page, and bytes that are no text are shown as escapes', async () => {
  const dos = await list(
    zipOf([{ name: 'René.jpg', bytes: pictureOf('a') }], {
      flags: 0,
      encode: () => Buffer.from([0x52, 0x65, 0x6e, 0x82, 0x2e, 0x6a, 0x70, 0x67]),
    }),
  );
  expect(dos.entries.map(({ name }) => name)).toEqual(['René.jpg']);
  const tar = Buffer.concat([tarMember(Buffer.from('Ren\xe9.jpg', 'latin1'), pictureOf('a')), Buffer.alloc(1024)]);
  expect((await list(tar)).entries.map(({ name }) => name)).toEqual(['Ren\\xe9.jpg']);
});

it('an archive that expands to far more than it is gives a coded error', async () => {
  const bomb = zipOf([{ name: 'a.jpg', bytes: pictureOf('a', 2_000_000).fill(0, 4) }], { deflate: true });
  // The directory claims four times what deflate can make of the bytes.
  const central = bomb.lastIndexOf(Buffer.from('PK\x01\x02', 'latin1'));
  bomb.writeUInt32LE(2 ** 31, central + 24);
  expect(passed(await list(bomb))).toEqual([['a.jpg', 'damaged']]);
  const tar = gzipSync(Buffer.concat([tarMember('a.jpg', pictureOf('a')), Buffer.alloc(1_300_000_000)]), { level: 1 });
  expect((await list(tar)).entries).toHaveLength(1);
});

describe('RecordIO', () => {
  const people = Array.from({ length: 9 }, (_, i) => ({
    name: '',
    bytes: pictureOf(`r${i}`, 50 + i),
    label: 100 + (i % 3),
  }));

  it.each([[true], [false]])(
    'gives pictures with their persons (with the ranges of insightface: %s)',
    async (withPersons) => {
      const path = fileOf(recordIoOf(people, { withPersons }));
      const listing = await listArchive(path);
      expect(listing.entries.map(({ label }) => label)).toEqual(people.map(({ label }) => String(label)));
      expect(await contents(path, listing)).toEqual(people.map(({ bytes }) => Buffer.from(bytes)));
      expect(listing.passed).toEqual([]);
    },
  );

  it('joins records that were cut where the magic number stood in them', async () => {
    const bytes = pictureOf('cut', 64);
    bytes.set([0x0a, 0x23, 0xd7, 0xce], 16);
    bytes.set([0x0a, 0x23, 0xd7, 0xce], 32);
    const path = fileOf(recordIoOf([{ name: '', bytes, label: 7 }], { withPersons: false }));
    expect(await contents(path, await listArchive(path))).toEqual([Buffer.from(bytes)]);
  });

  it('that is cut off or damaged gives a coded error', async () => {
    const whole = recordIoOf(people);
    await expect(list(whole.subarray(0, whole.length - 5))).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' });
    const damaged = Buffer.from(whole);
    damaged.writeUInt32LE(7, whole.length - 40);
    await expect(list(damaged)).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' });
  });
});

describe('LMDB', () => {
  const database = (name: string) =>
    gunzipSync(readFileSync(join(import.meta.dirname, `../support/collection/${name}.mdb.gz`)));

  it('gives the pictures that lmdb itself stored, small and large, and passes over other values', async () => {
    const path = fileOf(database('pictures'));
    const listing = await listArchive(path);
    const names = Array.from({ length: 300 }, (_, i) => `${String(i).padStart(6, '0')}.jpg`);
    expect(listing.entries.map(({ name }) => name)).toEqual(names);
    const expected = names.map((_, i) =>
      Buffer.from(pictureOf(`photo ${i}`, i % 50 ? 30 + ((i * 97) % 3000) : 9000 + i)),
    );
    expect(await contents(path, listing)).toEqual(expected);
    expect(passed(listing)).toEqual([['~length', 'not-a-picture']]);
  });

  it('of objects of another program is refused as such', async () => {
    await expect(list(database('pickles'))).rejects.toMatchObject({
      message: expect.stringContaining('another program'),
    });
  });

  it('with a damaged page gives pictures or a coded error, and ends', async () => {
    const whole = database('pictures');
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const damaged = Buffer.from(whole);
        damaged[at]! ^= flip;
        const outcome = await list(damaged).catch((error: unknown) => error);
        if (outcome instanceof Error) expect(outcome).toMatchObject({ code: 'ARCHIVE_INVALID' });
      }),
      { numRuns: 200 },
    );
  });
});

describe('parquet', () => {
  const rows = Array.from({ length: 25 }, (_, i) => ({
    name: `${i}.jpg`,
    bytes: pictureOf(`q${i}`, 100 + i),
    label: i % 4,
  }));

  it('gives pictures with the names of their classes', async () => {
    const path = fileOf(parquetOf(rows, { names: ['ann', 'bo', 'cy', 'di'] }));
    const listing = await listArchive(path);
    expect(listing.entries.map(({ label }) => label)).toEqual(
      rows.map(({ label }) => ['ann', 'bo', 'cy', 'di'][label]),
    );
    expect(await contents(path, listing)).toEqual(rows.map(({ bytes }) => Buffer.from(bytes)));
  });

  it('takes the column that is asked for, and refuses one that is not there', async () => {
    const bytes = parquetOf(rows, { column: 'who' });
    expect((await list(bytes)).entries.every(({ label }) => label === undefined)).toBe(true);
    expect((await list(bytes, 'who')).entries[1]).toMatchObject({ label: '1' });
    await expect(list(bytes, 'person')).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' });
  });
});

it('a webdataset says by the member beside a photo who is in it', async () => {
  const text = (value: string) => new TextEncoder().encode(value);
  const files = [
    { name: '0001.jpg', bytes: pictureOf('1') },
    { name: '0001.cls', bytes: text('17') },
    { name: '0002.face.jpg', bytes: pictureOf('2') },
    { name: '0002.json', bytes: text('{"identity": "ann", "who": 4}') },
    { name: '0003.jpg', bytes: pictureOf('3') },
  ];
  for (const write of [tarOf, tarGzOf]) {
    expect((await list(write(files))).entries.map(({ label }) => label)).toEqual(['17', 'ann', undefined]);
    expect((await list(write(files), 'who')).entries.map(({ label }) => label)).toEqual([undefined, '4', undefined]);
  }
});

it('what is no archive is known as such', async () => {
  expect(formatOf(fileOf(pictureOf('x', 700)))).toBeUndefined();
  expect(formatOf(fileOf(new Uint8Array()))).toBeUndefined();
  await expect(list(Buffer.from('text'))).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' });
});
