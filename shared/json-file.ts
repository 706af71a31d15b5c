/** Reads the JSON files that people write: cards, recipes, settings. */
import type { z } from 'zod';
import { RewoundError } from './errors.ts';

/** Reads a JSON text by a schema. Throws CARD_INVALID naming the field. */
export function parseJsonFile<T extends z.ZodType>(schema: T, json: string, what: string): z.infer<T> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new RewoundError('CARD_INVALID', `${what} is not JSON.`, { help: 'Check commas, quotes and braces.', cause });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue && issue.path.length > 0 ? ` at "${issue.path.join('.')}"` : '';
  throw new RewoundError('CARD_INVALID', `${what} does not fit its schema${where}: ${issue?.message ?? 'invalid'}.`, {
    help: 'docs/cards.md lists the fields a card may have.',
    cause: parsed.error,
  });
}
