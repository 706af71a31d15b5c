/**
 * Samples after which a person who appears in each with probability `p` has been seen at least once with probability
 * `power`: M >= ln(1 / beta) / p with beta = 1 - power, from (1 - p)^M <= exp(-Mp).
 *
 * @throws RangeError unless p is in (0, 1] and power in [0, 1).
 */
export function samplesNeeded(p: number, power = 0.95): number {
  if (!(p > 0 && p <= 1 && power >= 0 && power < 1)) throw new RangeError('Not probabilities.');
  return Math.ceil(-Math.log1p(-power) / p);
}

/** The largest p that M samples without a hit leave standing, at 95% confidence. */
export interface ZeroHitBound {
  /** 1 - 0.05^(1/M). */
  readonly exact: number;
  /** 3/M, the rule of three (Hanley and Lippman-Hand 1983). */
  readonly ruleOfThree: number;
}

/** @throws RangeError unless `samples` is at least 1. */
export function zeroHitBound(samples: number): ZeroHitBound {
  if (!(samples >= 1)) throw new RangeError('There is no bound without a sample.');
  return { exact: -Math.expm1(Math.log(0.05) / samples), ruleOfThree: Math.min(1, 3 / samples) };
}
