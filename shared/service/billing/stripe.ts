/** Sells credits through Stripe. */
import { createHash } from 'node:crypto';
import Stripe from 'stripe';
import { z } from 'zod';
import { RewoundError } from '../../errors.ts';
import type { StripeSettings } from '../core/context.ts';
import { idPattern } from '../core/ids.ts';
import { purchase } from './credits.ts';
import type { Entry } from './ledger/entry.ts';
import type { LedgerContext } from './ledger/transact.ts';

/**
 * What can be bought. The smallest pays for about four usual audits, and a card's fixed fee is little of it. That fee
 * weighs less in the larger ones, which cost 4 and 10 in 100 less for a credit.
 */
export const PACKS = {
  small: { credits: 1_000, cents: 1_000 },
  medium: { credits: 5_000, cents: 4_800 },
  large: { credits: 20_000, cents: 18_000 },
} as const satisfies Readonly<Record<string, { readonly credits: number; readonly cents: number }>>;

const CURRENCY = 'usd';

export const packSchema = z.enum(['small', 'medium', 'large']);
export type Pack = z.infer<typeof packSchema>;

/** The age that a signature may have: what Stripe recommends, and time enough for its deliveries. */
const TOLERANCE_S = 300;

/** A customer is waiting. */
const TIMEOUT_MS = 15_000;

/** Stripe's client. It sends Stripe nothing about itself. */
export function openStripe({ apiKey, api }: Pick<StripeSettings, 'apiKey' | 'api'>): Stripe {
  return new Stripe(apiKey, { ...api, timeout: TIMEOUT_MS, maxNetworkRetries: 2, telemetry: false });
}

export interface Checkout {
  readonly account: string;
  readonly pack: Pack;
  /** Of this service: whoever has paid comes back to it. */
  readonly origin: string;
  /** The same key is the same checkout, for a day. */
  readonly idempotencyKey: string;
}

const createdSchema = z.object({ id: z.string(), url: z.url() });

/** Where to pay for a pack. Nothing is booked until Stripe says that it was paid. */
export async function createCheckout(stripe: Stripe, checkout: Checkout): Promise<string> {
  const { account, pack, origin, idempotencyKey } = checkout;
  const { credits, cents } = PACKS[pack];
  try {
    const session = await stripe.checkout.sessions.create(
      {
        mode: 'payment',
        client_reference_id: account,
        metadata: { account, pack },
        line_items: [
          {
            quantity: 1,
            price_data: {
              currency: CURRENCY,
              unit_amount: cents,
              product_data: { name: `${credits.toLocaleString('en-US')} Rewound credits` },
            },
          },
        ],
        // The webhook compares what was paid with the pack's price.
        adaptive_pricing: { enabled: false },
        success_url: `${origin}/?checkout=paid`,
        cancel_url: `${origin}/?checkout=cancelled`,
      },
      // Stripe knows one list of keys for all of our accounts.
      {
        idempotencyKey: createHash('sha256')
          .update(JSON.stringify([account, pack, idempotencyKey]))
          .digest('hex'),
      },
    );
    return createdSchema.parse(session).url;
  } catch (error) {
    throw unavailable(error);
  }
}

/** Errors of Stripe's that may be gone the next time: no connection, too many requests, a failure of its own. */
const PASSING: readonly (new (...args: never[]) => Error)[] = [
  Stripe.errors.StripeConnectionError,
  Stripe.errors.StripeRateLimitError,
  Stripe.errors.StripeAPIError,
];

/** Of Stripe's error only its kind is said: its text may hold a part of the key. */
function unavailable(error: unknown): RewoundError {
  if (!(error instanceof Stripe.errors.StripeError) && !(error instanceof z.ZodError)) throw error;
  const kind = error instanceof z.ZodError ? 'an answer that is not known' : error.type;
  const transient = PASSING.some((type) => error instanceof type);
  return new RewoundError('PAYMENT_UNAVAILABLE', `The payment service could not be used (${kind}).`, {
    help: transient ? 'Try again in a minute.' : 'Tell the operator of this service.',
    transient,
  });
}

export interface StripeDelivery {
  /** The request's body, as it came. */
  readonly rawBody: string | Uint8Array;
  /** The header `Stripe-Signature`. */
  readonly signature: string | undefined;
  readonly secret: string;
}

/** What became of it: an entry of that account, the same one however often it is delivered, or nothing to do. */
export type StripeOutcome = { readonly account: string; readonly entry: Entry } | 'ignored';

const PAID_EVENTS: ReadonlySet<string> = new Set([
  'checkout.session.completed',
  // Of payments that take days, such as a transfer: `completed` comes before the money.
  'checkout.session.async_payment_succeeded',
]);

const eventSchema = z.object({ type: z.string(), data: z.object({ object: z.unknown() }) });

/** As far as it says whether a session is one of ours: others may use the same account at Stripe. */
const sessionSchema = z.object({
  mode: z.string(),
  payment_status: z.string(),
  metadata: z.record(z.string(), z.string()).nullable(),
});

const paidSchema = z.object({
  id: z.string().regex(/^cs_\w{1,180}$/),
  client_reference_id: z.string().regex(idPattern('account')),
  metadata: z.object({ account: z.string(), pack: packSchema }),
  amount_total: z.int(),
  currency: z.string(),
});

/**
 * Takes an event of Stripe's: books the credits of a session that was paid, once. Throws SIGNATURE_INVALID for what is
 * not Stripe's or too old, REQUEST_INVALID for what cannot be read, CONFLICT for a payment that is not a pack's price.
 */
export async function handleStripeWebhook(context: LedgerContext, delivery: StripeDelivery): Promise<StripeOutcome> {
  const { type, data } = read(eventSchema, verified(delivery, context.clock.now()));
  if (!PAID_EVENTS.has(type)) return 'ignored';
  const { mode, payment_status, metadata } = read(sessionSchema, data.object);
  if (mode !== 'payment' || payment_status !== 'paid' || !metadata?.pack) return 'ignored';
  const paid = read(paidSchema, data.object);
  const account = paid.client_reference_id;
  const { credits, cents } = PACKS[paid.metadata.pack];
  if (paid.metadata.account !== account || paid.amount_total !== cents || paid.currency !== CURRENCY) {
    throw new RewoundError('CONFLICT', 'A payment does not fit what was sold.', {
      help: 'Nothing was booked. Look at the payment in Stripe, refund it or grant its credits.',
    });
  }
  return { account, entry: await purchase(context, account, { payment: paid.id, credits }) };
}

function verified({ rawBody, signature = '', secret }: StripeDelivery, now: number): unknown {
  try {
    return Stripe.webhooks.constructEvent(rawBody, signature, secret, TOLERANCE_S, undefined, now);
  } catch (error) {
    if (!(error instanceof Stripe.errors.StripeSignatureVerificationError)) throw unreadable();
    throw new RewoundError('SIGNATURE_INVALID', 'The signature does not fit, or is too old.', {
      help: 'Give this service the signing secret of the endpoint in Stripe.',
    });
  }
}

function read<T>(schema: z.ZodType<T>, value: unknown): T {
  const { data, success } = schema.safeParse(value);
  if (!success) throw unreadable();
  return data;
}

function unreadable(): RewoundError {
  return new RewoundError('REQUEST_INVALID', 'An event of the payment service cannot be read.', {
    help: 'Nothing was booked. Send the event again from Stripe once this service knows its version.',
  });
}
