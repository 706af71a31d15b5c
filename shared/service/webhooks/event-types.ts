/** The types of events and the schemas of what they say. */
import { z } from 'zod';
import { RewoundError } from '../../errors.ts';
import { verdictSchema } from '../../report/model.ts';
import { idPattern } from '../core/ids.ts';

/*
 * What webhooks tell of. Events name audits and say how they stand: whoever wants more asks for it with a key. No person,
 * picture or embedding can be in one, as nothing has a place for it but the label that the owner gave.
 */

export const EVENT_TYPES = ['audit.planned', 'audit.finished', 'audit.failed', 'credits.low'] as const;
export type EventType = (typeof EVENT_TYPES)[number];
export const eventTypeSchema = z.enum(EVENT_TYPES).meta({
  id: 'EventType',
  description:
    'audit.planned: it was read and measured, and work begins. audit.finished: there is a report. audit.failed: it ended without one. credits.low: the balance fell below the threshold.',
});

const credits = z.int().min(-1e12).max(1e12);
const time = z.iso.datetime();
const audit = {
  audit: z.string().regex(idPattern('audit')),
  label: z.string().max(1000).nullable().describe("The owner's own name for the audit."),
};

/** What each event says, by its type. */
export const eventData = {
  'audit.planned': z.strictObject({
    ...audit,
    samples: z.int().min(0).describe('Samples that will be made, without those that confirm.'),
    quote: credits.describe('The most it will cost.'),
    startedAt: time,
  }),
  'audit.finished': z.strictObject({
    ...audit,
    state: z.literal('DONE'),
    verdict: verdictSchema,
    credits: credits.describe('What it cost.'),
    startedAt: time,
    finishedAt: time,
  }),
  'audit.failed': z.strictObject({
    ...audit,
    state: z.enum(['REJECTED', 'FAILED', 'CANCELLED', 'EXPIRED']),
    code: z
      .string()
      .regex(/^[A-Z][A-Z_]{0,63}$/)
      .describe("The error's code; what to do about it stands in the audit."),
    credits: credits.describe('What it cost.'),
    finishedAt: time,
  }),
  'credits.low': z.strictObject({
    balance: credits.describe('Credits that are available.'),
    threshold: credits.describe('What the account has as lowCredits.'),
  }),
} as const satisfies Readonly<Record<EventType, z.ZodType>>;

/** `at` is when it happened, not when it is told: the same event told twice is one message. */
const eventSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('audit.planned'), at: z.number(), data: eventData['audit.planned'] }),
  z.strictObject({ type: z.literal('audit.finished'), at: z.number(), data: eventData['audit.finished'] }),
  z.strictObject({ type: z.literal('audit.failed'), at: z.number(), data: eventData['audit.failed'] }),
  z.strictObject({ type: z.literal('credits.low'), at: z.number(), data: eventData['credits.low'] }),
]);
export type WebhookEvent = z.infer<typeof eventSchema>;

/**
 * Standard Webhooks recommends less than 20 kB. The longest label takes 6 kB, all else is short.
 * @internal
 */
export const MOST_PAYLOAD = 20_000;

/** The body of an event's messages, always the same bytes. */
export function payloadOf(event: WebhookEvent): string {
  const { type, at, data } = eventSchema.parse(event);
  const payload = JSON.stringify({ type, timestamp: new Date(at).toISOString(), data });
  if (Buffer.byteLength(payload) < MOST_PAYLOAD) return payload;
  throw new RewoundError('INTERNAL', 'The payload of a webhook is too long.', {
    help: 'This is a defect in Rewound; please report it.',
  });
}

/** What an event is about, apart from its type and time. */
export function subjectOf(event: WebhookEvent): string {
  return event.type === 'credits.low' ? '' : event.data.audit;
}
