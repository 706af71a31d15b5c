import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { zipOf } from '../support/collection/archives.ts';
import { tempDir } from '../support/temp.ts';
import { rewound } from './command.ts';

const people = Array.from({ length: 30 }, (_, i) => `person-${String.fromCharCode(97 + (i % 26))}${i}`);

/** A folder and an archive of the same small photos: one a person, but for the first, who has two. */
async function collection(): Promise<{ readonly folder: string; readonly archive: string }> {
  const folder = join(tempDir(), 'photos');
  const files: { name: string; bytes: Uint8Array }[] = [];
  for (const [i, person] of [...people, people[0]!].entries()) {
    const bytes = await sharp({
      create: { width: 40, height: 40, channels: 3, background: { r: i * 8, g: 90, b: 120 } },
    })
      .jpeg()
      .toBuffer();
    files.push({ name: `${person}/${i}.jpg`, bytes });
  }
  files.push({ name: `${people[1]}/notes.txt`, bytes: Buffer.from('note') });
  for (const { name, bytes } of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
  writeFileSync(`${folder}.zip`, zipOf(files));
  return { folder, archive: `${folder}.zip` };
}

describe('rewound people', () => {
  it('says the same of a folder and of the archive of it, without a name unless it is asked for one', async () => {
    const { folder, archive } = await collection();
    for (const data of [folder, archive]) {
      const { code, stdout } = await rewound('people', data);
      expect(code).toBe(0);
      expect(stdout).toMatch(/^people {6}30 people, 31 photos \(1 to 2 a person\)/);
      expect(stdout).toContain('passed over 1: 1 no picture (--list shows them)');
      expect(stdout).not.toContain('person-');
    }
    expect((await rewound('people', archive, '--list')).stdout).toContain(`${people[1]}/notes.txt: no picture`);
    expect((await rewound('people', archive, '--names')).stdout).toContain(`     2  ${people[0]}`);
  });

  it('writes a table that says the same when it is given back, and a contact sheet without names', async () => {
    const { archive } = await collection();
    const [table, sheet] = [join(tempDir(), 'people.csv'), join(tempDir(), 'people.html')];
    expect(await rewound('people', archive, '--to', table, '--sheet', sheet)).toMatchObject({ code: 0, stderr: '' });
    const page = readFileSync(sheet, 'utf8');
    expect(page.match(/data:image\/jpeg;base64,/g)).toHaveLength(31);
    expect(page).not.toContain('person-');
    expect(page).toContain('default-src &#39;none&#39;');
    writeFileSync(table, readFileSync(table, 'utf8').replaceAll(`,${people[2]}\n`, `,${people[3]}\n`));
    expect((await rewound('people', archive, '--people', table)).stdout).toMatch(/^people {6}29 people, 31 photos/);
  });
});

describe('rewound split', () => {
  it('keeps people wholly on one side, the same for a seed, and audits take its lists', async () => {
    const { folder } = await collection();
    const lists = [join(tempDir(), 'a'), join(tempDir(), 'b')];
    for (const to of lists) expect((await rewound('split', folder, '--controls', '20', '--to', to)).code).toBe(0);
    const read = (to: string, name: string) =>
      readFileSync(join(to, `${name}.txt`), 'utf8')
        .trim()
        .split('\n');
    expect([...read(lists[0]!, 'members'), ...read(lists[0]!, 'controls')].sort()).toEqual([...people].sort());
    expect(read(lists[0]!, 'controls')).toHaveLength(20);
    expect(read(lists[0]!, 'controls')).toEqual(read(lists[1]!, 'controls'));
    const about = JSON.parse(readFileSync(join(lists[0]!, 'split.json'), 'utf8'));
    expect(about).toMatchObject({ schema: 'rewound.split/1', seed: 0, people: 30, controls: 20, listed: 'people' });
  });

  it('refuses a share that leaves too few controls', async () => {
    const { folder } = await collection();
    expect(await rewound('split', folder, '--to', join(tempDir(), 'a'))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('GALLERY_TOO_SMALL'),
    });
    expect(await rewound('split', folder, '--controls', 'some', '--to', join(tempDir(), 'a'))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('USAGE'),
    });
  });
});
