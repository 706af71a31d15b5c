/** Holds the stack of the pickle machine. */
import { corrupt } from '../faults.ts';
import { LIMITS } from './limits.ts';
import type { PickleValue } from './values.ts';

/** The stack of the pickle machine, and its marks. */
export class Stack {
  private readonly values: PickleValue[] = [];
  /** Heights of the stack at each open mark. */
  private readonly marks: number[] = [];

  push(value: PickleValue): void {
    if (this.values.length === LIMITS.stack) throw corrupt(`its pickle holds more than ${LIMITS.stack} values at once`);
    this.values.push(value);
  }

  /** The top value, which must lie above the last mark. */
  pop(): PickleValue {
    const value = this.values.length > this.floor ? this.values.pop() : undefined;
    if (value === undefined) throw empty();
    return value;
  }

  top(): PickleValue {
    const value = this.values.length > this.floor ? this.values.at(-1) : undefined;
    if (value === undefined) throw empty();
    return value;
  }

  mark(): void {
    if (this.marks.length === LIMITS.marks) throw corrupt(`its pickle nests more than ${LIMITS.marks} containers`);
    this.marks.push(this.values.length);
  }

  /** The values above the last mark, which is closed. */
  popMark(): PickleValue[] {
    const mark = this.marks.pop();
    if (mark === undefined) throw empty();
    return this.values.splice(mark);
  }

  /** As POP: the top value, or the mark where nothing lies above it. */
  drop(): void {
    if (this.values.length > this.floor) this.values.pop();
    else if (this.marks.pop() === undefined) throw empty();
  }

  private get floor(): number {
    return this.marks.at(-1) ?? 0;
  }
}

function empty() {
  return corrupt('its pickle takes a value where there is none');
}
