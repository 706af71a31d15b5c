import type { Ended, Watch } from './audit.ts';
import type { AuditRequest } from './audit-request.ts';
import { PROJECT } from './audit-request.ts';
import { writePointer } from './pointer.ts';
import { finish, start } from './start.ts';
import { Station } from './station.ts';
import { Tracker } from './tracker.ts';

/** Audits on this machine; undefined if it was interrupted. */
export async function auditHere(request: AuditRequest, { progress, signal }: Watch): Promise<Ended | undefined> {
  const { key, mounts, settings, device, out, work } = request;
  const tracker = new Tracker(progress);
  const station = new Station({
    folder: work,
    mounts,
    device,
    onProgress: (task, done) => tracker.engine(task, done),
    onMessage: (topic, event) => tracker.message(topic, event),
    onFailure: ({ message, transient }, attempt) => {
      if (transient && attempt < 3 && !signal.aborted) progress.note(`Trying again: ${message}`);
    },
  });
  try {
    const { context } = station;
    tracker.context = context;
    station.discardMessages();
    await context.objects.put(`${PROJECT}/project.json`, new TextEncoder().encode(JSON.stringify(settings)));
    const audit = await start(context, key, settings.shards, progress);
    await finish(context, audit, signal, () => station.runUntilIdle(signal));
    if (signal.aborted) {
      progress.note('Stopped. What is finished is kept: the same command resumes.');
      return undefined;
    }
    return {
      audit,
      context,
      onReport: () => writePointer(out, { audit, work, mounts }),
      close: async () => station.close(),
    };
  } catch (error) {
    station.close();
    throw error;
  } finally {
    if (signal.aborted) station.close();
  }
}
