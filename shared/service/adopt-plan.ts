/** Takes what the pipeline planned into the account's own record of the audit. */
import type { Platform } from '../platform/ports.ts';
import { closeAdmission, readAdmission } from './admission.ts';
import { changeHosted, findHosted, type HostedAudit, readHosted } from './audits.ts';
import { announce } from './webhooks/events.ts';

type Context = Pick<Platform, 'records' | 'events' | 'clock'>;

/**
 * Writes down what the pipeline planned and tells the account's webhooks of it, as often as it is asked to; nothing once
 * the audit has ended. Returns the audit as it is then, or undefined if it was erased.
 */
export async function adoptPlanned(context: Context, account: string, id: string): Promise<HostedAudit | undefined> {
  const found = await findHosted(context, account, id);
  if (!found || found.outcome) return found;
  const planned = (await readAdmission(context, account, id))?.planned;
  if (!planned) return found;
  const audit = found.planned
    ? found
    : await changeHosted(context, account, id, (current) =>
        current.planned || current.outcome ? undefined : { ...current, planned },
      );
  const { label, quote, settings, startedAt, outcome } = audit;
  if (startedAt === null || outcome) return audit;
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
  return audit;
}

/** Closes an audit to the pipeline, and returns it with what was planned until then. Throws NOT_FOUND. */
export async function stopHosted(context: Context, account: string, id: string): Promise<HostedAudit> {
  const audit = await readHosted(context, account, id);
  if (audit.outcome) return audit;
  await closeAdmission(context, account, id, 'stopping');
  return (await adoptPlanned(context, account, id)) ?? readHosted(context, account, id);
}
