import { createHash, randomUUID } from 'node:crypto';
import { RewoundError } from '../../../shared/errors.ts';
import { toJsonText } from '../../../shared/platform/json.ts';
import { assertCollectionPath, keySegments, splitDocumentPath } from '../../../shared/platform/names.ts';
import type { Fields, FilePart, ObjectInfo, Objects, Range, Records } from '../../../shared/platform/ports.ts';

interface Stored extends ObjectInfo {
  readonly bytes: Uint8Array;
}

/** Objects in memory, for simulations that need thousands of audits. A `file` is a path that only `read` knows. */
export class MemoryObjects implements Objects {
  /** How often each key was written. */
  readonly writes = new Map<string, number>();
  private readonly stored = new Map<string, Stored>();
  /** Files that were given out stay as they were, whatever becomes of their objects. */
  private readonly files = new Map<string, Uint8Array>();
  private generation = 0;

  async head(key: string): Promise<ObjectInfo | undefined> {
    const found = this.stored.get(key);
    return found && describe(found);
  }

  async get(key: string, generation?: string, range?: Range): Promise<Uint8Array> {
    const { bytes } = this.expect(key, generation);
    return range ? bytes.slice(range.start, range.start + range.length) : bytes.slice();
  }

  async put(key: string, bytes: Uint8Array, { ifAbsent = false } = {}): Promise<ObjectInfo> {
    keySegments(key);
    if (ifAbsent && this.stored.has(key)) throw failure('OBJECT_EXISTS');
    const md5 = createHash('md5').update(bytes).digest('base64');
    const object = { key, size: bytes.length, generation: String(++this.generation), md5, bytes: bytes.slice() };
    this.stored.set(key, object);
    this.writes.set(key, (this.writes.get(key) ?? 0) + 1);
    return describe(object);
  }

  async *list(prefix: string): AsyncGenerator<ObjectInfo> {
    const keys = [...this.stored.keys()].filter((key) => key.startsWith(prefix)).sort();
    for (const key of keys) {
      const found = this.stored.get(key);
      if (found) yield describe(found);
    }
  }

  async delete(key: string): Promise<void> {
    this.stored.delete(key);
  }

  async clear(folder: string): Promise<readonly Pick<ObjectInfo, 'key' | 'size'>[]> {
    const found = [...this.stored.values()].filter(({ key }) => key.startsWith(`${folder}/`));
    for (const { key } of found) this.stored.delete(key);
    return found.map(({ key, size }) => ({ key, size }));
  }

  async file(key: string, generation?: string): Promise<string> {
    const object = this.expect(key, generation);
    const path = `${object.generation}/${key}`;
    this.files.set(path, object.bytes);
    return path;
  }

  async part(key: string, { start }: Range, generation?: string): Promise<FilePart> {
    return { path: await this.file(key, generation), start };
  }

  /** The content of a path that `file` gave. */
  read(path: string): Uint8Array {
    const found = this.files.get(path);
    if (!found) throw failure('NOT_FOUND');
    return found;
  }

  private expect(key: string, generation: string | undefined): Stored {
    const found = this.stored.get(key);
    if (!found) throw failure('NOT_FOUND');
    if (generation !== undefined && generation !== found.generation) throw failure('OBJECT_CHANGED');
    return found;
  }
}

/** Records in memory; `test/cloud/memory.test.ts` holds them to the contract of all platforms. */
export function memoryRecords(): Records {
  const documents = new Map<string, { readonly json: string; readonly version: string }>();
  const snapshot = (path: string) => {
    const found = documents.get(path);
    return found && { path, version: found.version, fields: JSON.parse(found.json) as Fields };
  };
  const write = (path: string, fields: Fields) =>
    void documents.set(path, { json: toJsonText(fields), version: randomUUID() });
  const members = (collection: string) => {
    assertCollectionPath(collection);
    return [...documents.keys()]
      .filter((path) => path.startsWith(`${collection}/`) && !path.slice(collection.length + 1).includes('/'))
      .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  };
  return {
    purge: async () => undefined,
    async create(path, fields) {
      splitDocumentPath(path);
      toJsonText(fields);
      if (documents.has(path)) return false;
      write(path, fields);
      return true;
    },
    async get(path) {
      splitDocumentPath(path);
      return snapshot(path);
    },
    async replace(path, fields, version) {
      splitDocumentPath(path);
      toJsonText(fields);
      if (documents.get(path)?.version !== version) return false;
      write(path, fields);
      return true;
    },
    count: async (path) => members(path).length,
    async *list(path, { after = '', limit = Number.POSITIVE_INFINITY } = {}) {
      const from = Buffer.from(`${path}/${after}`);
      let left = limit;
      for (const found of members(path).filter((one) => Buffer.compare(Buffer.from(one), from) > 0)) {
        if (left-- <= 0) return;
        const one = snapshot(found);
        if (one) yield one;
      }
    },
    async delete(path) {
      splitDocumentPath(path);
      documents.delete(path);
    },
  };
}

function describe({ key, size, generation, md5 }: Stored): ObjectInfo {
  return { key, size, generation, md5 };
}

function failure(code: 'NOT_FOUND' | 'OBJECT_EXISTS' | 'OBJECT_CHANGED'): RewoundError {
  return new RewoundError(code, `The object: ${code}.`, { help: 'None.' });
}
