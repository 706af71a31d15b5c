/** Writes into a report's folder where the work of its audit is, for `rewound show`. */
import { join } from 'node:path';
import { z } from 'zod';
import { RewoundError } from '../../shared/errors.ts';
import { putFile, readText } from './files.ts';

const FILE = 'audit.json';
/** More than any has: it names a few folders. */
const MOST_BYTES = 2 ** 20;

/** `audit.json` beside a report: where the audit's work lies, so that a finding can be looked at again. */
const pointerSchema = z.strictObject({
  audit: z.string(),
  work: z.string(),
  mounts: z.record(z.string(), z.union([z.string(), z.strictObject({ closed: z.string() })])),
});
export type Pointer = z.infer<typeof pointerSchema>;

export function writePointer(out: string, pointer: Pointer): Promise<void> {
  return putFile(join(out, FILE), `${JSON.stringify(pointer, undefined, 2)}\n`);
}

export async function readPointer(out: string): Promise<Pointer> {
  try {
    return pointerSchema.parse(JSON.parse(await readText(join(out, FILE), MOST_BYTES)));
  } catch (cause) {
    if (cause instanceof RewoundError && cause.code !== 'NOT_FOUND' && cause.code !== 'PATH_INVALID') throw cause;
    throw new RewoundError('NOT_FOUND', `${out} is not the folder of a report made on this machine.`, {
      help: 'Name the folder that was given as --out; it holds report.html and audit.json.',
      cause,
    });
  }
}
