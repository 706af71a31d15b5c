import { countOf, globalOf, itemsOf, textOf } from '../pickle/arguments.ts';
import { Global, type PickleValue, Refused, Sequence } from '../pickle/values.ts';
import { storageType } from './globals.ts';
import { TorchStorage } from './storage.ts';

/** The storages that the persistent ids of a torch file name. */
export class Storages {
  readonly byKey = new Map<string, TorchStorage>();

  /**
   * ('storage', class, key, device, number of elements[, view]) or ('module', class, ...); undefined for all else.
   * Throws Misfit where it is not well formed.
   */
  resolve(id: PickleValue): PickleValue | undefined {
    if (!(id instanceof Sequence) || id.kind !== 'tuple') return undefined;
    const [kind, type, key, , length, view] = id.items;
    // The class of a network saved whole; its source code follows.
    if (kind === 'module') return type instanceof Global || type instanceof Refused ? type : undefined;
    if (kind !== 'storage' || !(type instanceof Global)) return undefined;
    const elementType = storageType(globalOf(type, 'the class of a storage'));
    if (!elementType) return undefined;
    const name = textOf(key, 'the key of a storage');
    const known = this.byKey.get(name);
    const storage = known ?? new TorchStorage(elementType, countOf(length, 'the length of a storage'));
    if (!known) this.byKey.set(name, storage);
    else if (known.type !== elementType || known.length !== length) return undefined;
    if (!view) return storage;
    const [, offset, size] = itemsOf(view, 'the view of a storage');
    return storage.slice(countOf(offset, 'the offset of a view'), countOf(size, 'the length of a view'));
  }
}
