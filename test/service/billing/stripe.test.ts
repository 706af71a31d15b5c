import { once } from 'node:events';
import Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { createCheckout, handleStripeWebhook, openStripe, PACKS } from '../../../shared/service/billing/stripe.ts';
import { newId } from '../../../shared/service/core/ids.ts';
import { memoryRecords } from '../../support/cloud/memory.ts';
import { fakeStripe, type StripeAnswer } from '../../support/service/fake-stripe.ts';
import { bookedIn, expectSound } from '../books.ts';

const ACCOUNT = newId('account');
const SECRET = 'whsec_test';
const NOW = Date.UTC(2026, 0, 1);
const ORIGIN = 'https://audits.example.com';

async function openFake(...answers: readonly StripeAnswer[]) {
  const fake = await fakeStripe(...answers);
  return { ...fake, stripe: openStripe({ apiKey: 'sk_test_secret', api: fake.api }) };
}

const CHECKOUT = { account: ACCOUNT, pack: 'medium', origin: ORIGIN, idempotencyKey: 'a' } as const;
const CREATED = { status: 200, body: { id: 'cs_test_1', url: 'https://checkout.stripe.com/c/pay/cs_test_1' } };

describe('a checkout', () => {
  test('asks Stripe for the price of the pack and leads there', async () => {
    const { asked, stripe } = await openFake(CREATED);
    expect(await createCheckout(stripe, CHECKOUT)).toBe(CREATED.body.url);
    const [{ path, headers, form }] = asked as [(typeof asked)[number]];
    expect(path).toBe('/v1/checkout/sessions');
    expect(headers.authorization).toBe('Bearer sk_test_secret');
    expect(Object.fromEntries(form)).toEqual({
      mode: 'payment',
      client_reference_id: ACCOUNT,
      'metadata[account]': ACCOUNT,
      'metadata[pack]': 'medium',
      'line_items[0][quantity]': '1',
      'line_items[0][price_data][currency]': 'usd',
      'line_items[0][price_data][unit_amount]': '4800',
      'line_items[0][price_data][product_data][name]': '5,000 Rewound credits',
      'adaptive_pricing[enabled]': 'false',
      success_url: `${ORIGIN}/?checkout=paid`,
      cancel_url: `${ORIGIN}/?checkout=cancelled`,
    });
  });

  test('is the same for Stripe where account, pack and key are, and only there', async () => {
    const { asked, stripe } = await openFake(CREATED);
    await createCheckout(stripe, CHECKOUT);
    await createCheckout(stripe, CHECKOUT);
    await createCheckout(stripe, { ...CHECKOUT, account: newId('account') });
    await createCheckout(stripe, { ...CHECKOUT, idempotencyKey: 'b' });
    const keys = asked.map(({ headers }) => headers['idempotency-key']);
    expect(keys[0]).toBe(keys[1]);
    expect(new Set(keys).size).toBe(3);
  });

  test.each([
    [{ status: 500, body: { error: { type: 'api_error', message: 'sk_test_secret' } } }, true],
    [{ status: 429, body: { error: { type: 'rate_limit_error', message: 'sk_test_secret' } } }, true],
    [{ status: 401, body: { error: { type: 'invalid_request_error', message: 'sk_test_secret' } } }, false],
    [{ status: 400, body: { error: { type: 'invalid_request_error', message: 'sk_test_secret' } } }, false],
    [{ status: 200, body: { id: 'cs_test_1', url: null } }, false],
  ])('fails with a code, and without what Stripe said: %j', async (answer, transient) => {
    const { stripe } = await openFake(answer);
    const error: unknown = await createCheckout(stripe, CHECKOUT).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'PAYMENT_UNAVAILABLE', transient });
    expect(`${error} ${JSON.stringify(error)}`).not.toContain('sk_test');
  });

  test('fails for now where Stripe does not answer', async () => {
    const { stripe, server } = await openFake(CREATED);
    server.close();
    await once(server, 'close');
    await expect(createCheckout(stripe, CHECKOUT)).rejects.toMatchObject({
      code: 'PAYMENT_UNAVAILABLE',
      transient: true,
    });
  });
});

const SESSION = {
  id: 'cs_test_1',
  object: 'checkout.session',
  mode: 'payment',
  payment_status: 'paid',
  client_reference_id: ACCOUNT,
  metadata: { account: ACCOUNT, pack: 'small' },
  amount_total: 1000,
  currency: 'usd',
};

function delivery(session: unknown, { type = 'checkout.session.completed', at = NOW, secret = SECRET } = {}) {
  const rawBody = JSON.stringify({ id: 'evt_1', object: 'event', type, data: { object: session } });
  const signature = Stripe.webhooks.generateTestHeaderString({ payload: rawBody, secret, timestamp: at / 1000 });
  return { rawBody, signature, secret: SECRET };
}

function fresh() {
  const records = memoryRecords();
  const context = { records, clock: { now: () => NOW } };
  return { context, booked: () => bookedIn(records, ACCOUNT) };
}

describe('an event of Stripe', () => {
  test('that a session was paid books its credits, once, however often and in whatever words it comes', async () => {
    const { context, booked } = fresh();
    const outcome = await handleStripeWebhook(context, delivery(SESSION));
    expect(outcome).toMatchObject({ account: ACCOUNT, entry: { transaction: 'stripe-cs_test_1', kind: 'purchase' } });
    const again = [
      delivery(SESSION),
      delivery(SESSION, { type: 'checkout.session.async_payment_succeeded' }),
      { ...delivery(SESSION), rawBody: Buffer.from(delivery(SESSION).rawBody) },
    ];
    expect(await Promise.all(again.map((one) => handleStripeWebhook(context, one)))).toEqual([
      outcome,
      outcome,
      outcome,
    ]);
    expect(await booked()).toHaveLength(1);
    expect(expectSound(await booked())).toMatchObject({ available: 1000, purchased: -1000 });
  });

  test.each(Object.entries(PACKS))('books the %s pack', async (pack, { credits, cents }) => {
    const { context, booked } = fresh();
    const metadata = { account: ACCOUNT, pack };
    await handleStripeWebhook(context, delivery({ ...SESSION, metadata, amount_total: cents }));
    expect(expectSound(await booked()).available).toBe(credits);
  });

  test.each([
    ['of another kind', SESSION, { type: 'payment_intent.succeeded' }],
    ['of another kind, about something else', { id: 'x' }, { type: 'customer.created' }],
    ['before the money came', { ...SESSION, payment_status: 'unpaid' }, {}],
    ['without money', { ...SESSION, payment_status: 'no_payment_required' }, {}],
    ['about a subscription', { ...SESSION, mode: 'subscription' }, {}],
    ['about something else that was sold', { ...SESSION, metadata: {} }, {}],
    ['about something that says nothing', { ...SESSION, metadata: null }, {}],
  ])('%s is taken and books nothing', async (_, session, options) => {
    const { context, booked } = fresh();
    expect(await handleStripeWebhook(context, delivery(session, options))).toBe('ignored');
    expect(await booked()).toEqual([]);
  });

  test.each([
    ['less money', { amount_total: 999 }, 'CONFLICT'],
    ['more money', { amount_total: 1001 }, 'CONFLICT'],
    ['other money', { currency: 'jpy' }, 'CONFLICT'],
    ['two accounts', { client_reference_id: newId('account') }, 'CONFLICT'],
    ['no account', { client_reference_id: null }, 'REQUEST_INVALID'],
    ['a path for an account', { client_reference_id: 'acc_1/../acc_2' }, 'REQUEST_INVALID'],
    ['an unknown pack', { metadata: { account: ACCOUNT, pack: 'huge' } }, 'REQUEST_INVALID'],
    ['a pack that every object has', { metadata: { account: ACCOUNT, pack: 'constructor' } }, 'REQUEST_INVALID'],
    ['a path for an id', { id: 'cs_a/b/c' }, 'REQUEST_INVALID'],
    ['no mode', { mode: undefined }, 'REQUEST_INVALID'],
  ])('with %s is refused and books nothing', async (_, changed, code) => {
    const { context, booked } = fresh();
    await expect(handleStripeWebhook(context, delivery({ ...SESSION, ...changed }))).rejects.toMatchObject({ code });
    expect(await booked()).toEqual([]);
  });

  test.each([
    ['without a signature', { ...delivery(SESSION), signature: undefined }],
    ['with a signature that is none', { ...delivery(SESSION), signature: 't=1,v1=00' }],
    ['signed with another secret', delivery(SESSION, { secret: 'whsec_other' })],
    ['signed 301 seconds ago', delivery(SESSION, { at: NOW - 301_000 })],
    ['changed by a blank', { ...delivery(SESSION), rawBody: `${delivery(SESSION).rawBody} ` }],
    ['that is empty', { ...delivery(SESSION), rawBody: '' }],
    ['to a service without its secret', { ...delivery(SESSION, { secret: '' }), secret: '' }],
  ])('%s is refused and books nothing', async (_, forged) => {
    const { context, booked } = fresh();
    await expect(handleStripeWebhook(context, forged)).rejects.toMatchObject({ code: 'SIGNATURE_INVALID' });
    expect(await booked()).toEqual([]);
  });

  test('signed 300 seconds ago is still taken', async () => {
    const outcome = await handleStripeWebhook(fresh().context, delivery(SESSION, { at: NOW - 300_000 }));
    expect(outcome).not.toBe('ignored');
  });

  test('that is signed but no event is refused', async () => {
    for (const payload of ['not JSON', '[]', '{"object":"v2.core.event"}', '{"type":"checkout.session.completed"}']) {
      const signature = Stripe.webhooks.generateTestHeaderString({ payload, secret: SECRET, timestamp: NOW / 1000 });
      const signed = { rawBody: payload, signature, secret: SECRET };
      await expect(handleStripeWebhook(fresh().context, signed)).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    }
  });
});
