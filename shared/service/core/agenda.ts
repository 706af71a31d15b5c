/** Keeps what is to be done later, sorted by time. */
import { z } from 'zod';
import { asRewoundError, RewoundError } from '../../errors.ts';
import { TOPICS } from '../../pipeline/base/messages.ts';
import type { Json, Platform, Snapshot } from '../../platform/ports.ts';
import { idOf } from './documents.ts';

/** What is to happen later: a message, and when it is to be published. One list for everything, in order of time. */
const AGENDA = 'agenda';

export type Topic = (typeof TOPICS)[keyof typeof TOPICS];

export interface Reminder {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly topic: Topic;
  readonly message: Json;
  /** What it is about. The same id at the same time is one entry, whatever else it says. */
  readonly id: string;
}

const entrySchema = z.strictObject({ at: z.number(), topic: z.enum(TOPICS), message: z.json() });

/** Digits of a time in an entry's id, so that the order of ids is the order of time: until the year 2286. */
const TIME_DIGITS = 13;
/** Entries read, and published at the same time. */
const TOGETHER = 32;
/** A run ends after this, long before its message comes again; what is left is the next one's. */
const RUN_MS = 240_000;

/** Puts something on the agenda. It cannot be lost any more when this resolves. */
export async function remind({ records }: Pick<Platform, 'records'>, reminder: Reminder): Promise<void> {
  const { topic, message, id } = reminder;
  const at = Math.ceil(reminder.at);
  if (!(at >= 0 && at < 10 ** TIME_DIGITS)) {
    throw new RewoundError('INTERNAL', 'A reminder has no time at which it could come.', {
      help: 'This is a defect in Rewound; please report it.',
    });
  }
  await records.create(`${AGENDA}/${timeDigits(at)}-${id}`, { at, topic, message });
}

/**
 * Publishes what is due, each before its entry is deleted: a process that dies in between publishes it again. Returns
 * how many. An entry that cannot be read or published now keeps no other from it; it stays, and is thrown for at the
 * end, at every run until somebody mends it.
 */
export async function runAgenda(
  context: Pick<Platform, 'records' | 'events' | 'clock'>,
  { limit = Number.POSITIVE_INFINITY, runMs = RUN_MS }: { readonly limit?: number; readonly runMs?: number } = {},
): Promise<number> {
  const failures: RewoundError[] = [];
  let published = 0;
  let after = '';
  let more = true;
  // What could not be read or published does not count: it would keep the others out for ever.
  const end = performance.now() + runMs;
  while (more && published < limit && performance.now() < end) {
    const size = Math.min(TOGETHER, limit - published);
    const page: Snapshot[] = [];
    for await (const entry of context.records.list(AGENDA, { after, limit: size })) page.push(entry);
    after = idOf(page.at(-1)?.path ?? '');
    const due = page.filter(({ path }) => timeOf(path) <= context.clock.now());
    more = due.length === size;
    for (const result of await Promise.allSettled(due.map((entry) => publish(context, entry)))) {
      if (result.status === 'fulfilled') published += 1;
      else failures.push(asRewoundError(result.reason));
    }
  }
  if (failures[0]) throw failures[0];
  return published;
}

async function publish(
  { records, events }: Pick<Platform, 'records' | 'events'>,
  { path, fields }: Snapshot,
): Promise<void> {
  const { success, data } = entrySchema.safeParse(fields);
  if (!success) throw unreadable();
  await events.publish(data.topic, data.message);
  await records.delete(path);
}

function timeDigits(at: number): string {
  return String(at).padStart(TIME_DIGITS, '0');
}

/** The time that an entry's id begins with. One without is due: it is looked at, and thrown for. */
function timeOf(path: string): number {
  const [digits = '0'] = /^\d{13}(?=-)/.exec(idOf(path)) ?? [];
  return Number(digits);
}

function unreadable(): RewoundError {
  return new RewoundError('MESSAGE_INVALID', 'An entry of the agenda cannot be read.', {
    help: 'Run the version that wrote it, or delete the entry from the records below agenda/.',
  });
}
