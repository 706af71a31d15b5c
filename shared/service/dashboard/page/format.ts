/** Numbers, times and states as people read them. */
import type { Audit } from '../types.ts';
import { h } from './dom.ts';

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

export const whole = (value: number) => WHOLE.format(value);

/** Three digits of it. */
export const short = (value: number) => SHORT.format(value);

export const counted = (count: number, one: string, many: string = `${one}s`) =>
  `${whole(count)} ${count === 1 ? one : many}`;

export const credits = (value: number) => counted(value, 'credit');

export const dollars = (cents: number) => `$${(cents / 100).toLocaleString('en', { minimumFractionDigits: 2 })}`;

/** A time as this machine has it, to the minute; a day where that is enough. */
export function time(iso: string | null, daily: boolean = false) {
  if (iso === null) return h('span', { class: 'soft' }, 'never');
  const at = new Date(iso);
  return h('time', { datetime: iso, title: at.toISOString() }, (daily ? DAY : MINUTE).format(at));
}

export function size(bytes: number) {
  if (bytes < 1000) return counted(bytes, 'byte');
  const [unit, name] = bytes < 1e6 ? [1e3, 'kB'] : bytes < 1e9 ? [1e6, 'MB'] : [1e9, 'GB'];
  return `${short(bytes / unit)} ${name}`;
}

/** How long something will take, as exactly as anybody can know. */
export function duration(seconds: number) {
  if (seconds < 60) return counted(Math.ceil(seconds), 'second');
  if (seconds < 90 * 60) return counted(Math.round(seconds / 60), 'minute');
  return `${short(Math.round(seconds / 360) / 10)} hours`;
}

export const STATES: Readonly<Record<Audit['state'], string>> = {
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

export const VERDICTS: Readonly<Record<NonNullable<Audit['verdict']>, string>> = {
  LEAKAGE: 'leakage',
  RESEMBLANCE_ONLY: 'resemblance only',
  NOT_DETECTED: 'not detected',
  INVALID: 'not valid',
};

export const nameOf = ({ id, label }: Pick<Audit, 'id' | 'label'>) => label ?? id;
