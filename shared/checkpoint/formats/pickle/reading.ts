/** Counts what one file has spent of its limits. */
import { corrupt, unsafe } from '../faults.ts';
import type { Finding } from '../loaded.ts';
import { LIMITS } from './limits.ts';

/** What one file has spent of its limits, and the code it names, over all of its pickles. */
export class Reading {
  private readonly seen = new Map<string, Finding>();
  private operations = 0;
  private characters = 0;

  get findings(): readonly Finding[] {
    return [...this.seen.values()];
  }

  spendOperation(): void {
    this.operations += 1;
    if (this.operations > LIMITS.operations) throw corrupt(`its pickles have more than ${LIMITS.operations} steps`);
  }

  spendText(characters: number): void {
    this.characters += characters;
    if (this.characters > LIMITS.characters) throw corrupt('its pickles hold too much text');
  }

  /** Values copied from one container to another. */
  spendCopies(values: number): void {
    this.spendText(8 * values);
  }

  /** Notes the first place of each name. */
  found(global: string, offset: number, refused: boolean): void {
    const printable = name(global);
    if (this.seen.has(printable)) return;
    if (this.seen.size === LIMITS.names) {
      throw unsafe(`The checkpoint asks for more than ${LIMITS.names} pieces of code.`);
    }
    this.seen.set(printable, { global: printable, offset, refused });
  }
}

/** A name as it may be shown on a terminal. */
function name(global: string): string {
  return global.slice(0, LIMITS.name).replace(/[^\x20-\x7e]/g, '?');
}
