/** Reads by its schema a record that Rewound had written. */
import type { z } from 'zod';
import { RewoundError } from './errors.ts';

/** @throws STATE_DAMAGED where the fields of a record do not fit the schema of what this version writes there. */
export function readRecord<T>(schema: z.ZodType<T>, fields: unknown): T {
  const { success, data, error } = schema.safeParse(fields);
  if (success) return data;
  throw unlikeWritten(error);
}

/** The error of a record that this version cannot have written. */
export function unlikeWritten(cause: unknown): RewoundError {
  return new RewoundError('STATE_DAMAGED', 'A record was written by another version of Rewound, or is damaged.', {
    help: 'Run the version that wrote it, or restore the records from a backup. On one machine without accounts you may move the files state.sqlite, -wal and -shm out of .rewound-state instead: finished work and reports are kept.',
    cause,
  });
}
