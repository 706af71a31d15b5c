/** Draws a side as a crowd in which the revealed people are filled. */
import { html, type Markup } from '../../../../markup/escape.ts';
import { diamond } from './frame.ts';

/** Up to this many people are drawn one by one; more are drawn as a hundred marks of one percent each. */
const MOST = 200;
const STEP = 12;

/** A side as a crowd, the revealed ones filled: circles for members, diamonds for controls. */
export function people(side: 'members' | 'controls', hits: number, identities: number, columns: number): Markup {
  const { total, filled } = crowd(hits, identities);
  const rows = Math.ceil(total / columns);
  const marks = Array.from({ length: total }, (_, index) => {
    const x = (index % columns) * STEP + STEP / 2;
    const y = Math.floor(index / columns) * STEP + STEP / 2;
    const state = index < filled ? 'on' : 'off';
    return side === 'members'
      ? html`<circle class="p-${side} ${state}" cx="${x}" cy="${y}" r="4"/>`
      : html`<path class="p-${side} ${state}" transform="translate(${x} ${y})" d="${diamond(4.6)}"/>`;
  });
  return html`<svg class="people" viewBox="0 0 ${columns * STEP} ${rows * STEP}" role="img" aria-label="${hits} of ${identities} ${side}">${marks}</svg>`;
}

/** What one mark stands for, in words; the same for both sides where both are drawn person by person. */
export function peopleKey(identities: number): string {
  return identities > MOST ? 'each mark is 1% of them' : 'each mark is one person';
}

/** Enough columns for the larger side to make about six rows, so that both sides' marks have one size. */
export function peopleColumns(...sides: readonly number[]): number {
  const largest = Math.max(1, ...sides.map((identities) => crowd(0, identities).total));
  return Math.max(16, Math.ceil(largest / 6));
}

function crowd(hits: number, identities: number): { total: number; filled: number } {
  if (identities <= MOST) return { total: identities, filled: hits };
  // Somebody revealed is never drawn as nobody.
  return { total: 100, filled: hits === 0 ? 0 : Math.max(1, Math.round((100 * hits) / identities)) };
}
