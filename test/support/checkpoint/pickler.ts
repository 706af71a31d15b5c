/**
 * Writes pickles as CPython's own pickler does, opcode by opcode (Modules/_pickle.c), of protocols 2 and 4. Objects that
 * a program holds once are remembered by identity; texts by value, as CPython interns the names that checkpoints repeat.
 */
export type Py =
  | null
  | boolean
  | number
  | bigint
  | string
  | Float
  | Uint8Array
  | Tuple
  | readonly Py[]
  | ReadonlyMap<Py, Py>
  | PySet
  | Global
  | Call
  | PersistentId
  | Raw;

/** A number that is a float though it is whole. */
export class Float {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

export class Tuple {
  readonly items: readonly Py[];
  constructor(...items: Py[]) {
    this.items = items;
  }
}

/** Always empty. */
export class PySet {}

export class Global {
  readonly module: string;
  readonly name: string;
  constructor(module: string, name: string) {
    this.module = module;
    this.name = name;
  }
}

/** What `__reduce__` gives: a callable, or with `make` a class for NEWOBJ; then a state, or entries. */
export class Call {
  readonly callee: Py;
  readonly args: readonly Py[];
  readonly rest: { readonly state?: Py; readonly entries?: ReadonlyMap<Py, Py>; readonly make?: boolean };
  constructor(callee: Py, args: readonly Py[], rest: Call['rest'] = {}) {
    this.callee = callee;
    this.args = args;
    this.rest = rest;
  }
}

export class PersistentId {
  readonly id: Tuple;
  constructor(id: Tuple) {
    this.id = id;
  }
}

/** Opcodes as they are. */
export class Raw {
  readonly bytes: Uint8Array;
  constructor(...parts: (string | Uint8Array | number)[]) {
    this.bytes = bytesOf(...parts);
  }
}

/** Texts (latin-1), bytes, and numbers as single bytes, one after the other. */
export function bytesOf(...parts: readonly (string | Uint8Array | number)[]): Uint8Array {
  return Buffer.concat(
    parts.map((part) => {
      if (typeof part === 'number') return Uint8Array.of(part);
      return typeof part === 'string' ? Buffer.from(part, 'latin1') : part;
    }),
  );
}

export function u32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export function u64(value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

export function pickle(value: Py, protocol: 2 | 4 = 2): Uint8Array {
  return new Pickler(protocol).dump(value);
}

const FRAME = 0x10000;

class Pickler {
  private readonly protocol: 2 | 4;
  private readonly done: Uint8Array[] = [];
  private frame: Uint8Array[] = [];
  private readonly memo = new Map<unknown, number>();
  /** Globals by name: there is one object of each. */
  private readonly globals = new Map<string, Global>();

  constructor(protocol: 2 | 4) {
    this.protocol = protocol;
  }

  dump(value: Py): Uint8Array {
    this.done.push(bytesOf(0x80, this.protocol));
    this.save(value);
    this.put('.');
    this.endFrame();
    return Buffer.concat(this.done);
  }

  private put(...parts: (string | Uint8Array | number)[]): void {
    this.frame.push(bytesOf(...parts));
  }

  private endFrame(): void {
    const bytes = Buffer.concat(this.frame);
    this.frame = [];
    // Frames of less than four bytes are not worth their header.
    if (this.protocol === 4 && bytes.length >= 4) this.done.push(bytesOf(0x95, u64(bytes.length)));
    this.done.push(bytes);
  }

  private remember(key: unknown): void {
    const index = this.memo.size;
    this.memo.set(key, index);
    if (this.protocol === 4) this.put(0x94);
    else if (index < 256) this.put('q', index);
    else this.put('r', u32(index));
  }

  private recall(key: unknown): boolean {
    const index = this.memo.get(key);
    if (index === undefined) return false;
    if (index < 256) this.put('h', index);
    else this.put('j', u32(index));
    return true;
  }

  private save(value: Py): void {
    if (value === null) this.put('N');
    else if (typeof value === 'boolean') this.put(value ? 0x88 : 0x89);
    else if (typeof value === 'number') this.number(value);
    else if (typeof value === 'bigint') this.long(value);
    else if (typeof value === 'string') this.text(value);
    else if (value instanceof Float) this.float(value.value);
    else if (value instanceof Raw) this.put(value.bytes);
    else if (value instanceof PersistentId) {
      this.save(value.id);
      this.put('Q');
    } else if (value instanceof Global) this.global(value);
    else if (value instanceof Tuple && value.items.length === 0) this.put(')');
    else if (!this.recall(value)) this.object(value);
  }

  private object(value: Uint8Array | Tuple | readonly Py[] | ReadonlyMap<Py, Py> | PySet | Call): void {
    if (value instanceof Uint8Array) this.bytes(value);
    else if (value instanceof Tuple) this.tuple(value);
    else if (value instanceof Call) this.call(value);
    else if (value instanceof Map) {
      this.put('}');
      this.remember(value);
      this.entries(value);
    } else if (value instanceof PySet) {
      this.put(0x8f);
      this.remember(value);
    } else if (isList(value)) {
      this.put(']');
      this.remember(value);
      this.batches(value, 'a', 'e', (item) => this.save(item));
    }
  }

  private number(value: number): void {
    if (!Number.isInteger(value)) this.float(value);
    else if (value >= 0 && value < 256) this.put('K', value);
    else if (value >= 0 && value < 65536) this.put('M', value & 255, value >> 8);
    else if (Math.abs(value) < 2 ** 31) this.put('J', u32(value >>> 0));
    else this.long(BigInt(value));
  }

  private float(value: number): void {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleBE(value);
    this.put('G', bytes);
  }

  private long(value: bigint): void {
    const bytes: number[] = [];
    let rest = value;
    do {
      bytes.push(Number(rest & 255n));
      rest >>= 8n;
    } while (rest !== 0n && rest !== -1n);
    if ((rest === -1n) !== bytes.at(-1)! >= 128) bytes.push(rest === -1n ? 255 : 0);
    this.put(0x8a, bytes.length, Uint8Array.from(bytes));
  }

  private text(value: string): void {
    if (this.recall(value)) return;
    const bytes = Buffer.from(value, 'utf8');
    if (this.protocol === 4 && bytes.length < 256) this.put(0x8c, bytes.length, bytes);
    else this.large('X', bytes);
    this.remember(value);
  }

  private bytes(value: Uint8Array): void {
    if (this.protocol === 2) {
      const text = Buffer.from(value).toString('latin1');
      this.save(new Call(new Global('_codecs', 'encode'), [text, 'latin1']));
      this.memo.set(value, this.memo.size - 1);
      return;
    }
    if (value.length < 256) this.put('C', value.length, value);
    else this.large('B', value);
    this.remember(value);
  }

  /** Long strings stand outside of frames. */
  private large(opcode: string, bytes: Uint8Array): void {
    if (this.protocol === 4 && bytes.length >= FRAME) {
      this.endFrame();
      this.done.push(bytesOf(opcode, u32(bytes.length)), bytes);
    } else this.put(opcode, u32(bytes.length), bytes);
  }

  private tuple(value: Tuple): void {
    const { items } = value;
    if (items.length > 3) this.put('(');
    for (const item of items) this.save(item);
    this.put(items.length > 3 ? 't' : 0x84 + items.length);
    this.remember(value);
  }

  private entries(map: ReadonlyMap<Py, Py>): void {
    this.batches([...map], 's', 'u', ([key, value]) => {
      this.save(key);
      this.save(value);
    });
  }

  /** One by itself, more after a mark, a thousand at most. */
  private batches<T>(items: readonly T[], one: string, many: string, save: (item: T) => void): void {
    for (let from = 0; from < items.length; from += 1000) {
      const batch = items.slice(from, from + 1000);
      if (batch.length > 1) this.put('(');
      for (const item of batch) save(item);
      this.put(batch.length > 1 ? many : one);
    }
  }

  private global(value: Global): void {
    const { module, name } = value;
    const known = this.globals.get(`${module} ${name}`) ?? value;
    this.globals.set(`${module} ${name}`, known);
    if (this.recall(known)) return;
    if (this.protocol === 4) {
      this.text(module);
      this.text(name);
      this.put(0x93);
    } else this.put(`c${module}\n${name}\n`);
    this.remember(known);
  }

  private call(value: Call): void {
    const { state, entries, make } = value.rest;
    this.save(value.callee);
    this.save(new Tuple(...value.args));
    this.put(make ? 0x81 : 'R');
    this.remember(value);
    if (entries) this.entries(entries);
    if (state !== undefined) {
      this.save(state);
      this.put('b');
    }
  }
}

function isList(
  value: Uint8Array | Tuple | readonly Py[] | ReadonlyMap<Py, Py> | PySet | Call,
): value is readonly Py[] {
  return Array.isArray(value);
}
