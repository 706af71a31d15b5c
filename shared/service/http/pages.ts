import { z } from '@hono/zod-openapi';

const MOST_ON_A_PAGE = 100;

/** A page of a list: `after` is `next` of the page before. */
export const pageQuery = z.strictObject({
  after: z
    .string()
    .regex(/^[\w-]{1,100}$/)
    .optional(),
  limit: z.coerce.number().int().min(1).max(MOST_ON_A_PAGE).default(20),
});

/** `next` is null on the last page. */
export function pageOf<T extends z.ZodType>(item: T, name: string) {
  return z.strictObject({ items: z.array(item), next: z.string().nullable() }).openapi(name);
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
