/** Describes a condition without which no number of an audit means anything. */
import type { Interval } from '../numbers/intervals.ts';

/** A condition without which no number of the audit means anything. */
export interface Gate {
  readonly name: 'size' | 'faces' | 'scores' | 'blind' | 'spread' | 'matcher' | 'placebo' | 'sides';
  /** null: it could not be judged with what was given. That does not fail the audit, but the report says so. */
  readonly passed: boolean | null;
  /** The number judged, where there is one. */
  readonly value: Interval | null;
  /** What was seen, in a sentence. */
  readonly reason: string;
  /** What to do if the gate failed, in a sentence. */
  readonly help: string;
}
