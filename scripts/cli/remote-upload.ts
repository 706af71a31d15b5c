import { RewoundError } from '../../shared/errors.ts';
import { auditOfUpload, isFinal, readAudit } from '../../shared/pipeline/audits.ts';
import type { Platform } from '../../shared/platform/ports.ts';
import type { Watch } from './audit.ts';
import { PROJECT } from './audit-request.ts';
import type { LocalFile, RemoteFiles } from './remote-files.ts';

/** Files on their way at the same time: more than one, because photos are small; few, because weights are not. */
const TOGETHER = 8;

/**
 * Uploads what the bucket does not hold yet: everything else first, the checkpoint last, because its arrival starts the
 * audit. Returns the checkpoint's key, or undefined if it was interrupted.
 *
 * The project is named by its content. The same command finds it again and goes on where it was interrupted; other
 * people, weights or settings are another project, and no photo of an earlier one takes part. Another checkpoint of the
 * same people needs no photo uploaded again.
 */
export async function upload(
  { checkpoint, others, digest, read }: RemoteFiles,
  settings: object,
  remote: Pick<Platform, 'objects' | 'records'>,
  tenant: string,
  { progress, signal }: Watch,
): Promise<string | undefined> {
  const project = `drop/${tenant}/audit-${digest.slice(0, 12)}`;
  const target = ({ key }: LocalFile) => project + key.slice(PROJECT.length);
  const there = new Map<string, string>();
  for await (const { key, md5 } of remote.objects.list(`${project}/`)) there.set(key, md5);
  const missing = others.filter((file) => there.get(target(file)) !== file.md5);
  let done = others.length - missing.length;
  const told = () => progress.update('upload', done, others.length + 1, 'files');
  told();
  const settingsKey = `${project}/project.json`;
  if (!there.has(settingsKey)) {
    await remote.objects.put(settingsKey, new TextEncoder().encode(JSON.stringify(settings)));
  }
  for (let first = 0; first < missing.length && !signal.aborted; first += TOGETHER) {
    await Promise.all(
      missing.slice(first, first + TOGETHER).map(async (file) => {
        await remote.objects.put(target(file), await read(file));
        done += 1;
        told();
      }),
    );
  }
  if (signal.aborted) return undefined;
  const key = target(checkpoint);
  const isThere = there.get(key) === checkpoint.md5 && (await hasAudit(remote, key));
  if (!isThere) await remote.objects.put(key, await read(checkpoint));
  done += 1;
  told();
  return key;
}

/**
 * Whether the checkpoint in the bucket has an audit that goes on or has a result. If not, it is put there again: an
 * audit that ended without a result is tried again, and a deployment that did not hear of it hears of it now.
 */
async function hasAudit(remote: Pick<Platform, 'objects' | 'records'>, key: string): Promise<boolean> {
  const found = await remote.objects.head(key);
  const audit = found && (await auditOfUpload(remote, key, found.generation));
  const record = audit === undefined ? undefined : await readAudit(remote, audit);
  return record !== undefined && (record.state === 'DONE' || !isFinal(record.state));
}

/** The checkpoint as it lies in the bucket now. Throws NOT_FOUND. */
export async function uploaded({ objects }: Pick<Platform, 'objects'>, key: string) {
  const found = await objects.head(key);
  if (found) return found;
  throw new RewoundError('NOT_FOUND', 'The uploaded checkpoint is no longer in the bucket.', {
    help: 'Run the same command again; somebody or a rule of the bucket has deleted it.',
  });
}
