/** Has the hosted service make an audit, and puts the real names back into its report. */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { z } from 'zod';
import { type Audit, type NewAudit, RewoundClient } from '../../shared/client/api.ts';
import { parseReport } from '../../shared/report/json.ts';
import type { AuditRequest, RemoteRequest } from './audit-request.ts';
import type { Ended, Watch } from './ended.ts';
import { EXIT } from './exit.ts';
import { type RemoteFile, type RemoteFiles, recognizerPath, withFiles } from './remote-files.ts';
import { follow } from './remote-follow.ts';
import { RemoteNames, remoteNamesKey } from './remote-names.ts';
import { localReport } from './remote-report.ts';
import { upload } from './remote-upload.ts';
import { usage } from './usage.ts';

const environmentSchema = z.object({
  /** Where the service is. */
  REWOUND_API: z
    .url({ protocol: /^https?$/, error: 'is not an address such as https://audits.example.com' })
    .transform((text) => new URL(text))
    .refine(
      ({ protocol, hostname }) => protocol === 'https:' || /^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname),
      'must begin with https, except for a service on this machine: a key goes there',
    ),
  REWOUND_KEY: z
    .string()
    .trim()
    .regex(/^rwk_\w+$/, 'is not an API key, which begins with rwk_'),
});

/**
 * Has the service make the audit: uploads the user's files under pseudonyms, follows it, and gives the report with the
 * names put back.
 */
export async function auditRemotely(request: AuditRequest, remote: RemoteRequest, watch: Watch): Promise<Ended> {
  const { REWOUND_API, REWOUND_KEY } = environment();
  const client = new RewoundClient({ origin: REWOUND_API.origin, key: REWOUND_KEY });
  const names = new RemoteNames(remoteNamesKey(request.work));
  const { signal, ifStopped } = watch;
  ifStopped('Stopped before everything was uploaded. The same command goes on from there.');
  const { id, embeddingsOnly } = await withFiles(request, names, signal, (files) =>
    begin(client, request, remote, files, watch),
  );
  ifStopped('No longer following. The audit goes on; the same command follows it again.');
  const { state, error } = await follow(client, id, watch);
  if (state !== 'DONE') return { failure: failureOf(state, error), file: noFile, close: async () => undefined };
  const read = async (file: 'report.json' | 'report.html' | 'matches.csv') =>
    (await client.getReport(id, file, { signal })).text();
  const json = await read('report.json');
  const html = request.settings.pictures ? await read('report.html') : undefined;
  const matches = parseReport(json).published ? await read('matches.csv') : undefined;
  const files = localReport({ json, html, embeddingsOnly, matches }, request.settings, names);
  return {
    failure: undefined,
    file: async (name) => new TextEncoder().encode(files[name]),
    close: async () => undefined,
  };
}

/** The audit of these files, started. */
async function begin(
  client: RewoundClient,
  request: AuditRequest,
  remote: RemoteRequest,
  { files, photos, lines, embeddingsOnly }: RemoteFiles,
  watch: Watch,
): Promise<{ readonly id: string; readonly embeddingsOnly: boolean }> {
  const { progress, signal } = watch;
  for (const line of lines) progress.note(line);
  const audit = await create(client, bodyOf(request, remote, photos), files, signal);
  const { id, quote, state } = audit;
  progress.note(`Audit ${id}: at most ${quote.credits} credits${itemsOf(audit)}.`);
  if (state === 'CREATED') {
    await upload(client, id, files, watch);
    await client.startAudit(id, { signal });
  } else if (state === 'DONE') progress.note('This audit is finished already; here is its result.');
  return { id, embeddingsOnly };
}

function bodyOf({ source: { key }, settings }: AuditRequest, remote: RemoteRequest, photos: number): NewAudit {
  const { samples, fresh, seed, k, batch, recognizer, card, pictures, allowFaceless } = settings;
  const recognizers = typeof recognizer === 'string' ? recognizerPath(recognizer) : recognizer?.map(recognizerPath);
  return {
    ...remote,
    photos,
    checkpoint: basename(key),
    // They are pseudonyms already, and only this machine can translate them.
    names: true,
    settings: { samples, fresh, seed, k, batch, recognizer: recognizers, card, pictures, allowFaceless },
  };
}

/**
 * The audit of these files and settings: the one that is there, for a day; a new one afterwards, or where the last has
 * ended without a result.
 */
async function create(
  client: RewoundClient,
  body: NewAudit,
  files: readonly RemoteFile[],
  signal: AbortSignal,
): Promise<Audit> {
  const content = JSON.stringify([body, ...files.map(({ path, size, md5 }) => [path, size, md5])]);
  for (let attempt = 0; ; attempt++) {
    const idempotencyKey = createHash('sha256').update(`${attempt} ${content}`).digest('hex');
    const { id } = await client.createAudit(body, { idempotencyKey, signal });
    // What was answered may be the answer of hours ago.
    const audit = await client.getAudit(id, { signal });
    if (audit.endedAt === null || audit.state === 'DONE') return audit;
  }
}

function itemsOf({ quote: { items } }: Audit): string {
  return items.length === 0 ? '' : ` (${items.map(({ what, credits }) => `${what} ${credits}`).join(', ')})`;
}

function failureOf(state: Audit['state'], error: Audit['error']): NonNullable<Ended['failure']> {
  const { code, message, help } = error ?? {
    code: 'INTERNAL',
    message: 'The audit ended without a result.',
    help: 'Run the same command again.',
  };
  return { error: { code, message, help }, exit: state === 'REJECTED' ? EXIT.usage : EXIT.failed };
}

async function noFile(): Promise<Uint8Array> {
  throw new TypeError('An audit without a result has no files.');
}

function environment(): z.infer<typeof environmentSchema> {
  const { success, data, error } = environmentSchema.safeParse(process.env);
  if (success) return data;
  const wrong = error.issues.map(({ path, message }) =>
    process.env[path.join('.')] ? `${path.join('.')} ${message}` : `${path.join('.')} is not set`,
  );
  throw usage(
    `--remote needs to know the service: ${wrong.join('; ')}.`,
    'Set REWOUND_API to its address and REWOUND_KEY to an API key of yours; see docs/api.md.',
  );
}
