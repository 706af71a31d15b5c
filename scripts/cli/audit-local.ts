/** Makes an audit on this machine. */
import { isolationWarning } from '../../shared/engine/isolation.ts';
import type { Context } from '../../shared/pipeline/base/context.ts';
import { readReportFile } from '../../shared/pipeline/results/report-files.ts';
import { readAudit } from '../../shared/pipeline/runs/run.ts';
import type { AuditRequest } from './audit-request.ts';
import type { Ended, Watch } from './ended.ts';
import { EXIT, exitCodeOfEnd } from './exit.ts';
import { generateWith } from './generate-command.ts';
import { writePointer } from './pointer.ts';
import { PROJECT } from './project.ts';
import { finish, start } from './start.ts';
import { Station } from './station.ts';
import { Tracker } from './tracker.ts';

/** Why an audit has no report; undefined where it has one. */
async function failureOf(context: Context, audit: string): Promise<Ended['failure']> {
  const record = await readAudit(context, audit);
  if (record?.state === 'DONE') return undefined;
  const { code = 'INTERNAL', message = 'The audit ended without a result.', help = '' } = record?.error ?? {};
  return { error: { code, message, help }, exit: record ? exitCodeOfEnd(record) : EXIT.failed };
}

/** Settings as a project has them: left out is what was not asked for and has another meaning for a set of pictures. */
function settingsText({ settings, allSamples }: AuditRequest): string {
  return JSON.stringify(allSamples ? { ...settings, samples: undefined } : settings);
}

async function putText({ objects }: Pick<Context, 'objects'>, key: string, text: string): Promise<void> {
  await objects.put(key, new TextEncoder().encode(text));
}

/** Audits on this machine. */
export async function auditHere(request: AuditRequest, { progress, signal, ifStopped }: Watch): Promise<Ended> {
  ifStopped('Stopped. What is finished is kept: the same command resumes.');
  const { source, command, mounts, device, out, work } = request;
  const tracker = new Tracker(progress);
  const station = new Station({
    folder: work,
    mounts,
    device,
    signal,
    ...(command === undefined
      ? {}
      : { generate: generateWith(command, { signal, onPictures: (made) => tracker.made(made) }) }),
    onProgress: (task, done) => tracker.engine(task, done),
    onMessage: (topic, event) => tracker.message(topic, event),
    onFailure: ({ message, transient }, attempt) => {
      if (transient && attempt < 3 && !signal.aborted) progress.note(`Trying again: ${message}`);
    },
  });
  // At once: the engine may be in the midst of a batch.
  signal.addEventListener('abort', () => station.close(), { once: true });
  try {
    const { context } = station;
    tracker.context = context;
    const warning = isolationWarning(device);
    if (warning !== undefined) progress.note(warning);
    if (station.platform.lostCommits) {
      progress.note('The log of the work folder is damaged: what it held is lost, and is made again.');
    }
    station.discardMessages();
    await putText(context, `${PROJECT}/project.json`, settingsText(request));
    if (source.marker !== undefined) await putText(context, source.key, source.marker);
    const audit = await start(context, source.key, request.settings.shards, progress, request.list);
    await finish(context, audit, signal, () => station.runUntilIdle(signal));
    return {
      failure: await failureOf(context, audit),
      file: (name) => readReportFile(context, audit, name),
      onReport: async () => writePointer(out, { audit, work, mounts }),
      close: async () => station.close(),
    };
  } catch (error) {
    station.close();
    throw error;
  }
}
