/** Formats numbers for people. */
import type { Interval } from './model.ts';

/** Numbers as people read them: the same on the page and in the terminal. */

/** A share as a percentage: one decimal, two significant digits below 0.1%. */
export function percent(share: number): string {
  const value = share * 100;
  if (value !== 0 && Math.abs(value) < 0.1) return `${minus(Number(value.toPrecision(2)).toString())}%`;
  return `${minus(value.toFixed(1).replace(/\.0$/, ''))}%`;
}

/** A share that may be rare, two significant digits below 10%: "0.78%", "0.025%". */
export function rarePercent(share: number): string {
  return share > 0 && share < 0.1 ? `${Number((share * 100).toPrecision(2))}%` : percent(share);
}

/** A difference of two shares in percentage points, signed. */
export function points(difference: number): string {
  const text = (difference * 100).toFixed(1).replace(/\.0$/, '');
  if (Number(text) === 0) return '0';
  return difference > 0 ? `+${text}` : minus(text);
}

/** "31.5% to 54.1%". */
export function percentRange({ low, high }: { low: number; high: number }): string {
  return `${percent(low)} to ${percent(high)}`;
}

/** "+30.1 to +52". */
export function pointsRange({ low, high }: Interval): string {
  return `${points(low)} to ${points(high)}`;
}

/** "0.92 (0.87 to 0.96)". */
export function estimate({ estimate: value, low, high }: Interval, digits = 3): string {
  return `${decimal(value, digits)} (${decimal(low, digits)} to ${decimal(high, digits)})`;
}

export function decimal(value: number, digits = 3): string {
  return minus(value.toFixed(digits));
}

/** "50,000": grouping is fixed, so that a report does not depend on the machine it was made on. */
export function whole(value: number): string {
  return minus(String(Math.round(value))).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A p value: never "0", since a permutation test cannot say so. */
export function pValue(p: number): string {
  if (p >= 0.001) return String(Number(p.toFixed(3)));
  if (p > 0) return Number(p.toPrecision(1)).toFixed(Math.min(12, Math.ceil(-Math.log10(p))));
  return '0';
}

/** A p or q value that may be very small: "0.017", "2.3 × 10⁻⁵". */
export function smallP(p: number): string {
  if (p >= 1e-4) return pValue(p);
  if (p <= 0) return `below 10${superscript(-15)}`;
  const [digits = '', exponent = ''] = p.toExponential(1).split('e');
  return `${digits.replace(/\.0$/, '')} × 10${superscript(Number(exponent))}`;
}

function superscript(exponent: number): string {
  return [...String(exponent)].map((sign) => SUPERSCRIPTS[sign] ?? sign).join('');
}

const SUPERSCRIPTS: Readonly<Record<string, string>> = {
  '-': '⁻',
  0: '⁰',
  1: '¹',
  2: '²',
  3: '³',
  4: '⁴',
  5: '⁵',
  6: '⁶',
  7: '⁷',
  8: '⁸',
  9: '⁹',
};

/** A rare share as "1 in 6,676". */
export function oneIn(share: number): string {
  return share > 0 ? `1 in ${whole(1 / share)}` : 'none';
}

/** "21 to 39": an interval of a number of people. */
export function peopleRange({ low, high }: Interval): string {
  return `${whole(low)} to ${whole(high)}`;
}

/** "1 person", "12 people". */
export function counted(value: number, one: string, many: string): string {
  return `${whole(value)} ${value === 1 ? one : many}`;
}

/** "380 ms", "12.4 s", "3 min 20 s", "2 h 5 min". */
export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const total = Math.round(seconds);
  if (total < 3600) return `${Math.floor(total / 60)} min ${total % 60} s`;
  const minutes = Math.round(total / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function minus(text: string): string {
  return text.replace('-', '\u2212');
}

/** With its first letter as a capital. */
export function capitalised(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
