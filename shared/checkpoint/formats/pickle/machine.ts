/** Runs the opcodes of a pickle as data: nothing that it names is ever called. */
import { corrupt } from '../faults.ts';
import type { ByteSource } from '../source.ts';
import { latin1Bytes } from './arguments.ts';
import { Cursor, latin1 } from './cursor.ts';
import { LIMITS } from './limits.ts';
import { OP } from './opcodes.ts';
import type { Reading } from './reading.ts';
import { Stack } from './stack.ts';
import { binaryInteger, decimalFloat, decimalInteger, rawUnicode, unquote } from './text.ts';
import {
  Bytes,
  type Constructor,
  Dict,
  type DictKey,
  Global,
  Instance,
  kindOf,
  LongText,
  Misfit,
  Modelled,
  type PickleValue,
  Refused,
  Sequence,
} from './values.ts';

/** What the machine does not know of itself. */
export interface Surroundings {
  readonly reading: Reading;
  /** By module and name, with a space between them: a dotted name is not a name in another module. */
  readonly globals: (module: string, name: string) => Constructor | undefined;
  /** The object that a persistent id stands for, or undefined where it is none of ours. */
  persistent(id: PickleValue): PickleValue | undefined;
  /** The value of a whole torch file within the file. */
  torchFile(bytes: Bytes): PickleValue;
}

/**
 * A pickle machine of protocols 0 to 5 that runs no code: a global is a token, and what it would have done is done by
 * this reader for the few it models, and by nobody for all others. Nothing is ever looked up by a name of the file's
 * choice but in one fixed table.
 */
export class Machine {
  private readonly cursor: Cursor;
  private readonly around: Surroundings;
  private readonly stack = new Stack();
  private readonly memo = new Map<number, PickleValue>();
  /** Place of the opcode at work. */
  private at = 0;

  private constructor(source: ByteSource, begin: number, end: number, around: Surroundings) {
    this.cursor = new Cursor(source, begin, end);
    this.around = around;
  }

  /**
   * The object of the pickle that begins at `begin`, and where the pickle ends.
   *
   * @throws CHECKPOINT_CORRUPT, CHECKPOINT_UNSAFE
   */
  static run(source: ByteSource, begin: number, end: number, around: Surroundings) {
    const machine = new Machine(source, begin, end, around);
    try {
      const value = machine.run();
      return { value, end: machine.cursor.offset };
    } catch (cause) {
      // A modelled constructor that was given what it cannot be made of.
      if (cause instanceof Misfit) throw corrupt(`at byte ${machine.at}, ${cause.message}`, cause);
      throw cause;
    }
  }

  private run(): PickleValue {
    for (;;) {
      this.at = this.cursor.offset;
      this.around.reading.spendOperation();
      const op = this.cursor.u8();
      if (op === OP.STOP) return this.stack.pop();
      const literal = this.literal(op);
      if (literal === undefined) this.step(op);
      else this.stack.push(literal);
    }
  }

  /** The value of an opcode that does nothing but push one; undefined for any other opcode. */
  private literal(op: number): PickleValue | undefined {
    const { cursor } = this;
    switch (op) {
      case OP.NONE:
        return null;
      case OP.NEWTRUE:
        return true;
      case OP.NEWFALSE:
        return false;
      case OP.BININT:
        return cursor.i32();
      case OP.BININT1:
        return cursor.u8();
      case OP.BININT2:
        return cursor.u16();
      case OP.LONG1:
        return this.integer(cursor.u8());
      case OP.LONG4:
        return this.integer(cursor.i32());
      case OP.BINFLOAT:
        return cursor.f64();
      case OP.INT:
        return this.decimal();
      case OP.LONG:
        return decimalInteger(cursor.line().replace(/L$/, ''));
      case OP.FLOAT:
        return decimalFloat(cursor.line());

      case OP.STRING:
        return this.oldText(unquote(cursor.line()));
      case OP.UNICODE:
        return this.text(rawUnicode(cursor.line()));
      case OP.SHORT_BINSTRING:
        return this.byteText(cursor.u8());
      case OP.BINSTRING:
        return this.byteText(cursor.i32());
      case OP.SHORT_BINUNICODE:
        return this.utf8(cursor.u8());
      case OP.BINUNICODE:
        return this.utf8(cursor.u32());
      case OP.BINUNICODE8:
        return this.utf8(cursor.u64());
      case OP.SHORT_BINBYTES:
        return cursor.range(cursor.u8());
      case OP.BINBYTES:
        return cursor.range(cursor.u32());
      case OP.BINBYTES8:
      case OP.BYTEARRAY8:
        return cursor.range(cursor.u64());

      case OP.EMPTY_TUPLE:
        return new Sequence('tuple', []);
      case OP.EMPTY_LIST:
        return new Sequence('list', []);
      case OP.EMPTY_SET:
        return new Sequence('set', []);
      case OP.EMPTY_DICT:
        return new Dict();
      default:
        return undefined;
    }
  }

  private step(op: number): void {
    const { cursor, stack } = this;
    switch (op) {
      case OP.PROTO: {
        const version = cursor.u8();
        if (version > 5) throw corrupt(`its pickle is of protocol ${version}, and the newest is 5`);
        return;
      }
      case OP.FRAME:
        // What a frame holds comes as if it were not there, but a frame cannot be longer than the file.
        if (cursor.u64() > cursor.remaining) throw corrupt(`the frame at byte ${this.at} is cut off`);
        return;
      case OP.MARK:
        stack.mark();
        return;
      case OP.POP:
        stack.drop();
        return;
      case OP.POP_MARK:
        stack.popMark();
        return;
      case OP.DUP:
        stack.push(stack.top());
        return;

      case OP.TUPLE1:
        this.tuple(1);
        return;
      case OP.TUPLE2:
        this.tuple(2);
        return;
      case OP.TUPLE3:
        this.tuple(3);
        return;
      case OP.TUPLE:
        stack.push(new Sequence('tuple', stack.popMark()));
        return;
      case OP.LIST:
        stack.push(new Sequence('list', stack.popMark()));
        return;
      case OP.APPEND:
        this.extend([stack.pop()], 'list');
        return;
      case OP.APPENDS:
        this.extend(stack.popMark(), 'list');
        return;
      case OP.ADDITEMS:
        this.extend(stack.popMark(), 'set');
        return;
      case OP.FROZENSET:
        stack.push(new Sequence('set', stack.popMark()));
        return;
      case OP.DICT: {
        const pairs = stack.popMark();
        stack.push(new Dict());
        this.setItems(pairs);
        return;
      }
      case OP.SETITEM: {
        const value = stack.pop();
        this.setItems([stack.pop(), value]);
        return;
      }
      case OP.SETITEMS:
        this.setItems(stack.popMark());
        return;

      case OP.PUT:
        this.remember(this.index(cursor.line()));
        return;
      case OP.BINPUT:
        this.remember(cursor.u8());
        return;
      case OP.LONG_BINPUT:
        this.remember(cursor.u32());
        return;
      case OP.MEMOIZE:
        this.remember(this.memo.size);
        return;
      case OP.GET:
        this.recall(this.index(cursor.line()));
        return;
      case OP.BINGET:
        this.recall(cursor.u8());
        return;
      case OP.LONG_BINGET:
        this.recall(cursor.u32());
        return;

      case OP.GLOBAL: {
        const module = cursor.line();
        stack.push(this.global(module, cursor.line()));
        return;
      }
      case OP.STACK_GLOBAL: {
        const name = stack.pop();
        const module = stack.pop();
        if (typeof name !== 'string' || typeof module !== 'string') {
          throw corrupt(`the name of code at byte ${this.at} is no text`);
        }
        stack.push(this.global(module, name));
        return;
      }
      case OP.REDUCE: {
        const args = this.arguments(stack.pop());
        stack.push(this.call(stack.pop(), args));
        return;
      }
      case OP.NEWOBJ: {
        const args = this.arguments(stack.pop());
        stack.push(this.create(stack.pop(), args));
        return;
      }
      case OP.NEWOBJ_EX: {
        const named = stack.pop();
        const args = this.arguments(stack.pop());
        const made = this.create(stack.pop(), args);
        const plain = named instanceof Dict && named.entries.size === 0;
        stack.push(plain ? made : new Refused('__newobj_ex__'));
        return;
      }
      case OP.BUILD: {
        const state = stack.pop();
        this.build(stack.top(), state);
        return;
      }
      case OP.BINPERSID: {
        const id = stack.pop();
        stack.push(this.around.persistent(id) ?? this.refuse('a persistent id'));
        return;
      }

      // No writer of checkpoints uses these, and each is a way around lists of allowed names.
      case OP.PERSID:
        cursor.line();
        stack.push(this.refuse('a persistent id as text'));
        return;
      case OP.INST: {
        const module = cursor.line();
        const name = cursor.line();
        stack.popMark();
        stack.push(this.refuse(`${module}.${name}`));
        return;
      }
      case OP.OBJ: {
        const [type] = stack.popMark();
        const name = type instanceof Global ? `${type.module}.${type.name}` : undefined;
        stack.push(this.refuse(`${name ?? 'an unnamed class'} by OBJ`));
        return;
      }
      case OP.EXT1:
        stack.push(this.refuse(`extension ${cursor.u8()}`));
        return;
      case OP.EXT2:
        stack.push(this.refuse(`extension ${cursor.u16()}`));
        return;
      case OP.EXT4:
        stack.push(this.refuse(`extension ${cursor.i32()}`));
        return;
      case OP.NEXT_BUFFER:
        stack.push(this.refuse('a buffer outside the file'));
        return;
      case OP.READONLY_BUFFER:
        return;
      default:
        throw corrupt(`there is no pickle opcode ${op}, at byte ${this.at}`);
    }
  }

  private integer(length: number): number | bigint {
    if (length < 0 || length > LIMITS.integer) throw corrupt(`the integer at byte ${this.at} has ${length} bytes`);
    return binaryInteger(this.cursor.bytes(length));
  }

  /** INT, which also writes booleans. */
  private decimal(): number | bigint | boolean {
    const line = this.cursor.line();
    if (line === '00') return false;
    return line === '01' ? true : decimalInteger(line);
  }

  private index(line: string): number {
    const index = decimalInteger(line);
    if (typeof index !== 'number' || index < 0) throw corrupt(`the memo has no place ${line}`);
    return index;
  }

  private text(text: string): string {
    this.around.reading.spendText(text.length);
    return text;
  }

  /** Of protocol 0, whose bytes are escaped. */
  private oldText(text: string): string | Bytes {
    this.around.reading.spendText(text.length);
    return text.length > LIMITS.shortBytes ? latin1Bytes(text, 'a string') : text;
  }

  private utf8(length: number): string | LongText {
    if (length > LIMITS.text) return new LongText(this.cursor.range(length));
    this.around.reading.spendText(length);
    return this.cursor.utf8(length);
  }

  /** Python 2's strings are bytes as well as texts: a text here as long as it could be one, a character a byte. */
  private byteText(length: number): string | Bytes {
    if (length < 0 || length > LIMITS.shortBytes) return this.cursor.range(length);
    this.around.reading.spendText(length);
    return latin1(this.cursor.bytes(length));
  }

  private tuple(length: number): void {
    const items: PickleValue[] = [];
    for (let i = 0; i < length; i++) items.unshift(this.stack.pop());
    this.stack.push(new Sequence('tuple', items));
  }

  private extend(items: readonly PickleValue[], kind: 'list' | 'set'): void {
    const target = this.stack.top();
    if (target instanceof Sequence && target.kind === kind) for (const item of items) target.items.push(item);
    else if (!(target instanceof Refused || target instanceof Instance)) throw this.misplaced(target);
  }

  private setItems(pairs: readonly PickleValue[]): void {
    const target = this.stack.top();
    if (pairs.length % 2 !== 0) throw corrupt(`a key without a value at byte ${this.at}`);
    if (target instanceof Refused) return;
    const dict = target instanceof Instance ? target.entries : target;
    if (!(dict instanceof Dict)) throw this.misplaced(target);
    for (let i = 0; i < pairs.length; i += 2) {
      const key = this.key(pairs[i]!);
      if (key !== undefined) dict.entries.set(key, pairs[i + 1]!);
    }
  }

  /** The key, or undefined for one that nothing Rewound reads is kept under. */
  private key(key: PickleValue): DictKey | undefined {
    if (key === null || typeof key !== 'object') return key;
    if (key instanceof Sequence && key.kind === 'tuple') {
      // Flat only: to compare nested tuples can take time exponential in their size.
      const flat = (item: PickleValue) => item === null || typeof item !== 'object' || item instanceof Global;
      if (key.items.length <= LIMITS.tuple && key.items.every(flat)) return undefined;
    } else if (key instanceof Global || key instanceof Refused || key instanceof Bytes) return undefined;
    throw corrupt(`the key of a dictionary at byte ${this.at} is ${kindOf(key)}`);
  }

  private remember(index: number): void {
    this.memo.set(index, this.stack.top());
    if (this.memo.size > LIMITS.memo) throw corrupt(`its pickle remembers more than ${LIMITS.memo} values`);
  }

  private recall(index: number): void {
    const value = this.memo.get(index);
    if (value === undefined) throw corrupt(`the memo has nothing at ${index}, asked for at byte ${this.at}`);
    this.stack.push(value);
  }

  private global(module: string, name: string): Global | Refused {
    if (module.length + name.length > LIMITS.name) throw corrupt(`the name of code at byte ${this.at} is too long`);
    const constructs = this.around.globals(module, name);
    if (!constructs) return this.refuse(`${module}.${name}`);
    if (constructs.make) this.around.reading.found(`${module}.${name}`, this.at, false);
    return new Global(module, name, constructs);
  }

  private refuse(global: string): Refused {
    this.around.reading.found(global, this.at, true);
    return new Refused(global);
  }

  private arguments(value: PickleValue): readonly PickleValue[] {
    if (value instanceof Sequence && value.kind === 'tuple' && value.items.length <= LIMITS.tuple) return value.items;
    if (value instanceof Refused) return [value];
    throw corrupt(`the arguments at byte ${this.at} are ${kindOf(value)}`);
  }

  private call(callee: PickleValue, args: readonly PickleValue[]): PickleValue {
    if (callee instanceof Refused) return callee;
    if (!(callee instanceof Global)) throw this.misplaced(callee);
    const { call } = callee.constructs;
    // Of what is not there nothing can be made.
    const missing = args.find((arg) => arg instanceof Refused);
    if (missing) return missing;
    const name = `${callee.module}.${callee.name}`;
    if (!call) return this.refuse(`${name}()`);
    const { reading } = this.around;
    return call(args, {
      spendText: (characters) => reading.spendText(characters),
      spendCopies: (values) => reading.spendCopies(values),
      torchFile: (bytes) => this.around.torchFile(bytes),
    });
  }

  private create(type: PickleValue, args: readonly PickleValue[]): PickleValue {
    // An object of an unknown class has attributes all the same: a network saved whole is such a one.
    if (type instanceof Refused) return new Instance(type.global.slice(type.global.lastIndexOf('.') + 1));
    if (!(type instanceof Global)) throw this.misplaced(type);
    const { make } = type.constructs;
    if (!make || args.length > 0) return this.refuse(`${type.module}.${type.name}.__new__()`);
    return make();
  }

  private build(target: PickleValue, state: PickleValue): void {
    if (target instanceof Modelled) {
      target.build(state);
      return;
    }
    // An OrderedDict with attributes: torch keeps versions of its formats there.
    if (target instanceof Refused || target instanceof Dict) return;
    if (!(target instanceof Instance)) throw this.misplaced(target);
    // A pair is (attributes, slots).
    const parts = state instanceof Sequence && state.kind === 'tuple' ? state.items.slice(0, 2) : [state];
    for (const part of parts) {
      if (part === null || part instanceof Refused) continue;
      if (!(part instanceof Dict)) throw this.misplaced(target);
      this.around.reading.spendCopies(part.entries.size);
      for (const [key, value] of part.entries) target.attributes.entries.set(key, value);
    }
  }

  private misplaced(value: PickleValue) {
    return corrupt(`its pickle does something at byte ${this.at} that ${kindOf(value)} does not allow`);
  }
}
