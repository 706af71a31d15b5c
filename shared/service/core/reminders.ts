/** The reminders that the agenda can hold. */
import { z } from 'zod';
import { TOPICS } from '../../pipeline/base/messages.ts';
import type { Platform } from '../../platform/ports.ts';
import { remind } from './agenda.ts';
import { idPattern } from './ids.ts';

/**
 * What a hosted audit is to be looked at again for:
 *
 *   start    was it begun?
 *   expire   was it ever started, did it ever end?
 *   work     what it worked with is to go
 *   report   all that is left of it is to go
 *   remains  did anybody still write into what was erased?
 */
const ABOUT = ['start', 'expire', 'work', 'report', 'remains'] as const;
export type About = (typeof ABOUT)[number];

const version = z.literal(1);
const hops = z.int().min(0).default(0);

export const tendMessage = z.union([
  z.strictObject({
    version,
    hops,
    about: z.enum(ABOUT),
    account: z.string().regex(idPattern('account')),
    audit: z.string().regex(idPattern('audit')),
    /** The pipeline's own id, where what is to be done is about what it made. */
    run: z
      .string()
      .regex(/^[0-9a-f]{32}$/)
      .optional(),
  }),
  /** A record that has served its time: a session, a sign-in code, the answer to a request. */
  z.strictObject({
    version,
    hops,
    forget: z.string().regex(/^(sessions|signInCodes|signInUses|accounts\/[\w]+\/requests)\/[0-9a-f]{64}$/),
  }),
]);
export type TendMessage = z.infer<typeof tendMessage>;

export interface AuditReminder {
  readonly account: string;
  readonly audit: string;
  readonly run?: string;
}

/** Lets a hosted audit be looked at again at this time. */
export function remindOfAudit(
  context: Pick<Platform, 'records'>,
  about: About,
  { account, audit, run }: AuditReminder,
  at: number,
): Promise<void> {
  const message = { version: 1, about, account, audit, ...(run === undefined ? {} : { run }) };
  // With the run: one that is another run's must not be taken for this one's.
  return remind(context, { at, topic: TOPICS.tend, message, id: [about, audit, run].filter(Boolean).join('-') });
}

/** Lets a record be deleted at this time; made before the record, so that none is ever kept for good. */
export function remindToForget(context: Pick<Platform, 'records'>, path: string, at: number): Promise<void> {
  const id = `forget-${path.slice(path.lastIndexOf('/') + 1)}`;
  return remind(context, { at, topic: TOPICS.tend, message: { version: 1, forget: path }, id });
}
