/** Finds out from which address a request comes. */
import type { Context } from 'hono';
import ipaddr from 'ipaddr.js';
import type { ServiceSettings } from '../core/context.ts';
import { type Env, incomingOf } from './env.ts';

/**
 * Who asks, where no key says so: the other end of the connection; behind a proxy of ours, the last address that it added
 * (Cloud Run adds one). What a client claims itself comes before that one and is not believed.
 */
export function addressOf(c: Context<Env>, { proxied }: Pick<ServiceSettings, 'proxied'>): string {
  const forwarded = proxied ? c.req.header('x-forwarded-for')?.split(',').at(-1)?.trim() : undefined;
  return networkOf(forwarded || (incomingOf(c).socket?.remoteAddress ?? ''));
}

/** Whoever has one IPv6 address has all 2^64 of its network: they count as one. */
function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return 'unknown';
  const parsed = ipaddr.process(address);
  return parsed.kind() === 'ipv4' ? parsed.toString() : parsed.toByteArray().slice(0, 8).join(' ');
}
