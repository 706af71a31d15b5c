import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempDir } from './temp.ts';

/** A file of these bytes in a folder of its own, removed when the running test ends; returns its path. */
export function fileOf(bytes: Uint8Array | string, name = 'file'): string {
  const path = join(tempDir(), name);
  writeFileSync(path, bytes);
  return path;
}
