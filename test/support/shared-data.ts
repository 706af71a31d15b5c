import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(process.env.REWOUND_TEST_DATA ?? join(import.meta.dirname, '../../../shared/data'));

/**
 * A folder of the test data that is kept beside the repository (real photos, trained generators), or undefined, with a
 * visible line, where it is absent: tests that need it are then skipped.
 */
export function sharedData(name: string): string | undefined {
  const folder = join(root, name);
  if (existsSync(folder)) return folder;
  console.warn(`skipped: no test data at ${folder} (set REWOUND_TEST_DATA)`);
  return undefined;
}
