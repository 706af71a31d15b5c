/** The secret of a service that runs on this machine: a file of the folder that it works in. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno, type RewoundError } from '../../shared/errors.ts';
import type { Platform } from '../../shared/platform/ports.ts';
import { dependsOnSecret } from '../../shared/service/accounts/adopt-secret.ts';
import { isSecret, SECRET_BYTES, type Secret } from '../../shared/service/core/secret.ts';
import { createWhole, removeEmpty, writeWhole } from '../../shared/whole-file.ts';
import { usage } from './usage.ts';

/** For its owner only. */
const MODE = 0o600;

/** The secret as the file has it. Throws USAGE where it is damaged. */
export function readSecret(folder: string): Secret | undefined {
  const text = textOf(fileOf(folder));
  if (text === '') return undefined;
  const bytes = new Uint8Array(Buffer.from(text, 'base64'));
  if (isSecret(bytes)) return bytes;
  throw refused(folder, 'is damaged');
}

/**
 * The folder's secret; drawn where none was ever used. Throws USAGE where there was one and it is gone: another would
 * change all that was derived from it. An empty file is what an earlier version left that was killed while it wrote it.
 */
export async function secretOf(folder: string, records: Platform['records']): Promise<Secret> {
  const found = readSecret(folder);
  if (found) return found;
  if (await dependsOnSecret({ records })) throw refused(folder, 'is gone, or empty');
  removeEmpty(fileOf(folder));
  createWhole(fileOf(folder), drawn(), { mode: MODE });
  return readSecret(folder) ?? secretOf(folder, records);
}

/** Puts another secret in the place of the folder's; returns it. */
export function replaceSecret(folder: string): Secret {
  writeWhole(fileOf(folder), drawn(), { mode: MODE });
  const secret = readSecret(folder);
  if (secret) return secret;
  throw refused(folder, 'is gone, or empty');
}

function drawn(): string {
  return randomBytes(SECRET_BYTES).toString('base64');
}

function fileOf(folder: string): string {
  return join(folder, '.rewound-state', 'service-secret');
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return '';
    throw error;
  }
}

function refused(folder: string, what: string): RewoundError {
  return usage(
    `The secret of the service, ${fileOf(folder)}, ${what}.`,
    `Put back a copy of it, or set REWOUND_SECRET if it came from there. Without either, run "rewound account rotate-secret --folder ${folder}": it makes another, and says before what that changes.`,
  );
}
