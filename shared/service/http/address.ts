import type { Context } from 'hono';
import { type Env, incomingOf } from './env.ts';

/**
 * Who asks, where no key says so: the last address that a proxy of ours added (Cloud Run adds one), else the other end of
 * the connection. What a client claims itself comes before it and is not believed.
 */
export function addressOf(c: Context<Env>): string {
  const forwarded = c.req.header('x-forwarded-for')?.split(',').at(-1)?.trim();
  return forwarded || (incomingOf(c).socket?.remoteAddress ?? 'unknown');
}
