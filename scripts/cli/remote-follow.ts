/** Follows an audit of the hosted service to its end. */
import { setTimeout } from 'node:timers/promises';
import type { Audit, RewoundClient } from '../../shared/client/api.ts';
import { asRewoundError } from '../../shared/errors.ts';
import type { Watch } from './ended.ts';
import type { Progress } from './progress.ts';

const POLL_MS = 2000;

/** Follows an audit to its end. Asks again and again: what breaks in between costs one look. */
export async function follow(client: RewoundClient, id: string, { progress, signal }: Watch): Promise<Audit> {
  for (let silent = false; ; ) {
    try {
      const audit = await client.getAudit(id, { signal });
      if (audit.endedAt !== null) return audit;
      show(audit, progress);
      silent = false;
    } catch (cause) {
      signal.throwIfAborted();
      const error = asRewoundError(cause);
      // The audit goes on without being looked at.
      if (error.code !== 'PLATFORM_UNAVAILABLE' && error.code !== 'RATE_LIMITED') throw error;
      if (!silent) progress.note(`Still following: ${error.message}`);
      silent = true;
    }
    await setTimeout(POLL_MS, undefined, { signal });
  }
}

/** Shows how far an audit is, in the units in which an audit on this machine shows it. */
function show({ state, progress: how, settings, photos }: Audit, progress: Progress): void {
  if (state === 'RECEIVED') progress.update('plan', 0, 1, 'checkpoints');
  if (state === 'MERGING') progress.update('merge', 0, 1, 'report');
  const found = how?.stages.find(({ stage }) => stage === STAGE_OF[state]);
  if (!how || !found) return;
  const total = { enrol: photos, probe: settings.samples, confirm: how.samples.of - settings.samples }[found.stage];
  // Shards are alike but for the last: who counts more exactly would have to read every record.
  const done = Math.round((total * found.done) / Math.max(found.shards, 1));
  progress.update(found.stage, done, total, found.stage === 'enrol' ? 'photos' : 'samples');
}

const STAGE_OF: Partial<Record<Audit['state'], 'enrol' | 'probe' | 'confirm'>> = {
  ENROLLING: 'enrol',
  PROBING: 'probe',
  CONFIRMING: 'confirm',
};
