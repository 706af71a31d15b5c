/** Shows the user's files as a project of the drop area. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Context } from '../../shared/pipeline/base/context.ts';
import { openLocal } from '../../shared/platform/local/index.ts';
import type { Mounts } from '../../shared/platform/local/tree.ts';
import { readingEngine } from './reading-engine.ts';

/** Where the user's files appear as a project of the drop area. */
export const PROJECT = 'drop/local/audit';

/**
 * A file that the user named, wherever a link of that name leads, and its folder beside it: what else the file needs may
 * come with it from a stranger, so no link in there is followed out of it.
 */
export function besideItsFolder(place: string, path: string): Mounts {
  return { [`${place}/`]: { closed: dirname(path) }, [`${place}/${basename(path)}`]: path };
}

/** Looks at the user's files without an audit: in a work folder that is removed afterwards. */
export async function withProject<T>(
  mounts: Mounts,
  use: (context: Pick<Context, 'objects' | 'compute'>) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'rewound-look-'));
  const platform = openLocal({ folder, mounts });
  // Hostile files end that process, not this one.
  const engine = readingEngine();
  try {
    return await use({ objects: platform.objects, compute: engine.tasks });
  } finally {
    engine.close();
    platform.close();
    await rm(folder, { recursive: true, force: true });
  }
}
