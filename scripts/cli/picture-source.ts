/** Shows pictures that were named in the place of a checkpoint as a part of the project. */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Mounts } from '../../shared/platform/local/tree.ts';
import { isHidden, isSegment } from '../../shared/platform/names.ts';
import { besideItsFolder, PROJECT } from './project.ts';

/** What stands in the place of the generator, as a part of the project. */
export interface AuditedSource {
  /** The key by which it is audited. */
  readonly key: string;
  readonly mounts: Mounts;
  /** A small file that has to be written first, which stands for a folder. */
  readonly marker?: string;
}

/** A checkpoint or an archive of pictures as a part of the project, with the folder it is in. */
export function auditedFile(path: string): AuditedSource {
  return {
    key: `${PROJECT}/checkpoints/${basename(path)}`,
    mounts: besideItsFolder(`${PROJECT}/checkpoints`, path),
  };
}

/** A folder of pictures as a part of the project; undefined where the path is a file. */
export async function pictureFolder(path: string): Promise<AuditedSource | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isDirectory()) return undefined;
  const name = `${basename(path)}.pictures.json`;
  return {
    // A folder may have a name that no object can have.
    key: `${PROJECT}/checkpoints/${isSegment(name) && !isHidden(name) ? name : 'set.pictures.json'}`,
    mounts: { [`${PROJECT}/pictures/`]: path },
    marker: JSON.stringify({ schema: 'rewound.pictures/1', folder: 'pictures' }),
  };
}
