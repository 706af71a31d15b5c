/** Finds the storages that the persistent ids of a torch file name. */
import { countOf, itemsOf, textOf } from '../pickle/arguments.ts';
import { TorchStorage } from '../pickle/storage.ts';
import { storageType } from '../pickle/torch.ts';
import { Global, type PickleValue, Refused, Sequence } from '../pickle/values.ts';

/** Storages whose elements are no plain numbers: refused, but a legacy file cannot be read on without their sizes. */
const OTHER_SIZES: ReadonlyMap<string, number> = new Map([
  ['torch.ComplexFloatStorage', 8],
  ['torch.ComplexDoubleStorage', 16],
  ['torch.QInt8Storage', 1],
  ['torch.QUInt8Storage', 1],
  ['torch.QInt32Storage', 4],
  ['torch.QUInt4x2Storage', 1],
  ['torch.QUInt2x4Storage', 1],
]);

/** The storages that the persistent ids of a torch file name. */
export class Storages {
  readonly byKey = new Map<string, TorchStorage>();
  /** Bytes of storages that nothing here can use. */
  readonly otherSizes = new Map<string, number>();

  /**
   * ('storage', class, key, device, number of elements[, view]) or ('module', class, ...); undefined for all else.
   * Throws Misfit where it is not well formed.
   */
  resolve(id: PickleValue): PickleValue | undefined {
    if (!(id instanceof Sequence) || id.kind !== 'tuple') return undefined;
    const [kind, type, key, , length, view] = id.items;
    // The class of a network saved whole; its source code follows.
    if (kind === 'module') return type instanceof Global || type instanceof Refused ? type : undefined;
    if (kind !== 'storage') return undefined;
    const otherSize = type instanceof Refused ? OTHER_SIZES.get(type.global) : undefined;
    if (otherSize !== undefined) {
      this.otherSizes.set(textOf(key, 'the key of a storage'), otherSize * countOf(length, 'the length of a storage'));
      return type;
    }
    if (!(type instanceof Global)) return undefined;
    const elementType = storageType(type);
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
