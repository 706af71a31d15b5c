/** Files that remember whether they were read. */
import { mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export interface Canary {
  wasRead(): boolean;
}

/** Long ago, in seconds: a file system notes a read again when the last one was before the last change. */
const NEVER = 1;

/** A new file whose time of access says whether it was read. */
export function canary(path: string): Canary {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, Buffer.alloc(4096, 0x41));
  utimesSync(path, NEVER, Date.now() / 1000);
  return { wasRead: () => statSync(path).atimeMs !== NEVER * 1000 };
}

/** Whether the file system notes that a file was read: some are mounted without that. */
export function notesReads(path: string): boolean {
  const file = canary(path);
  readFileSync(path);
  return file.wasRead();
}
