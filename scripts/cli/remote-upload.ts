import { setTimeout } from 'node:timers/promises';
import type { RewoundClient, Upload, UploadTicket } from '../../shared/client/api.ts';
import { RewoundError } from '../../shared/errors.ts';
import type { Watch } from './audit.ts';
import type { RemoteFile } from './remote-files.ts';

/** Files that addresses are asked for at a time: as many as a request may name. */
const TOGETHER = 500;
/** Files on their way at the same time: more than one, because photos are small; few, because weights are not. */
const AT_ONCE = 4;
const ATTEMPTS = 5;
const FIRST_WAIT_MS = 500;

/** Uploads what an audit does not have yet. Run again, it goes on with what is missing. */
export async function upload(
  client: RewoundClient,
  audit: string,
  files: readonly RemoteFile[],
  { progress, signal }: Watch,
): Promise<void> {
  let done = 0;
  const told = (more: number) => {
    done += more;
    progress.update('upload', done, files.length, 'files');
  };
  told(0);
  for (let first = 0; first < files.length; first += TOGETHER) {
    const batch = files.slice(first, first + TOGETHER);
    const answers = await ticketsFor(client, audit, batch, signal);
    const missing = batch.flatMap((file) => {
      const answer = answers.get(file.path);
      return answer?.there === false ? [{ file, ticket: answer }] : [];
    });
    told(batch.length - missing.length);
    await inParallel(missing, async ({ file, ticket }) => {
      await putUntilThere(client, audit, file, ticket, signal);
      told(1);
    });
  }
}

async function ticketsFor(
  client: RewoundClient,
  audit: string,
  files: readonly RemoteFile[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Upload>> {
  const { uploads } = await client.uploadFiles(
    audit,
    { files: files.map(({ path, size }) => ({ path, size })) },
    { signal },
  );
  return new Map(uploads.map((one) => [one.path, one]));
}

/** An address takes a file once and for a while: after a failure there is a new one, unless the file is there. */
async function putUntilThere(
  client: RewoundClient,
  audit: string,
  file: RemoteFile,
  first: UploadTicket,
  signal: AbortSignal,
): Promise<void> {
  let ticket = first;
  for (let attempt = 1; ; attempt++) {
    const failure = await put(file, ticket, signal);
    if (!failure) return;
    if (attempt === ATTEMPTS) throw failure;
    await setTimeout(FIRST_WAIT_MS * 2 ** (attempt - 1), undefined, { signal });
    const answer = (await ticketsFor(client, audit, [file], signal)).get(file.path);
    if (!answer || answer.there) return;
    ticket = answer;
  }
}

/** Puts a file to its address; returns why it did not get there. */
async function put(
  file: RemoteFile,
  { url, headers }: UploadTicket,
  signal: AbortSignal,
): Promise<RewoundError | undefined> {
  const body = await file.blob();
  try {
    const response = await fetch(url, { method: 'PUT', headers: { ...headers }, body, signal, redirect: 'error' });
    await response.body?.cancel();
    return response.ok ? undefined : notTaken(`The storage answered a file with status ${response.status}.`);
  } catch (cause) {
    signal.throwIfAborted();
    return notTaken('A file could not be uploaded: the connection broke.', cause);
  }
}

function notTaken(message: string, cause?: unknown): RewoundError {
  return new RewoundError('PLATFORM_UNAVAILABLE', message, {
    help: 'Run the same command again: it goes on with what is missing.',
    transient: true,
    cause,
  });
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = items.values();
  const worker = async () => {
    for (const item of waiting) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
