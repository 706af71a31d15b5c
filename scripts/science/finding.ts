/** Describes one number that was simulated, with its uncertainty. */
import { clopperPearson } from '../../shared/audit/numbers/intervals.ts';

/** One number that was simulated. */
export interface Finding {
  readonly topic: string;
  readonly world: string;
  readonly what: string;
  readonly value: number;
  /** 95% interval, for chance in the simulation. */
  readonly low: number;
  readonly high: number;
  /** What the value is of: audits, or intervals. */
  readonly of: number;
  readonly target: { readonly most: number } | { readonly least: number } | null;
  /** Null without a target. A share that must be at least so much is missed if its interval lies below. */
  readonly met: boolean | null;
}

type Subject = Pick<Finding, 'topic' | 'world' | 'what' | 'target'>;

/** A share of independent trials. */
export function share(subject: Subject, outcomes: readonly boolean[]): Finding {
  const hits = outcomes.filter(Boolean).length;
  const { estimate, low, high } = clopperPearson(hits, outcomes.length);
  return finding(subject, { value: estimate, low, high, of: outcomes.length });
}

/** A mean over independent audits. */
export function mean(subject: Subject, values: readonly number[]): Finding {
  const value = values.reduce((sum, one) => sum + one, 0) / values.length;
  const square = values.reduce((sum, one) => sum + (one - value) ** 2, 0) / Math.max(1, values.length - 1);
  const reach = 1.96 * Math.sqrt(square / values.length);
  return finding(subject, { value, low: value - reach, high: value + reach, of: values.length });
}

function finding(subject: Subject, numbers: Pick<Finding, 'value' | 'low' | 'high' | 'of'>): Finding {
  const { target } = subject;
  const met = target === null ? null : 'most' in target ? numbers.value <= target.most : numbers.high >= target.least;
  return { ...subject, ...numbers, met };
}
