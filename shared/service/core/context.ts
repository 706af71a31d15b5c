/** What the functions of the hosted service are given. */
import type { Platform, Uploads } from '../../platform/ports.ts';
import type { Secret } from './secret.ts';

/** What an operator decides about a service. */
export interface ServiceSettings {
  /** Where it is reached, such as `https://audits.example.com`: scheme and host, no slash at the end. */
  readonly origin: string;
  /** open: anybody may make an account. closed: only the operator, with `rewound account`. */
  readonly signUp: 'open' | 'closed';
  /** How credits are paid for; null: they are free, and given as they are needed. */
  readonly stripe: StripeSettings | null;
  /** Networks (CIDR) that webhooks may go to although they are not public, over plain http too. */
  readonly webhookAllow: readonly string[];
  /** Requests that one account, or one address without a good key, may make in a minute. */
  readonly requestsPerMinute: number;
  /** Whether a proxy of ours stands before it, whose last word in X-Forwarded-For is who asks. */
  readonly proxied: boolean;
}

export interface StripeSettings {
  readonly apiKey: string;
  readonly webhookSecret: string;
  /** Where Stripe's API is, if not at Stripe. */
  readonly api?: { readonly protocol: 'http' | 'https'; readonly host: string; readonly port: number };
}

/** What the functions of the hosted service are given. */
export interface ServiceContext extends Platform {
  readonly uploads: Uploads;
  readonly secret: Secret;
  readonly settings: ServiceSettings;
}
