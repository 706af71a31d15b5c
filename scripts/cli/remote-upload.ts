/** Uploads the files of an audit to the hosted service, and resumes where it was stopped. */
import { request as http } from 'node:http';
import { request as https } from 'node:https';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout } from 'node:timers/promises';
import { forEachAtOnce } from '../../shared/at-once.ts';
import { backoffMs } from '../../shared/backoff.ts';
import type { RewoundClient, Upload, UploadTicket } from '../../shared/client/api.ts';
import { RewoundError } from '../../shared/errors.ts';
import type { Watch } from './ended.ts';
import type { RemoteFile } from './remote-files.ts';

/** Files that addresses are asked for at a time: as many as a request may name. */
const TOGETHER = 500;
/** Files on their way at the same time: more than one, because photos are small; few, because weights are not. */
const AT_ONCE = 4;
const ATTEMPTS = 5;
const WAITS = { firstMs: 500, mostMs: 30_000 };
/** A connection on which nothing moves for so long is broken. */
const SILENCE_MS = 120_000;

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
    await forEachAtOnce(missing, AT_ONCE, async ({ file, ticket }) => {
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
    await setTimeout(backoffMs(attempt, WAITS), undefined, { signal });
    const answer = (await ticketsFor(client, audit, [file], signal)).get(file.path);
    if (!answer || answer.there) return;
    ticket = answer;
  }
}

/** Puts a file to its address; returns why it did not get there. */
async function put(file: RemoteFile, ticket: UploadTicket, signal: AbortSignal): Promise<RewoundError | undefined> {
  const content = await file.open();
  try {
    const status = await send(content, file.size, ticket, signal);
    return status < 300 ? undefined : notTaken(`The storage answered a file with status ${status}.`);
  } catch (cause) {
    signal.throwIfAborted();
    return notTaken('A file could not be uploaded: the connection broke.', cause);
  } finally {
    content.destroy();
  }
}

/** Sends as fast as it is taken, so that gigabytes need no memory, which `fetch` does not; gives the status of the answer. */
async function send(
  content: Readable,
  size: number,
  { url, headers }: UploadTicket,
  signal: AbortSignal,
): Promise<number> {
  const open = url.startsWith('https:') ? https : http;
  const outgoing = Object.assign(
    open(url, { method: 'PUT', headers: { ...headers, 'content-length': size }, signal }),
    {
      // A file that changes meanwhile is an error here, and not what somebody waits for there.
      strictContentLength: true,
    },
  );
  outgoing.setTimeout(SILENCE_MS, () => outgoing.destroy(new Error('silence')));
  const answered = new Promise<number>((resolve, reject) => {
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
  });
  // Who refuses a file answers before it was sent.
  const sent = pipeline(content, outgoing).then(() => answered);
  return Promise.race([answered, sent]);
}

function notTaken(message: string, cause?: unknown): RewoundError {
  return new RewoundError('PLATFORM_UNAVAILABLE', message, {
    help: 'Run the same command again: it goes on with what is missing.',
    transient: true,
    cause,
  });
}
