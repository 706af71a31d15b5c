/** The files of a report with their digests: written so that they fit each other, read only as they were written. */
import { z } from 'zod';
import type { ErrorCode } from '../../error-codes.ts';
import { RewoundError } from '../../errors.ts';
import type { Platform } from '../../platform/ports.ts';
import { contentOf, requireContent } from '../../seal.ts';
import { keys } from '../base/layout.ts';
import { putOnce } from '../base/once.ts';
import { encodeJson, readJson } from '../base/sealed-json.ts';

type Stored = Pick<Platform, 'objects'>;

/** `digests.json`, sealed: reports are for other programs too, which allow no field for a seal. */
const digestsSchema = z.strictObject({
  version: z.literal(1),
  /** Milliseconds the audit took, which is the one thing in a report that another rendering would say differently. */
  total: z.number(),
  /** File name -> what its bytes are called (see `contentOf`). */
  files: z.record(z.string(), z.string()),
});
type Digests = z.infer<typeof digestsSchema>;

const UNUSABLE: ReadonlySet<ErrorCode> = new Set(['RESULT_DAMAGED', 'RESULT_INCOMPLETE', 'NOT_FOUND']);

const DIGESTS = 'digests.json';
const MOST_TRIES = 3;

/** A file of an audit's report. Throws RESULT_DAMAGED where it is not as it was written, NOT_FOUND. */
export async function readReportFile(context: Stored, audit: string, file: string): Promise<Uint8Array> {
  const digests = await readDigests(context, audit);
  const bytes = await context.objects.get(keys.report(audit, file));
  // A report of an earlier version has no digests.
  if (digests) requireContent(bytes, digests.files[file] ?? '', `The file ${file} of a report`);
  return bytes;
}

/** Whether an audit's report is there, all as it was written. */
export async function reportIsWhole(context: Stored, audit: string): Promise<boolean> {
  const digests = await readDigests(context, audit).catch(noneIfUnusable);
  if (digests) return isWritten(context, audit, digests);
  // A report of an earlier version has no digests; damaged ones are there.
  if (await context.objects.head(keys.report(audit, DIGESTS))) return false;
  return (await context.objects.head(keys.report(audit, 'report.json'))) !== undefined;
}

/**
 * Writes a report, unless it is there: the first that was written counts. Files that do not fit their digests, because
 * they are damaged or of a process that ended halfway, are written again.
 */
export async function writeReport(
  context: Stored,
  audit: string,
  total: number,
  render: (total: number) => Promise<Readonly<Record<string, string>>>,
): Promise<void> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const written = await readDigests(context, audit).catch(noneIfUnusable);
    if (written && (await isWritten(context, audit, written))) return;
    const taken = written?.total ?? total;
    const texts = Object.entries(await render(taken));
    const files = texts.map(([file, text]) => ({ file, bytes: new TextEncoder().encode(text) }));
    const digests: Digests = {
      version: 1,
      total: taken,
      files: Object.fromEntries(files.map(({ file, bytes }) => [file, contentOf(bytes)])),
    };
    // The digests first: another delivery then takes their time, and so writes the same.
    const first = !written && (await putOnce(context, keys.report(audit, DIGESTS), encodeJson(digests)));
    if (!first && !written && (await readDigests(context, audit).catch(noneIfUnusable))) continue;
    // Those that are damaged, or whose pictures were of photos that are gone by now, are no use.
    if (!first) await putFitting(context, keys.report(audit, DIGESTS), encodeJson(digests));
    for (const { file, bytes } of files) await putFitting(context, keys.report(audit, file), bytes);
    return;
  }
  throw new RewoundError('RESULT_DAMAGED', 'The digests of a report are not read back as they were written.', {
    help: 'Check the disk of the work folder; the same is tried again.',
    transient: true,
  });
}

/** Writes an object, and again only where other bytes are there. */
async function putFitting(context: Stored, key: string, bytes: Uint8Array): Promise<void> {
  if (await putOnce(context, key, bytes)) return;
  if (Buffer.compare(await context.objects.get(key), bytes) !== 0) await context.objects.put(key, bytes);
}

async function isWritten({ objects }: Stored, audit: string, { files }: Digests): Promise<boolean> {
  for (const [file, content] of Object.entries(files)) {
    const bytes = await objects.get(keys.report(audit, file)).catch(noneIfUnusable);
    if (!bytes || contentOf(bytes) !== content) return false;
  }
  return true;
}

async function readDigests(context: Stored, audit: string): Promise<Digests | undefined> {
  const key = keys.report(audit, DIGESTS);
  return (await context.objects.head(key)) && readJson(context, key, digestsSchema);
}

/** Whether something that was made is damaged or not there; for steps the latter is RESULT_INCOMPLETE (own-objects.ts). */
export function isUnusable(error: unknown): boolean {
  return error instanceof RewoundError && UNUSABLE.has(error.code);
}

function noneIfUnusable(error: unknown): undefined {
  if (!isUnusable(error)) throw error;
}
