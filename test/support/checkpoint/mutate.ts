import { CONTAINERS, SAVED } from './every-container.ts';
import { bytesOf, u32 } from './pickler.ts';
import { torchEntries } from './torch-writer.ts';
import { zipOf } from './zip-writer.ts';

/** Numbers in turn, the same for the same seed (mulberry32). */
export class Dice {
  private state: number;

  constructor(seed: number) {
    this.state = seed | 0;
  }

  /** A whole number below `sides`. */
  roll(sides: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let bits = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return Math.floor((((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32) * sides);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.roll(items.length)]!;
  }
}

/** Where readers make mistakes. */
const NUMBERS = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];
const OPCODES = bytesOf('(.012FIJKLMNPQRSTUVXabcd}eghijlopqrst)uG]', ...Array.from({ length: 25 }, (_, i) => 0x80 + i));
const NAMES = [
  'cos\nsystem\n',
  '\x8c\x02os\x8c\x06system\x93',
  'cbuiltins\neval\n',
  'ctorch._utils\n_rebuild_tensor_v2\n',
  ')R',
  '}b',
  ')\x81',
];

/** One valid file with a few changes. The checksums of archives are made right again in half of the cases. */
export function mutant(dice: Dice): Uint8Array {
  const name = dice.pick(Object.keys(CONTAINERS));
  if (name.startsWith('torch zip') && dice.roll(2) === 0) {
    const entries = torchEntries(SAVED, 'archive').map((entry) => ({ ...entry, deflate: name.endsWith('deflated') }));
    const changed = dice.roll(3) > 0 ? 0 : dice.roll(entries.length);
    return zipOf(
      entries.map((entry, i) => (i === changed ? { ...entry, bytes: changedBytes(entry.bytes, dice) } : entry)),
    );
  }
  return changedBytes(CONTAINERS[name]!, dice);
}

/** The bytes with one to four changes, of the kinds that readers of files make mistakes with. */
export function changedBytes(bytes: Uint8Array, dice: Dice): Uint8Array {
  let changed = bytes;
  for (let times = 1 + dice.roll(4); times > 0; times--) changed = change(changed, dice);
  return changed;
}

function change(bytes: Uint8Array, dice: Dice): Uint8Array {
  const at = dice.roll(bytes.length + 1);
  const length = dice.roll(dice.roll(8) === 0 ? bytes.length + 1 - at : Math.min(16, bytes.length + 1 - at));
  const before = bytes.subarray(0, at);
  const after = bytes.subarray(at);
  const piece = bytes.subarray(at, at + length);
  const overwrite = (value: Uint8Array) =>
    bytesOf(before, value, bytes.subarray(Math.min(bytes.length, at + value.length)));
  switch (dice.roll(11)) {
    case 0:
      return overwrite(Uint8Array.of((bytes[at] ?? 0) ^ (1 << dice.roll(8))));
    case 1:
      return overwrite(Uint8Array.of(dice.roll(256)));
    case 2:
      return overwrite(Uint8Array.of(dice.pick([...OPCODES])));
    case 3:
      return bytesOf(before, dice.pick([...OPCODES]), after);
    case 4:
      return overwrite(u32(dice.pick(NUMBERS)));
    case 5:
      return overwrite(bytesOf(u32(dice.pick(NUMBERS)), u32(dice.pick(NUMBERS))));
    case 6:
      return bytesOf(before, bytes.subarray(at + length));
    case 7:
      return bytesOf(before, piece, after);
    case 8:
      return bytesOf(before, dice.pick(NAMES), after);
    case 9: {
      const other = dice.pick(Object.values(CONTAINERS));
      const from = dice.roll(other.length);
      return bytesOf(before, other.subarray(from, from + dice.roll(64)), after);
    }
    default:
      return before;
  }
}
