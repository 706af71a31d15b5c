/** Turns values of a pickle into plain settings. */

import { NdArray } from './pickle/numpy.ts';
import { Dict, Instance, type PickleValue, Sequence } from './pickle/values.ts';
import type { PlainValue } from './saved-module.ts';

const MAX_DEPTH = 16;
/** Longer lists are no settings. */
const MAX_ITEMS = 4096;
/** Of all settings in a file. What is shared is counted each time it is met, because whoever prints it meets it so. */
const MAX_VALUES = 200_000;

/** Turns values of a pickle into settings, as long as they are plain and few. */
export class PlainReader {
  private values = 0;

  /** undefined for what is not plain: tensors, refused code, circles, long lists. */
  read(value: PickleValue | undefined, depth = 0): PlainValue | undefined {
    this.values += typeof value === 'string' ? 1 + value.length / 64 : 1;
    if (value === undefined || depth > MAX_DEPTH || this.values > MAX_VALUES) return undefined;
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
    if (typeof value === 'number') return value;
    if (typeof value === 'bigint') return Number(value);
    if (value instanceof NdArray) return this.array(value);
    if (value instanceof Sequence) return value.items.length <= MAX_ITEMS ? this.list(value, depth) : undefined;
    if (value instanceof Dict) return this.map([value], depth);
    if (value instanceof Instance) return this.map([value.attributes, value.entries], depth);
    return undefined;
  }

  private list({ items }: Sequence, depth: number): readonly PlainValue[] | undefined {
    const list: PlainValue[] = [];
    for (const item of items) {
      const plain = this.read(item, depth + 1);
      if (plain === undefined) return undefined;
      list.push(plain);
    }
    return list;
  }

  /** Entries that are not plain are left out. */
  private map(dicts: readonly Dict[], depth: number): ReadonlyMap<string, PlainValue> | undefined {
    const map = new Map<string, PlainValue>();
    for (const { entries } of dicts) {
      if (entries.size > MAX_ITEMS) return undefined;
      for (const [key, value] of entries) {
        const plain = this.read(value, depth + 1);
        if (plain !== undefined) map.set(String(key), plain);
      }
    }
    return map;
  }

  private array({ tensor }: NdArray): PlainValue | undefined {
    if (!tensor || tensor.count > MAX_ITEMS) return undefined;
    this.values += tensor.count;
    if (this.values > MAX_VALUES) return undefined;
    const { shape } = tensor;
    const numbers = tensor.numbers();
    const nested = (axis: number, from: number, step: number): PlainValue => {
      if (axis === shape.length) return numbers[from]!;
      const size = shape[axis]!;
      const inner = size === 0 ? 0 : step / size;
      return Array.from({ length: size }, (_, i) => nested(axis + 1, from + i * inner, inner));
    };
    return nested(0, 0, numbers.length);
  }
}
