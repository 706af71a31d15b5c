/** The schemas of paged lists and of idempotency keys. */
import { z } from '@hono/zod-openapi';
import { IDEMPOTENCY_KEY } from './idempotency.ts';

const MOST_ON_A_PAGE = 100;

export const pageLimit = z.coerce
  .number()
  .int()
  .min(1)
  .max(MOST_ON_A_PAGE)
  .default(20)
  .openapi({ description: 'Items on a page.' });

/** A page of a list: `after` is `next` of the page before, the id of its last item. */
export function pageQuery(id: z.ZodString) {
  return z.strictObject({
    after: id.optional().openapi({ description: '`next` of the page before.' }),
    limit: pageLimit,
  });
}

/** The header of requests that are done once, however often they come. */
export const idempotencyKey = z.string().regex(IDEMPOTENCY_KEY).openapi({
  description:
    'Of your choice, such as a UUID. The same request with the same key gets the same answer for 24 hours, and is done once.',
  example: '5c4c1f6e-0d5e-4f0f-9f0a-1b6f3f0f6b1d',
});

/** Said of requests that make something again each time they come. */
export const NOT_KEPT =
  'Takes no Idempotency-Key: to answer a second time, the secret in the answer would have to be kept.';

/** `next` is null on the last page. */
export function pageOf<T extends z.ZodType>(item: T, name: string) {
  const next = z
    .string()
    .nullable()
    .openapi({ description: 'Give it as `after` for the next page; null on the last.' });
  return z.strictObject({ items: z.array(item), next }).openapi(name);
}

/** Of one item more than fits on the page: whether there is a next one. */
export function page<T>(found: readonly T[], limit: number, cursor: (item: T) => string) {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return { items, next: found.length > limit && last !== undefined ? cursor(last) : null };
}

/** The body of a request: JSON of this schema. */
export function json<T extends z.ZodType>(schema: T) {
  return { required: true, content: { 'application/json': { schema } } } as const;
}

/** An answer: JSON of this schema. */
export function answer<T extends z.ZodType>(description: string, schema: T) {
  return { description, content: { 'application/json': { schema } } } as const;
}
