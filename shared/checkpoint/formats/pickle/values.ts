/** Describes every value that a pickle can hold here. */
import type { ByteSource } from '../source.ts';
import { Latin1Source } from './latin1.ts';

/** What a pickle can hold here. Everything is data: no value can be called, and none has methods of the file's choice. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | LongText
  | Bytes
  | Sequence
  | Dict
  | Global
  | Instance
  | Refused
  | Modelled;

/** Bytes that stay where they are in the file. */
export class Bytes {
  readonly source: ByteSource;
  readonly offset: number;
  readonly length: number;

  constructor(source: ByteSource, offset: number, length: number) {
    this.source = source;
    this.offset = offset;
    this.length = length;
  }

  read(): Uint8Array {
    return this.source.read(this.offset, this.length);
  }
}

/** A text too long to be a name or a setting, in UTF-8, undecoded. */
export class LongText {
  readonly utf8: Bytes;
  private asBytes: Bytes | undefined;

  constructor(utf8: Bytes) {
    this.utf8 = utf8;
  }

  /** What text.encode('latin1') gives. The text is gone through once, however often this is asked for. */
  latin1(): Bytes {
    if (!this.asBytes) {
      const source = new Latin1Source(this.utf8);
      this.asBytes = new Bytes(source, 0, source.size);
    }
    return this.asBytes;
  }
}

/** A tuple, list or set; members of a set may repeat. */
export class Sequence {
  readonly kind: 'tuple' | 'list' | 'set';
  readonly items: PickleValue[];

  constructor(kind: 'tuple' | 'list' | 'set', items: PickleValue[]) {
    this.kind = kind;
    this.items = items;
  }
}

export type DictKey = null | boolean | number | bigint | string;

/** A dictionary of any class. */
export class Dict {
  private map: Map<DictKey, PickleValue> | undefined;

  /** Made when first needed: most dictionaries of a network are empty. */
  get entries(): Map<DictKey, PickleValue> {
    this.map ??= new Map();
    return this.map;
  }

  text(key: string): string | undefined {
    const value = this.entries.get(key);
    return typeof value === 'string' ? value : undefined;
  }

  dict(key: string): Dict | undefined {
    const value = this.entries.get(key);
    return value instanceof Dict ? value : undefined;
  }
}

/** A name of code that this reader knows; `make` and `call` are the reader's own. */
export class Global {
  readonly module: string;
  readonly name: string;
  readonly constructs: Constructor;

  constructor(module: string, name: string, constructs: Constructor) {
    this.module = module;
    this.name = name;
    this.constructs = constructs;
  }
}

/** A name of code that this reader does not know, or whatever it would have returned. */
export class Refused {
  readonly global: string;

  constructor(global: string) {
    this.global = global;
  }
}

/** An object of any class: its attributes and, if its class is a dictionary, its entries. Known by name alone. */
export class Instance {
  readonly className: string;
  readonly attributes: Dict;
  readonly entries = new Dict();

  constructor(className: string, attributes = new Dict()) {
    this.className = className;
    this.attributes = attributes;
  }
}

/** A value that a modelled constructor made: a tensor, an array. */
export abstract class Modelled {
  /** As the object's `__setstate__` would. */
  build(_state: PickleValue): void {
    throw new Misfit(`${this.constructor.name} takes no state`);
  }
}

/** Arguments or a state that a modelled value cannot have. */
export class Misfit extends Error {}

/** What a global stands for. Neither function may do more than make a value of its arguments. */
export interface Constructor {
  /** As calling it would. Throws Misfit where the arguments do not fit. */
  readonly call?: (args: readonly PickleValue[], context: CallContext) => PickleValue;
  /** As `__new__` without arguments would. */
  readonly make?: () => PickleValue;
}

export interface CallContext {
  /** Takes from what the file may make this reader do. */
  spendText(characters: number): void;
  spendCopies(values: number): void;
  /** The value of a whole torch file within this one. */
  torchFile(bytes: Bytes): PickleValue;
}

/** For error messages: what a value is, without what it says. */
export function kindOf(value: PickleValue): string {
  if (value === null) return 'None';
  if (value instanceof Sequence) return `a ${value.kind}`;
  if (value instanceof Dict) return 'a dictionary';
  if (value instanceof Global) return `the name ${value.module}.${value.name}`;
  if (value instanceof Refused) return `the refused ${value.global}`;
  if (value instanceof Instance) return `a ${value.className}`;
  if (value instanceof Bytes) return 'bytes';
  if (value instanceof LongText || typeof value === 'string') return 'a text';
  if (typeof value === 'object') return `a ${value.constructor.name}`;
  return typeof value === 'boolean' ? 'a boolean' : 'a number';
}
