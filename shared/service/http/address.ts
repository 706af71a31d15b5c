import type { Context } from 'hono';
import type { Env } from './env.ts';

/** Where Node's request is, as @hono/node-server hands it over. */
interface Bindings {
  readonly incoming?: { readonly socket?: { readonly remoteAddress?: string } };
}

/**
 * Who asks, where no key says so: the last address that a proxy of ours added (Cloud Run adds one), else the other end of
 * the connection. What a client claims itself comes before it and is not believed.
 */
export function addressOf(c: Context<Env>): string {
  const forwarded = c.req.header('x-forwarded-for')?.split(',').at(-1)?.trim();
  const { incoming }: Bindings = c.env ?? {};
  return forwarded || (incoming?.socket?.remoteAddress ?? 'unknown');
}
