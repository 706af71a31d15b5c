import { createRoute, z } from '@hono/zod-openapi';
import { router } from '../env.ts';
import { answer } from '../pages.ts';

const tags = ['Service'];

export function healthRoutes(receiptKey: Buffer) {
  const app = router();

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/health',
      operationId: 'getHealth',
      summary: 'Whether the service answers',
      tags,
      security: [],
      responses: { 200: answer('It does.', z.strictObject({ status: z.literal('ok') }).openapi('Health')) },
    }),
    (c) => c.json({ status: 'ok' as const }, 200),
  );

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/receipt-key',
      operationId: 'getReceiptKey',
      summary: 'The public key that receipts are signed with',
      tags,
      security: [],
      responses: {
        200: answer(
          'ed25519, base64.',
          z
            .strictObject({
              algorithm: z.literal('ed25519'),
              publicKey: z.string().openapi({ description: 'The 32 bytes of the key, base64.' }),
            })
            .openapi('ReceiptKey'),
        ),
      },
    }),
    (c) => c.json({ algorithm: 'ed25519' as const, publicKey: receiptKey.toString('base64') }, 200),
  );

  return app;
}
