/** The pipeline's audits as accounts have them, by what the pipeline may know of these (`admission.ts`). */
import { RewoundError } from '../../errors.ts';
import { isCompanion } from '../../pipeline/base/layout.ts';
import { TOPICS } from '../../pipeline/base/messages.ts';
import type { PlannedWork, Tenancy } from '../../pipeline/base/tenancy.ts';
import type { Platform } from '../../platform/ports.ts';
import { charge } from '../billing/tariff.ts';
import { ownerOf } from '../core/paths.ts';
import { type Admission, planAdmission, readAdmission } from './admission.ts';
import { cancelled } from './settle.ts';

/** Projects of no account are the operator's own, and always admitted. */
export function hostedTenancy(context: Pick<Platform, 'records' | 'events' | 'clock'>): Tenancy {
  return {
    async admit({ project, file }) {
      const owner = ownerOf(project);
      // Whoever has an account says which file is the checkpoint, whatever it is called.
      if (!owner) return isCompanion(file) ? 'ignore' : 'plan';
      const admission = await readAdmission(context, owner.account, owner.audit);
      // A file that lands before the start, or after the end, starts nothing: what it costs is not held. Nor does one
      // beside the checkpoint that was started, whose address was given out before and used after.
      if (admission?.checkpoint !== `${project}/checkpoints/${file}` || admission.state === 'ended') return 'ignore';
      return admission.planned ?? 'plan';
    },

    async erased(project, runs) {
      if (!ownerOf(project)) return;
      // To a function that may delete everywhere and works with no model. It believes nothing of this but the names: a
      // right to publish to `tend` would be a right to erase any audit.
      const message = { version: 1, erased: project };
      if (runs.length === 0) await context.events.publish(TOPICS.settle, message);
      for (const run of runs) await context.events.publish(TOPICS.settle, { ...message, audit: run });
    },

    async planned(work) {
      const owner = ownerOf(work.project);
      if (!owner) return;
      // It is missing if the audit was erased meanwhile, and with it the account's promise to pay.
      const found = await readAdmission(context, owner.account, owner.audit);
      if (found?.state !== 'open') throw cancelled();
      // Photos that land after it was planned make another audit of the pipeline, for which nothing is held.
      if (found.planned && found.planned.run !== work.audit) throw changed();
      checkPhotos(found, work);
      checkPrice(found, work);
      const planned = plannedOf(work, context.clock.now());
      const admission = await planAdmission(context, owner.account, owner.audit, planned);
      if (admission?.state !== 'open') throw cancelled();
      if (admission.planned?.run !== work.audit) throw changed();
      // The account's own record of it is written, and its webhooks are told, where accounts can be opened.
      await context.events.publish(TOPICS.settle, { version: 1, audit: work.audit });
    },
  };
}

function plannedOf({ audit: run, sampleMs: msPerSample, shards, read, samples, fresh }: PlannedWork, at: number) {
  return { run, at, msPerSample, shards, read, samples, fresh };
}

/** Photos may land after they were counted at the start: addresses that were given out are good for hours. */
function checkPhotos({ photos: quoted }: Admission, { photos }: PlannedWork): void {
  if (photos <= quoted) return;
  throw new RewoundError('QUOTE_EXCEEDED', `${photos} photos were uploaded, and ${quoted} were quoted.`, {
    help: 'Create an audit with as many photos as there are. This one costs nothing.',
  });
}

function changed(): RewoundError {
  return new RewoundError('CANCELLED', 'Files were uploaded after the audit was planned.', {
    help: 'The audit goes on as it was planned. Create another one for other files.',
  });
}

/** Nobody pays more than was quoted, and nobody runs for less than it costs. Throws QUOTE_EXCEEDED. */
function checkPrice({ credits: quoted, photos }: Admission, { samples, k, recognizers, sampleMs }: PlannedWork): void {
  if (quoted === null) return;
  const work = { samples, k, recognizers, photos, fresh: 0, msPerSample: sampleMs };
  const { credits } = charge(work, { done: 1, of: 1, quoted: Number.MAX_SAFE_INTEGER });
  if (credits <= quoted) return;
  throw new RewoundError(
    'QUOTE_EXCEEDED',
    `The generator takes ${sampleMs.toPrecision(3)} ms a sample: the audit would cost ${credits} credits, and ${quoted} were quoted.`,
    { help: 'Create an audit that says so in msPerSample, or one with fewer samples. This one costs nothing.' },
  );
}
