/** Keeps messages in SQLite until they are handled. */
import { randomUUID } from 'node:crypto';
import { type Backoff, backoffMs } from '../../backoff.ts';
import { ERROR_CODES, type ErrorCode } from '../../error-codes.ts';
import { asRewoundError } from '../../errors.ts';
import { parseJson, toJsonText } from '../json.ts';
import type { Clock, Events, Json } from '../ports.ts';
import { integer, text } from './columns.ts';
import type { Database } from './database.ts';
import { stored } from './errors.ts';
import { sumOf, wholeRow } from './integrity.ts';

/** `due` is when the message may be leased: for a leased one, when its lease ends. */
export const QUEUE_SCHEMA = `
  CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    topic TEXT NOT NULL,
    message TEXT NOT NULL,
    published_at INTEGER NOT NULL,
    due INTEGER NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 0,
    token TEXT,
    sum TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS messages_due ON messages (topic, due, id);
  CREATE TABLE IF NOT EXISTS dead_letters (
    id INTEGER PRIMARY KEY,
    topic TEXT NOT NULL,
    message TEXT NOT NULL,
    published_at INTEGER NOT NULL,
    died_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    error_code TEXT NOT NULL,
    error_message TEXT NOT NULL,
    sum TEXT NOT NULL
  ) STRICT;
`;

/** What their checksums are of: all but the number, which a message gets as it is stored. */
export const MESSAGE_COLUMNS = ['topic', 'message', 'published_at', 'due', 'attempt', 'token'];
export const DEAD_COLUMNS = ['topic', 'message', 'published_at', 'died_at', 'attempts', 'error_code', 'error_message'];

/** The checksum of a message some of whose columns change to these. */
function changed(values: Readonly<Record<string, string>>): string {
  return sumOf(
    'messages',
    MESSAGE_COLUMNS.map((column) => values[column] ?? column),
  );
}

/** A damaged message is never changed, which would make its damage look right: it stays until it is read. */
const IS_WHOLE = `sum = ${sumOf('messages', MESSAGE_COLUMNS)}`;

/** The right to handle a message, until it ends or the holder acknowledges it. */
export interface Lease {
  readonly id: string;
  readonly topic: string;
  readonly message: Json;
  /** 1 on the first delivery. */
  readonly attempt: number;
  /** Milliseconds since the epoch. */
  readonly publishedAt: number;
  /** Drawn anew for each lease, so that only the present holder can acknowledge the message. */
  readonly token: string;
}

/** A message that was given up. */
export interface DeadLetter {
  readonly id: string;
  readonly topic: string;
  readonly message: Json;
  readonly publishedAt: number;
  readonly diedAt: number;
  readonly attempts: number;
  readonly error: { readonly code: ErrorCode; readonly message: string };
}

export interface Depth {
  /** Waiting for delivery, at once or later. */
  readonly pending: number;
  readonly leased: number;
  readonly dead: number;
}

/**
 * A durable queue that delivers every message at least once. The settling methods return whether the lease was still
 * the message's; if not, somebody else has it and they did nothing. A lease that ran out but that nobody took over can
 * still be acknowledged: work done is not thrown away because a laptop slept.
 */
export interface Queue extends Events {
  publish(topic: string, message: Json, options?: { readonly delayMs?: number }): Promise<void>;
  /** Runs `work`, which calls this queue and does not wait, as one write: all of it happens, or nothing. */
  together<T>(work: () => T): T;
  /** The longest waiting message of these topics, hidden from others for `leaseMs`. */
  lease(topics: readonly string[], leaseMs: number): Lease | undefined;
  /** A heartbeat: the lease now ends `leaseMs` from now. */
  extend(lease: Lease, leaseMs: number): boolean;
  /** The message is done, for good. */
  ack(lease: Lease): boolean;
  /** The message failed: it comes back after a pause, or is given up after the last attempt. */
  nack(lease: Lease, error: unknown): boolean;
  /** The message was not tried to the end: it comes back at once and the attempt does not count. */
  giveBack(lease: Lease): boolean;
  /** Ends all leases. For a process that knows that it is the only one: their holders are dead. */
  recover(): void;
  /** When the next message of these topics can be leased, in milliseconds since the epoch; undefined if there is none. */
  nextDue(topics: readonly string[]): number | undefined;
  depth(): Depth;
  dead(): DeadLetter[];
  /** Drops a message that was given up: what follows from that is done. */
  forget(id: string): void;
  /** Calls back after each publish of this process. Returns how to stop that. */
  onPublish(listener: () => void): () => void;
}

export interface QueueOptions {
  readonly clock: Clock;
  /** Deliveries before a message is given up. */
  readonly maxAttempts?: number;
  /** Topics whose messages never are. */
  readonly endless?: readonly string[];
  /** How long a message waits after each failure. */
  readonly backoff?: Backoff;
  /** Uniform in [0, 1): the chance in the pauses. */
  readonly random?: () => number;
}

/** What is said of a message whose last holder never answered. */
const UNANSWERED = new Error('The process ended, or stopped answering, while it handled the message.');

/** The queue in SQLite, usable by several processes at once. `publish` resolves when the message is on the disk. */
export function localQueue(
  { sql, atomically, durably }: Database,
  {
    clock,
    maxAttempts = 8,
    endless = [],
    backoff = { firstMs: 500, mostMs: 60_000 },
    random = Math.random,
  }: QueueOptions,
): Queue {
  const insert = sql.prepare(`INSERT INTO messages (topic, message, published_at, due, sum)
     VALUES (?1, ?2, ?3, ?4, ${sumOf('messages', ['?1', '?2', '?3', '?4', '0', 'NULL'])})`);
  // One seek a topic, in one call: this is asked for most often of all.
  const selectFirst = sql.prepare(
    `SELECT m.id, m.topic, m.due, m.attempt, m.token, ${IS_WHOLE} AS whole FROM json_each(?) AS t
     JOIN messages AS m ON m.id = (SELECT id FROM messages WHERE topic = t.value ORDER BY due, id LIMIT 1)
     ORDER BY m.due, m.id LIMIT 1`,
  );
  const take = sql.prepare(
    `UPDATE messages SET token = ?1, due = ?2, attempt = attempt + 1,
       sum = ${changed({ token: '?1', due: '?2', attempt: 'attempt + 1' })}
     WHERE id = ?3 AND token IS ?4 AND ${IS_WHOLE}
     RETURNING topic, message, published_at, attempt`,
  );
  const extend = sql.prepare(
    `UPDATE messages SET due = ?1, sum = ${changed({ due: '?1' })} WHERE id = ?2 AND token IS ?3 AND ${IS_WHOLE}`,
  );
  const remove = sql.prepare('DELETE FROM messages WHERE id = ? AND token IS ?');
  const giveBack = sql.prepare(
    `UPDATE messages SET token = NULL, due = ?1, attempt = attempt - ?2,
       sum = ${changed({ token: 'NULL', due: '?1', attempt: 'attempt - ?2' })}
     WHERE id = ?3 AND token IS ?4 AND ${IS_WHOLE}`,
  );
  const copyToDead = sql.prepare(
    `INSERT INTO dead_letters SELECT id, topic, message, published_at, ?1, attempt, ?2, ?3,
       ${sumOf('dead_letters', ['topic', 'message', 'published_at', '?1', 'attempt', '?2', '?3'])}
     FROM messages WHERE id = ?4 AND token IS ?5 AND ${IS_WHOLE}`,
  );
  const endLeases = sql.prepare(
    `UPDATE messages SET token = NULL, due = ?1, sum = ${changed({ token: 'NULL', due: '?1' })}
     WHERE token IS NOT NULL AND ${IS_WHOLE}`,
  );
  const count = sql.prepare(
    `SELECT count(*) AS total, count(*) FILTER (WHERE token IS NOT NULL AND due > ?) AS leased,
     (SELECT count(*) FROM dead_letters) AS dead FROM messages`,
  );
  const selectDead = sql.prepare(
    `SELECT *, sum = ${sumOf('dead_letters', DEAD_COLUMNS)} AS whole FROM dead_letters ORDER BY id`,
  );
  const deleteDead = sql.prepare('DELETE FROM dead_letters WHERE id = ?');
  const listeners = new Set<() => void>();

  /** The time `ms` from now in whole milliseconds, which a clock need not count in. */
  const at = (ms = 0) => Math.floor(clock.now() + ms);

  /** The message of these topics that is due first, now or later. */
  function first(topics: readonly string[]): Waiting | undefined {
    const row = selectFirst.get(JSON.stringify(topics));
    if (!row) return undefined;
    wholeRow(row);
    const token = row.token === null ? null : text(row.token);
    return { id: String(row.id), topic: text(row.topic), due: integer(row.due), attempt: integer(row.attempt), token };
  }

  function isLast({ topic, attempt }: { readonly topic: string; readonly attempt: number }): boolean {
    return attempt >= maxAttempts && !endless.includes(topic);
  }

  function bury({ id, token }: Holder, reason: unknown): boolean {
    const { code, message } = asRewoundError(reason);
    return atomically(() => {
      copyToDead.run(at(), code, message, id, token);
      return remove.run(id, token).changes === 1;
    });
  }

  return {
    async publish(topic, message, { delayMs = 0 } = {}) {
      const json = toJsonText(message);
      const [now, due] = [at(), at(delayMs)];
      await durably(() => insert.run(topic, json, now, due));
      for (const listener of listeners) listener();
    },

    together: (work) => stored(() => atomically(work)),

    lease: (topics, leaseMs) =>
      stored(() => {
        for (;;) {
          const waiting = first(topics);
          if (!waiting || waiting.due > at()) return undefined;
          if (isLast(waiting)) {
            bury(waiting, UNANSWERED);
            continue;
          }
          const token = randomUUID();
          const row = take.get(token, at(leaseMs), waiting.id, waiting.token);
          // Without a row, another process was faster.
          if (row) return toLease(waiting.id, token, row);
        }
      }),

    extend: ({ id, token }, leaseMs) => stored(() => extend.run(at(leaseMs), id, token).changes === 1),

    ack: ({ id, token }) => stored(() => remove.run(id, token).changes === 1),

    nack: (lease, error) =>
      stored(() => {
        if (isLast(lease)) return bury(lease, error);
        return giveBack.run(at(backoffMs(lease.attempt, backoff, random())), 0, lease.id, lease.token).changes === 1;
      }),

    giveBack: ({ id, token }) => stored(() => giveBack.run(at(), 1, id, token).changes === 1),

    recover: () => stored(() => void endLeases.run(at())),

    nextDue: (topics) => stored(() => first(topics)?.due),

    depth: () =>
      stored(() => {
        const row = count.get(at());
        const leased = integer(row?.leased);
        return { pending: integer(row?.total) - leased, leased, dead: integer(row?.dead) };
      }),

    dead: () => stored(() => selectDead.all().map(wholeRow).map(toDeadLetter)),

    forget: (id) => stored(() => void deleteDead.run(id)),

    onPublish(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

type Row = Readonly<Record<string, unknown>>;

/** Whoever has the message, or nobody. */
interface Holder {
  readonly id: string;
  readonly token: string | null;
}

interface Waiting extends Holder {
  readonly topic: string;
  readonly due: number;
  readonly attempt: number;
}

function toLease(id: string, token: string, row: Row): Lease {
  return {
    id,
    token,
    topic: text(row.topic),
    message: parseJson(text(row.message)),
    attempt: integer(row.attempt),
    publishedAt: integer(row.published_at),
  };
}

function toDeadLetter(row: Row): DeadLetter {
  const code = text(row.error_code);
  return {
    id: String(row.id),
    topic: text(row.topic),
    message: parseJson(text(row.message)),
    publishedAt: integer(row.published_at),
    diedAt: integer(row.died_at),
    attempts: integer(row.attempts),
    error: { code: isErrorCode(code) ? code : 'INTERNAL', message: text(row.error_message) },
  };
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_CODES, code);
}
