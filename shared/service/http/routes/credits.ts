/** The routes of credits. */
import { z } from '@hono/zod-openapi';
import { RewoundError } from '../../../errors.ts';
import { entries } from '../../billing/credits.ts';
import { createCheckout, handleStripeWebhook, openStripe, packSchema } from '../../billing/stripe.ts';
import type { ServiceContext } from '../../core/context.ts';
import type { Route } from '../access.ts';
import { answer, idempotencyKey, json, page, pageLimit, pageOf } from '../pages.ts';
import { entryResource, entrySchema } from '../resources.ts';
import { router } from '../router.ts';

const tag = 'Credits';
/** As text, like `next`; no number that is not exact. */
const entryNumber = z.string().regex(/^(0|[1-9]\d{0,14})$/);

export function creditRoutes(context: ServiceContext, route: Route) {
  const app = router();
  const { stripe: settings, origin } = context.settings;
  const stripe = settings && openStripe(settings);

  app.openapi(
    route({
      method: 'get',
      path: '/v1/ledger',
      operationId: 'listLedger',
      summary: 'List entries of the ledger, the newest first',
      tag,
      access: 'any key',
      request: {
        query: z.strictObject({
          after: entryNumber.optional().openapi({ description: '`next` of the page before.' }),
          limit: pageLimit,
        }),
      },
      responses: { 200: answer('A page.', pageOf(entrySchema, 'LedgerPage')) },
    }),
    async (c) => {
      const { after, limit } = c.req.valid('query');
      const found = await entries(context, c.get('caller').account, {
        after: after === undefined ? undefined : Number(after),
        limit: limit + 1,
      });
      const { items, next } = page(found, limit, ({ seq }) => String(seq));
      return c.json({ items: items.map(entryResource), next }, 200);
    },
  );

  app.openapi(
    route({
      method: 'post',
      path: '/v1/checkouts',
      operationId: 'createCheckout',
      summary: 'Buy a pack of credits',
      description:
        'Answers with the address of a page of Stripe; credits are there when it is paid. Needs an Idempotency-Key.',
      tag,
      access: 'billing',
      request: {
        body: json(
          z
            .strictObject({
              pack: packSchema.meta({ description: '1,000 credits, 5,000 or 20,000.', example: 'small' }),
            })
            .openapi('Checkout'),
        ),
        headers: z.object({ 'idempotency-key': idempotencyKey }),
      },
      responses: {
        201: answer(
          'Where to pay.',
          z.strictObject({ url: z.url().openapi({ description: 'A page of Stripe.' }) }).openapi('CheckoutPage'),
        ),
      },
    }),
    async (c) => {
      if (!stripe) {
        throw new RewoundError('CONFLICT', 'Credits are free here: there is nothing to buy.', {
          help: 'Start an audit; what it needs is granted.',
        });
      }
      const { account } = c.get('caller');
      const idempotencyKey = c.req.valid('header')['idempotency-key'];
      return c.json(
        { url: await createCheckout(stripe, { account, pack: c.req.valid('json').pack, origin, idempotencyKey }) },
        201,
      );
    },
  );

  /** Called by Stripe, who signs the bytes of the body. Not part of the API that customers use. */
  app.post('/v1/stripe/webhook', async (c) => {
    if (!settings)
      throw new RewoundError('NOT_FOUND', 'There is no payment service here.', { help: 'Set it up first.' });
    const rawBody = Buffer.from(await c.req.arrayBuffer());
    const signature = c.req.header('stripe-signature') ?? '';
    await handleStripeWebhook(context, { rawBody, signature, secret: settings.webhookSecret });
    return c.body(null, 204);
  });

  return app;
}
