import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listArchive } from '../../shared/collection/archive.ts';
import { readBatches } from '../../shared/engine/photo-files.ts';
import { zipOf } from '../support/collection/archives.ts';
import { demoPhoto, people } from '../support/demo.ts';
import { tempDir } from '../support/temp.ts';

const OPEN = '/proc/self/fd';

/** A zip of photos, one of which is damaged, and its photos in order. */
async function archive() {
  const path = join(tempDir(), 'photos.zip');
  const files = people('controls', 0, 9).map((name) => ({
    name: `${name}.jpg`,
    bytes: readFileSync(demoPhoto(name, 0)),
  }));
  files[4] = { name: 'damaged.jpg', bytes: Buffer.from('no picture') };
  writeFileSync(path, zipOf(files));
  return { path, photos: (await listArchive(path)).entries.map(({ at }) => ({ path, at })) };
}

describe('photos in batches', () => {
  it('come in their order, so many at a time, loose ones and those of an archive', async () => {
    const { photos } = await archive();
    const loose = { path: demoPhoto('c010', 0) };
    const states: string[][] = [];
    for await (const batch of readBatches([loose, ...photos], 4)) states.push(batch.map(({ status }) => status));
    expect(states.map(({ length }) => length)).toEqual([4, 4, 2]);
    expect(states.flat().map((status) => status === 'fulfilled')).toEqual([
      true,
      true,
      true,
      true,
      true,
      false,
      true,
      true,
      true,
      true,
    ]);
  });

  it.skipIf(!existsSync(OPEN))('leave no archive open where their reader stops', async () => {
    const { path, photos } = await archive();
    for await (const batch of readBatches(photos, 2)) {
      expect(batch).toHaveLength(2);
      break;
    }
    const open = readdirSync(OPEN).map((name) => {
      try {
        return readlinkSync(join(OPEN, name));
      } catch {
        return '';
      }
    });
    expect(open).not.toContain(path);
  });
});
