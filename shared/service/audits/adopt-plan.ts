/** Takes what the pipeline planned into the account's own record of the audit. */
import type { Platform } from '../../platform/ports.ts';
import { announce } from '../webhooks/events.ts';
import { closeAdmission, readAdmission } from './admission.ts';
import { changeHosted, findHosted, type HostedAudit, readHosted } from './hosted-audit.ts';

type Context = Pick<Platform, 'records' | 'events' | 'clock'>;

/**
 * Writes down what the pipeline planned, once, and tells the account's webhooks of it before that: a process that dies in
 * between tells the same again, which makes no further message. Nothing is done once the audit has ended. Returns the
 * audit as it is then, or undefined if it was erased.
 */
export async function adoptPlanned(context: Context, account: string, id: string): Promise<HostedAudit | undefined> {
  const found = await findHosted(context, account, id);
  if (!found || found.planned || found.outcome || found.startedAt === null) return found;
  const planned = (await readAdmission(context, account, id))?.planned;
  if (!planned) return found;
  const { label, quote, settings, startedAt } = found;
  await announce(context, account, {
    type: 'audit.planned',
    at: planned.at,
    data: {
      audit: id,
      label,
      samples: settings.samples,
      quote: quote.credits,
      startedAt: new Date(startedAt).toISOString(),
    },
  });
  return changeHosted(context, account, id, (current) =>
    current.planned || current.outcome ? undefined : { ...current, planned },
  );
}

/** Closes an audit to the pipeline, and returns it with what was planned until then. Throws NOT_FOUND. */
export async function stopHosted(context: Context, account: string, id: string): Promise<HostedAudit> {
  const audit = await readHosted(context, account, id);
  if (audit.outcome) return audit;
  await closeAdmission(context, account, id, 'stopping');
  return (await adoptPlanned(context, account, id)) ?? readHosted(context, account, id);
}
