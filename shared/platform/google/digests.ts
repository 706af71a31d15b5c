/** Finds the MD5 of objects, also of composite ones. */
import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import type { Bucket } from '@google-cloud/storage';
import { contentOf } from './content.ts';
import { repeated } from './repeat.ts';
import type { Resource } from './resource.ts';

/** Digests that are kept in memory. */
const KEPT = 1000;

export interface Digests {
  /** MD5 of the content, base64. Rejects as the client does, for example if the object is gone. */
  md5(resource: Resource): Promise<string>;
}

/**
 * The MD5 of objects. Cloud Storage gives it for free except for composite objects, which have only a CRC32C: those
 * are read through once by each process that asks. To upload a checkpoint in one piece is cheaper, but those who
 * upload in parallel must not be refused, and audits must know equal contents by an equal digest on every platform.
 * `bucket` is one of a client that never repeats, see `repeated`.
 */
export function googleDigests(bucket: Bucket): Digests {
  const known = new Map<string, Promise<string>>();

  function read({ name, generation }: Resource): Promise<string> {
    return repeated(async () => {
      const hash = createHash('md5');
      await pipeline(contentOf(bucket.file(name, { generation })), hash);
      return hash.digest('base64');
    });
  }

  return {
    async md5(resource) {
      if (resource.md5Hash !== undefined) return resource.md5Hash;
      const id = `${resource.generation}/${resource.name}`;
      let md5 = known.get(id);
      if (!md5) {
        md5 = read(resource);
        known.set(id, md5);
        for (const oldest of known.keys()) if (known.size > KEPT) known.delete(oldest);
        md5.catch(() => known.delete(id));
      }
      return md5;
    },
  };
}
