/** JSON that an audit stores and reads back: sealed, and checked against a schema. */
import { z } from 'zod';
import { RewoundError } from '../../errors.ts';
import type { Platform } from '../../platform/ports.ts';
import { requireWhole, seal, UNSEALED } from '../../seal.ts';

const sealedSchema = z.looseObject({ seal: z.string() });

export function encodeJson(value: object): Uint8Array {
  // The seal comes first: what follows may come from outside.
  return seal(new TextEncoder().encode(`${JSON.stringify({ seal: UNSEALED, ...value }, undefined, 1)}\n`));
}

/** Reads an object that `encodeJson` made. Throws RESULT_DAMAGED where it is not as it was written, NOT_FOUND. */
export async function readJson<T extends z.ZodType>(
  { objects }: Pick<Platform, 'objects'>,
  key: string,
  schema: T,
): Promise<z.infer<T>> {
  const bytes = await objects.get(key);
  const name = key.slice(key.lastIndexOf('/') + 1);
  requireWhole(bytes, `The file ${name} of an audit`);
  try {
    const { seal: _, ...value } = sealedSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
    return schema.parse(value);
  } catch (cause) {
    // It is as it was written, and not what this version writes.
    throw new RewoundError(
      'RESULT_DAMAGED',
      `The file ${name} of an audit was written by another version of Rewound.`,
      {
        help: 'Put the checkpoint into the project again, or give another work folder: the audit starts over.',
        cause,
      },
    );
  }
}
