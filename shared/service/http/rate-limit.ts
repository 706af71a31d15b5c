import type { Context } from 'hono';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { RewoundError } from '../../errors.ts';
import type { Env } from './env.ts';

/** Counts a request of `who`. Throws RATE_LIMITED where there were too many. */
export type RateLimit = (who: string, c: Context<Env>) => Promise<void>;

const SECONDS = 60;

/**
 * So many requests a minute for each key, or address. Counted by each instance for itself: it protects the service from
 * a client that has gone wrong; what audits cost is limited by credits.
 */
export function rateLimit(requestsPerMinute: number): RateLimit {
  const limiter = new RateLimiterMemory({ points: requestsPerMinute, duration: SECONDS });
  return async (who, c) => {
    try {
      const { remainingPoints } = await limiter.consume(who);
      c.header('ratelimit-remaining', String(remainingPoints));
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused;
      const seconds = Math.ceil(refused.msBeforeNext / 1000);
      c.header('retry-after', String(seconds));
      throw new RewoundError('RATE_LIMITED', `More than ${requestsPerMinute} requests came in a minute.`, {
        help: `Wait for ${seconds} seconds.`,
        transient: true,
      });
    }
  };
}
