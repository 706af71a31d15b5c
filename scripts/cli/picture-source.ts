/** Shows pictures that were named in the place of a checkpoint as a part of the project. */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { isPictureMarker } from '../../shared/pipeline/base/layout.ts';
import type { Mounts } from '../../shared/platform/local/tree.ts';
import { PROJECT } from './project.ts';

/** What stands in the place of the generator, as a part of the project. */
export interface AuditedSource {
  /** The key by which it is audited. */
  readonly key: string;
  readonly mounts: Mounts;
  /** A small file that has to be written first, which stands for a folder. */
  readonly marker?: string;
}

/** A folder of pictures as a part of the project; undefined where the path is a file. */
export async function pictureFolder(path: string): Promise<AuditedSource | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isDirectory()) return undefined;
  const name = `${basename(path)}.pictures.json`;
  return {
    // A name that a bucket would not accept stands for the folder all the same.
    key: `${PROJECT}/checkpoints/${isPictureMarker(name) && !name.startsWith('.') ? name : 'set.pictures.json'}`,
    mounts: { [`${PROJECT}/pictures/`]: path },
    marker: JSON.stringify({ schema: 'rewound.pictures/1', folder: 'pictures' }),
  };
}
