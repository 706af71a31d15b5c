/** The routes of health and receipt keys. */
import { z } from '@hono/zod-openapi';
import type { ServiceContext } from '../../core/context.ts';
import { type FormerKey, formerReceiptKeys, receiptKeyOf } from '../../core/receipt-keys.ts';
import type { Route } from '../access.ts';
import { answer } from '../pages.ts';
import { router } from '../router.ts';

const tag = 'Service';
const publicKeySchema = z.string().openapi({ description: 'The 32 bytes of the key, base64.' });

export function healthRoutes(context: Pick<ServiceContext, 'records' | 'secret'>, route: Route) {
  const app = router();
  const publicKey = receiptKeyOf(context.secret);
  // Asked for once: a key of this service becomes a former one when another instance takes its place.
  let former: Promise<FormerKey[]> | undefined;
  const formerKeys = () => {
    former ??= formerReceiptKeys(context, publicKey).catch((thrown) => {
      former = undefined;
      throw thrown;
    });
    return former;
  };

  app.openapi(
    route({
      method: 'get',
      path: '/v1/health',
      operationId: 'getHealth',
      summary: 'Whether the service answers',
      tag,
      access: 'public',
      responses: { 200: answer('It does.', z.strictObject({ status: z.literal('ok') }).openapi('Health')) },
    }),
    (c) => c.json({ status: 'ok' as const }, 200),
  );

  app.openapi(
    route({
      method: 'get',
      path: '/v1/receipt-key',
      operationId: 'getReceiptKey',
      summary: 'The public keys that receipts are and were signed with',
      tag,
      access: 'public',
      responses: {
        200: answer(
          'ed25519, base64.',
          z
            .strictObject({
              algorithm: z.literal('ed25519'),
              publicKey: publicKeySchema,
              former: z
                .array(
                  z.strictObject({
                    publicKey: publicKeySchema,
                    until: z.iso.datetime().openapi({ description: 'When another key took its place.' }),
                  }),
                )
                .openapi({ description: 'Keys that signed before the secret of the service was replaced.' }),
            })
            .openapi('ReceiptKey'),
        ),
      },
    }),
    async (c) => {
      const former = (await formerKeys()).map((key) => ({ ...key, until: new Date(key.until).toISOString() }));
      return c.json({ algorithm: 'ed25519' as const, publicKey, former }, 200);
    },
  );

  return app;
}
