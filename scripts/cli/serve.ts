/** `rewound serve`: audits what is put into a folder, and serves the page and the API. */
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { isolationWarning } from '../../shared/engine/isolation.ts';
import { asRewoundError, RewoundError } from '../../shared/errors.ts';
import { ensureFolder } from '../../shared/folders.ts';
import type { Context } from '../../shared/pipeline/base/context.ts';
import { droppedCheckpoint, isCompanion, keys } from '../../shared/pipeline/base/layout.ts';
import { finishedMessage, TOPICS } from '../../shared/pipeline/base/messages.ts';
import { readReportFile } from '../../shared/pipeline/results/report-files.ts';
import { auditOfUpload, readAudit } from '../../shared/pipeline/runs/run.ts';
import { sweep } from '../../shared/pipeline/steps/sweep.ts';
import { fromEvent } from '../../shared/platform/event.ts';
import { PRIVATE_FOLDER } from '../../shared/platform/local/private.ts';
import { parseReport } from '../../shared/report/json.ts';
import { runAgenda } from '../../shared/service/core/agenda.ts';
import { ownerOf } from '../../shared/service/core/paths.ts';
import { stderr } from '../../shared/terminal.ts';
import { ENGINE_OPTIONS } from './audit-options.ts';
import { command } from './command.ts';
import { EXIT } from './exit.ts';
import { type Hosting, host } from './hosting.ts';
import { interruption } from './interrupt.ts';
import { asText, asWhole, optional, type Values, withDefault } from './option.ts';
import { userPath } from './paths.ts';
import { Station } from './station.ts';

const SCAN_MS = 1000;
const PORT = '8080';
/** How often what has become due is looked for. */
const AGENDA_MS = 2000;

const OPTIONS = {
  port: withDefault('N', 'where it listens; 0 takes any free port', asWhole(0, 65_535), PORT),
  host: withDefault(
    'H',
    'who can reach it: 127.0.0.1 is this machine alone, 0.0.0.0 lets the network in',
    asText,
    '127.0.0.1',
  ),
  origin: optional('URL', 'how it is reached from outside, such as https://audits.example.com behind a proxy', asText),
  settle: withDefault('SECONDS', 'how long a checkpoint must have stayed the same', asWhole(0, 3600), '2'),
  device: ENGINE_OPTIONS.device,
};

export const serve = command({
  name: 'serve',
  summary: 'Watches a folder and audits each checkpoint that is put into it; serves the page and the API too.',
  takes: ['[FOLDER]'],
  details:
    "Each checkpoint put into drop/TENANT/PROJECT/checkpoints/ of FOLDER (rewound-bucket) is audited against the project's members/ and controls/ with the settings of its project.json; the report appears under report/. It prints a link to the page that signs in once, within 10 minutes (docs/serve.md).",
  options: OPTIONS,
  run: (values, [folder = 'rewound-bucket']) => serveFolder(userPath(folder), values),
});

async function serveFolder(
  folder: string,
  { host: address, origin, port, settle, device }: Values<typeof OPTIONS>,
): Promise<number> {
  const quietMs = settle * 1000;
  ensureFolder(join(folder, 'drop'), PRIVATE_FOLDER);
  const say = stderr.line;
  const stop = interruption();
  const station: Station = new Station({
    folder,
    device,
    signal: stop.signal,
    shared: true,
    onMessage: async (topic, event) => {
      if (topic === TOPICS.finished) await report(station.context, folder, event, say);
    },
    onFailure: ({ code, message }, attempt) => say(`attempt ${attempt} failed: ${message} [${code}]`),
  });
  if (station.platform.lostCommits) {
    say(
      'The log of the state is damaged: what it held is lost. Audits make theirs again; compare accounts and credits with a backup.',
    );
  }
  let hosting: Hosting | undefined;
  try {
    const warning = isolationWarning(device);
    if (warning !== undefined) say(warning);
    hosting = await host(station, folder, { host: address, port, origin });
    announce(hosting, folder, say);
    const unfinished = await sweep(station.context, 0);
    say(
      `Watching ${join(folder, 'drop')}${unfinished > 0 ? `, resuming ${unfinished} unfinished` : ''}. Ctrl-C stops.`,
    );
    const watching = watch(station.context, quietMs, stop.signal, say);
    const remembering = keepAgenda(station.context, stop.signal, say);
    try {
      await station.runUntilAborted(stop.signal);
    } finally {
      // Also when storage failed: nobody may look for checkpoints in a platform that is closed.
      stop.abort();
      await Promise.all([watching, remembering]);
    }
  } catch (error) {
    // Whatever was under way when the signal came ends with an error of its own.
    if (!stop.signal.aborted || !isCancelled(error)) throw error;
  } finally {
    hosting?.close();
    station.close();
  }
  say('Stopped. Starting again resumes.');
  return EXIT.ok;
}

function isCancelled(error: unknown): boolean {
  return error instanceof RewoundError && error.code === 'CANCELLED';
}

/** Says how to sign in, and what the start changed about keys. */
function announce({ origin, account, code, adopted }: Hosting, folder: string, say: (text: string) => void): void {
  const { change, revoked } = adopted;
  if (change === 'replaced') {
    say('The secret of the service is another than before. All sessions have ended, webhooks have new secrets, and');
    say(
      `receipts a new key; ${revoked} API keys of this machine's account were revoked (docs/service.md, "The secret").`,
    );
  } else if (revoked > 0) {
    say('The key that an earlier version put into the link it printed was revoked. For a key to use the API with:');
    say(`  rewound account key ${account} --folder ${folder}`);
  }
  say(`Sign in: ${origin}/#code=${code}`);
  say(
    `The link works once, for 10 minutes; "rewound account sign-in ${account} --folder ${folder}" prints another code.`,
  );
}

/** Publishes what has become due, again and again. */
async function keepAgenda(context: Context, signal: AbortSignal, say: (text: string) => void): Promise<void> {
  while (!signal.aborted) {
    await runAgenda(context).catch((error) => say(`The agenda: ${asRewoundError(error).message}`));
    await setTimeout(AGENDA_MS, undefined, { signal }).catch(() => undefined);
  }
}

/**
 * Publishes each checkpoint once it has been the same for `quietMs`: a file that is still being copied changes between
 * two looks. What a bucket's notifications do in the cloud.
 */
async function watch(
  context: Context,
  quietMs: number,
  signal: AbortSignal,
  say: (text: string) => void,
): Promise<void> {
  const since = new Map<string, { generation: string; at: number; published: boolean }>();
  let lastFault = '';
  while (!signal.aborted) {
    let fault = '';
    try {
      for await (const { key, generation } of context.objects.list('drop/')) {
        const place = droppedCheckpoint(key);
        // What belongs to an account is started through the API.
        if (!place || isCompanion(place.file) || ownerOf(place.project)) continue;
        const seen = since.get(key);
        const now = context.clock.now();
        if (seen?.generation !== generation) since.set(key, { generation, at: now, published: false });
        if (seen?.generation !== generation || now - seen.at < quietMs) continue;
        // Published again by a process that starts before the audit was begun, which changes nothing.
        if (seen.published || (await auditOfUpload(context, key, generation))) continue;
        await context.events.publish(TOPICS.plan, { version: 1, key, generation });
        seen.published = true;
        say(`${place.project}: auditing ${place.file}`);
      }
    } catch (error) {
      if (signal.aborted) return;
      fault = asRewoundError(error).message;
    }
    // Once, and not with each look.
    if (fault !== lastFault && fault !== '') say(`The drop folder cannot be read whole: ${fault}`);
    lastFault = fault;
    await setTimeout(SCAN_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function report(
  context: Context,
  folder: string,
  event: { readonly data?: unknown },
  say: (text: string) => void,
): Promise<void> {
  const { audit, state } = finishedMessage.parse(fromEvent(event));
  const record = await readAudit(context, audit);
  const place = record && droppedCheckpoint(record.key);
  // A file of a customer may be called after a person, and what is said here may be kept in a log.
  const file = place && (ownerOf(place.project)?.audit ?? place.file);
  if (state !== 'DONE') {
    const { code, message, help } = record?.error ?? { code: 'INTERNAL', message: 'no reason is known', help: '' };
    say(`${file}: ${state}: ${message} [${code}] ${help}`);
    return;
  }
  const { verdict } = parseReport(new TextDecoder().decode(await readReportFile(context, audit, 'report.json')));
  say(`${file}: ${verdict}: ${join(folder, keys.report(audit, 'report.html'))}`);
}
