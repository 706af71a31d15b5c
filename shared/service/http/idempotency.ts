/** Answers a repeated request with the answer of the first time. */
import type { MiddlewareHandler } from 'hono';
import { z } from 'zod';
import { RewoundError } from '../../errors.ts';
import { isBuried } from '../../pipeline/runs/tombstones.ts';
import { readRecord } from '../../stored-record.ts';
import { hashOf } from '../accounts/api-keys.ts';
import type { ServiceContext } from '../core/context.ts';
import { fieldsOf } from '../core/documents.ts';
import { paths, projectOf } from '../core/paths.ts';
import { remindToForget } from '../core/reminders.ts';
import type { Env } from './env.ts';

const requestSchema = z.object({
  /** Stands for method, path and body. */
  request: z.string(),
  at: z.number(),
  answer: z.object({ status: z.int(), body: z.string() }).nullable(),
});

/** What a key may be. */
export const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;
const AUDIT_IDS = /\baud_[0-9a-z]+/g;
/** Answers are kept for so long. */
const KEPT_MS = 24 * 3_600_000;
/** A request that was not answered within this has died with its process. */
const LOST_MS = 60_000;

/**
 * With an Idempotency-Key, a request that comes again gets the answer of the first time and does nothing
 * (https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/). Keys are the account's own. Refusals are
 * not kept: they did nothing, and what was missing, such as credits, may be there when the request is tried again.
 */
export function idempotent(context: ServiceContext): MiddlewareHandler<Env> {
  const { records, clock } = context;
  return async (c, next) => {
    const key = c.req.header('idempotency-key');
    if (key === undefined) return next();
    if (!IDEMPOTENCY_KEY.test(key)) {
      throw new RewoundError('REQUEST_INVALID', 'The Idempotency-Key is not valid.', {
        help: 'Use 1 to 255 visible ASCII characters, such as a UUID.',
      });
    }
    const request = hashOf(JSON.stringify([c.req.method, c.req.path, await c.req.text()]));
    const path = paths.request(c.get('caller').account, hashOf(key));
    const at = clock.now();
    const snapshot = await records.get(path);
    // The reminder before what it is about; none for what is there.
    if (!snapshot) await remindToForget(context, path, at + KEPT_MS);
    if (snapshot || !(await records.create(path, { request, at, answer: null }))) {
      const found = snapshot ?? (await records.get(path));
      const earlier = found && readRecord(requestSchema, found.fields);
      if (earlier && earlier.request !== request) {
        throw new RewoundError('IDEMPOTENCY_MISMATCH', 'This Idempotency-Key was used for another request.', {
          help: 'Use a new key for each request; the same only to repeat one.',
        });
      }
      if (earlier?.answer) {
        return new Response(earlier.answer.body, { status: earlier.answer.status, headers: REPLAYED });
      }
      const isLost = earlier !== undefined && at - earlier.at >= LOST_MS;
      // Whoever takes it over is one.
      if (!isLost || !(await records.replace(path, { request, at, answer: null }, found?.version ?? ''))) {
        c.header('retry-after', '1');
        throw new RewoundError('CONFLICT', 'The same request is being worked on.', {
          help: 'Repeat it in a second to get its answer.',
        });
      }
    }
    await next();
    if (c.res.status >= 400) return records.delete(path);
    const answer = { status: c.res.status, body: await c.res.clone().text() };
    const mine = await records.get(path);
    if (mine) await records.replace(path, fieldsOf({ request, at, answer }), mine.version);
    // An erasure that began meanwhile has not seen this answer, which may tell of its audit.
    const audits = new Set(answer.body.match(AUDIT_IDS) ?? []);
    const projects = [...audits].map((audit) => projectOf(c.get('caller').account, audit));
    if (!(await isBuried(context, ...projects))) return;
    await records.delete(path);
    await records.purge([]);
  };
}

const REPLAYED = { 'content-type': 'application/json', 'idempotent-replayed': 'true' };
