/** Reads the kept schema of the Google Terraform provider. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** What may stand in a resource or in a block of one, by the provider's own names. */
export interface Block {
  /** Arguments: their type, with a `!` after those that must be given. */
  readonly arguments: Readonly<Record<string, string>>;
  /** Blocks in it, with a `!` after the names of those that must be given. */
  readonly blocks: Readonly<Record<string, Block>>;
  /** What else can be read of a resource. */
  readonly attributes?: readonly string[] | undefined;
}

const blockSchema: z.ZodType<Block> = z.lazy(() =>
  z.strictObject({
    arguments: z.record(z.string(), z.string()),
    blocks: z.record(z.string(), blockSchema),
    attributes: z.array(z.string()).optional(),
  }),
);

const providerSchema = z.strictObject({
  source: z.string(),
  resources: z.record(z.string(), blockSchema),
  data: z.record(z.string(), blockSchema),
});
export type ProviderSchema = z.infer<typeof providerSchema>;

/**
 * The kept schema; `scripts/provider-schema.ts` makes it.
 * @internal
 */
export function providerSchemaFile(): ProviderSchema {
  return providerSchema.parse(
    JSON.parse(readFileSync(join(import.meta.dirname, 'google-provider.schema.json'), 'utf8')),
  );
}
