/** Describes where the elements of a torch storage are. */
import { ELEMENT_SIZE } from '../element.ts';
import { corrupt } from '../faults.ts';
import type { ByteSource } from '../source.ts';
import type { TensorType } from '../tensor.ts';
import type { Storage } from './strided.ts';
import { Misfit, Modelled } from './values.ts';

export interface StorageExtent {
  readonly source: ByteSource;
  /** Of the first byte. */
  readonly offset: number;
}

/** A torch storage. Its place is set when it is known: a legacy file says it after the tensors. */
export class TorchStorage extends Modelled {
  readonly type: TensorType | 'bytes';
  /** In elements. */
  readonly length: number;
  private locate: (() => StorageExtent) | undefined;

  constructor(type: TensorType | 'bytes', length: number) {
    super();
    this.type = type;
    this.length = length;
  }

  private get elementSize(): number {
    return this.type === 'bytes' ? 1 : ELEMENT_SIZE[this.type];
  }

  get byteLength(): number {
    return this.length * this.elementSize;
  }

  /** Says where the storage is; the source is not opened before its values are asked for. */
  put({ size, open }: { readonly size: number; readonly open: () => ByteSource }, offset = 0): void {
    if (offset > size - this.byteLength) throw corrupt('a storage reaches beyond the end');
    this.locate = () => ({ source: open(), offset });
  }

  place(): StorageExtent {
    if (!this.locate) throw corrupt('a storage is missing');
    return this.locate();
  }

  /** The storage as elements of `type`; Misfit where it is of another. */
  as(type: TensorType): Storage {
    if (this.type !== 'bytes' && this.type !== type) throw new Misfit('a tensor is of another type than its storage');
    return {
      length: Math.floor(this.byteLength / ELEMENT_SIZE[type]),
      place: () => this.place(),
    };
  }

  /** A part of it, which old files name as a storage of its own. */
  slice(offset: number, length: number): TorchStorage {
    if (offset > this.length - length) throw new Misfit('a view reaches outside its storage');
    const view = new TorchStorage(this.type, length);
    view.locate = () => {
      const whole = this.place();
      return { source: whole.source, offset: whole.offset + offset * this.elementSize };
    };
    return view;
  }
}
