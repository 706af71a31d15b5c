/** @import * as Types from '../types.ts' */
import { h } from './dom.js';

const WHOLE = new Intl.NumberFormat('en');
const SHORT = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const MINUTE = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
});

/** @param {number} value */
export const whole = (value) => WHOLE.format(value);

/** @param {number} value Three digits of it. */
export const short = (value) => SHORT.format(value);

/** @param {number} count @param {string} one @param {string} [many] */
export const counted = (count, one, many = `${one}s`) => `${whole(count)} ${count === 1 ? one : many}`;

/** @param {number} value */
export const credits = (value) => counted(value, 'credit');

/** @param {number} cents */
export const dollars = (cents) => `$${(cents / 100).toLocaleString('en', { minimumFractionDigits: 2 })}`;

/**
 * A time as this machine has it, to the minute; a day where that is enough.
 * @param {string | null} iso
 * @param {boolean} [daily]
 */
export function time(iso, daily = false) {
  if (iso === null) return h('span', { class: 'soft' }, 'never');
  const at = new Date(iso);
  return h('time', { datetime: iso, title: at.toISOString() }, (daily ? DAY : MINUTE).format(at));
}

/** @param {number} bytes */
export function size(bytes) {
  if (bytes < 1000) return counted(bytes, 'byte');
  const [unit, name] = bytes < 1e6 ? [1e3, 'kB'] : bytes < 1e9 ? [1e6, 'MB'] : [1e9, 'GB'];
  return `${short(bytes / unit)} ${name}`;
}

/**
 * How long something will take, as exactly as anybody can know.
 * @param {number} seconds
 */
export function duration(seconds) {
  if (seconds < 60) return counted(Math.ceil(seconds), 'second');
  if (seconds < 90 * 60) return counted(Math.round(seconds / 60), 'minute');
  return `${short(Math.round(seconds / 360) / 10)} hours`;
}

/** @type {Readonly<Record<Types.Audit['state'], string>>} */
export const STATES = {
  CREATED: 'not started',
  RECEIVED: 'planning',
  ENROLLING: 'embedding photos',
  PROBING: 'generating',
  MERGING: 'judging',
  CONFIRMING: 'confirming',
  ENDING: 'ending',
  DONE: 'done',
  REJECTED: 'rejected',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
  EXPIRED: 'expired',
};

/** @type {Readonly<Record<NonNullable<Types.Audit['verdict']>, string>>} */
export const VERDICTS = {
  LEAKAGE: 'leakage',
  RESEMBLANCE_ONLY: 'resemblance only',
  NOT_DETECTED: 'not detected',
  INVALID: 'not valid',
};

/** @param {Pick<Types.Audit, 'id' | 'label'>} audit */
export const nameOf = ({ id, label }) => label ?? id;
