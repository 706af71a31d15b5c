/** Limits how often clients may ask. */
import type { Context } from 'hono';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { RewoundError } from '../../errors.ts';
import type { Env } from './env.ts';

/** So many of something in a time. */
export interface Limit {
  /** Counts one of `who`. Throws RATE_LIMITED where there were too many. */
  count(who: string, c: Context<Env>): Promise<void>;
  /** Throws RATE_LIMITED where one more would be too many; counts nothing. */
  check(who: string, c: Context<Env>): Promise<void>;
}

/**
 * Counted by each instance for itself: they protect the service from clients that have gone wrong; what audits cost is
 * limited by credits.
 */
export interface Limits {
  /** Requests of an account, whichever of its keys makes them; of an address, what it asks without a good one. */
  readonly requests: Limit;
  /** Accounts made from an address. Each may stay for good, and whoever needs one needs no other. */
  readonly signUps: Limit;
}

const SIGN_UPS_PER_HOUR = 5;

export function limitsOf(requestsPerMinute: number): Limits {
  return {
    requests: limitOf(requestsPerMinute, 60, (most) => `More than ${most} requests came in a minute.`),
    signUps: limitOf(SIGN_UPS_PER_HOUR, 3600, (most) => `More than ${most} accounts were made in an hour.`),
  };
}

function limitOf(points: number, duration: number, words: (most: number) => string): Limit {
  const limiter = new RateLimiterMemory({ points, duration });

  function refuse({ msBeforeNext }: RateLimiterRes, c: Context<Env>): never {
    const seconds = Math.ceil(msBeforeNext / 1000);
    c.header('retry-after', String(seconds));
    throw new RewoundError('RATE_LIMITED', words(points), { help: `Wait for ${seconds} seconds.`, transient: true });
  }

  return {
    async count(who, c) {
      try {
        const { remainingPoints } = await limiter.consume(who);
        c.header('ratelimit-remaining', String(remainingPoints));
      } catch (refused) {
        if (!(refused instanceof RateLimiterRes)) throw refused;
        refuse(refused, c);
      }
    },
    async check(who, c) {
      const counted = await limiter.get(who);
      if (counted && counted.consumedPoints >= points) refuse(counted, c);
    },
  };
}
