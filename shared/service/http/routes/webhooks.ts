/** The routes of webhooks. */
import { z } from '@hono/zod-openapi';
import type { ServiceContext } from '../../core/context.ts';
import { getDelivery, listDeliveries, replay } from '../../webhooks/deliveries.ts';
import {
  createEndpoint,
  deleteEndpoint,
  type Endpoint,
  endpointInputSchema,
  getEndpoint,
  listEndpoints,
  rotateSecret,
  updateEndpoint,
} from '../../webhooks/endpoints.ts';
import { endpointSecret } from '../../webhooks/sign.ts';
import type { Route } from '../access.ts';
import { answer, json, NOT_KEPT, pageOf, pageQuery } from '../pages.ts';
import { deliveryResource, deliverySchema, endpointResource, endpointSchema, idSchema } from '../resources.ts';
import { router } from '../router.ts';

const tag = 'Webhooks';
const endpointParams = z.strictObject({ endpoint: idSchema('endpoint') });
const deliveryParams = z.strictObject({ delivery: idSchema('message') });
const changeSchema = z
  .strictObject({
    url: endpointInputSchema.shape.url.optional(),
    events: endpointInputSchema.shape.events.optional(),
    description: endpointInputSchema.shape.description.unwrap().optional(),
    enabled: z.boolean().optional().openapi({
      description: 'false: nothing is sent to it any more. true: it starts anew, whatever disabled it.',
    }),
  })
  .openapi('EndpointChange');
const withSecretSchema = z
  .strictObject({
    endpoint: endpointSchema,
    secret: z.string().openapi({
      description: 'Verifies HMAC signatures (v1) of its messages, as Standard Webhooks says.',
      example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    }),
  })
  .openapi('EndpointWithSecret');

export function webhookRoutes(context: ServiceContext, route: Route) {
  const app = router();
  const { secret, settings } = context;
  const guarded = { ...context, webhookAllow: settings.webhookAllow };
  const withSecret = (endpoint: Endpoint) => ({
    endpoint: endpointResource(secret, endpoint),
    secret: endpointSecret(secret, endpoint),
  });

  app.openapi(
    route({
      method: 'get',
      path: '/v1/webhooks',
      operationId: 'listEndpoints',
      summary: 'List webhook endpoints',
      tag,
      access: 'webhooks',
      responses: {
        200: answer('All endpoints.', z.strictObject({ items: z.array(endpointSchema) }).openapi('Endpoints')),
      },
    }),
    async (c) => {
      const found = await listEndpoints(context, c.get('caller').account);
      return c.json({ items: found.map((endpoint) => endpointResource(secret, endpoint)) }, 200);
    },
  );

  app.openapi(
    route({
      method: 'post',
      path: '/v1/webhooks',
      operationId: 'createEndpoint',
      summary: 'Add a webhook endpoint',
      description: `${NOT_KEPT} Where no answer came, list the endpoints before it is sent again.`,
      tag,
      access: 'webhooks',
      request: { body: json(endpointInputSchema.meta({ id: 'NewEndpoint' })) },
      responses: { 201: answer('The endpoint and what its messages are signed with.', withSecretSchema) },
    }),
    async (c) => {
      const endpoint = await createEndpoint(guarded, c.get('caller').account, c.req.valid('json'));
      return c.json(withSecret(endpoint), 201);
    },
  );

  app.openapi(
    route({
      method: 'get',
      path: '/v1/webhooks/{endpoint}',
      operationId: 'getEndpoint',
      summary: 'A webhook endpoint, with its secret',
      tag,
      access: 'webhooks',
      request: { params: endpointParams },
      responses: { 200: answer('The endpoint.', withSecretSchema) },
    }),
    async (c) => {
      const endpoint = await getEndpoint(context, c.get('caller').account, c.req.valid('param').endpoint);
      return c.json(withSecret(endpoint), 200);
    },
  );

  app.openapi(
    route({
      method: 'patch',
      path: '/v1/webhooks/{endpoint}',
      operationId: 'changeEndpoint',
      summary: 'Change, disable or enable a webhook endpoint',
      tag,
      access: 'webhooks',
      request: { params: endpointParams, body: json(changeSchema) },
      responses: { 200: answer('The endpoint.', endpointSchema) },
    }),
    async (c) => {
      const { endpoint: id } = c.req.valid('param');
      const endpoint = await updateEndpoint(guarded, c.get('caller').account, id, c.req.valid('json'));
      return c.json(endpointResource(secret, endpoint), 200);
    },
  );

  app.openapi(
    route({
      method: 'post',
      path: '/v1/webhooks/{endpoint}/rotate',
      operationId: 'rotateSecret',
      summary: 'Replace the secret of a webhook endpoint',
      description: 'The former one still signs, beside the new one, for a day.',
      tag,
      access: 'webhooks',
      request: { params: endpointParams },
      responses: { 200: answer('The endpoint and its new secret.', withSecretSchema) },
    }),
    async (c) => {
      const endpoint = await rotateSecret(context, c.get('caller').account, c.req.valid('param').endpoint);
      return c.json(withSecret(endpoint), 200);
    },
  );

  app.openapi(
    route({
      method: 'delete',
      path: '/v1/webhooks/{endpoint}',
      operationId: 'deleteEndpoint',
      summary: 'Delete a webhook endpoint',
      tag,
      access: 'webhooks',
      request: { params: endpointParams },
      responses: { 204: { description: 'Deleted.' } },
    }),
    async (c) => {
      const { endpoint: id } = c.req.valid('param');
      await getEndpoint(context, c.get('caller').account, id);
      await deleteEndpoint(context, c.get('caller').account, id);
      return c.body(null, 204);
    },
  );

  app.openapi(
    route({
      method: 'get',
      path: '/v1/deliveries',
      operationId: 'listDeliveries',
      summary: 'List webhook messages, the newest first',
      description: 'A page may be short, or empty, and yet have a next one. Messages are kept for 30 days.',
      tag,
      access: 'webhooks',
      request: {
        query: pageQuery(deliveryParams.shape.delivery).extend({ endpoint: endpointParams.shape.endpoint.optional() }),
      },
      responses: { 200: answer('A page.', pageOf(deliverySchema, 'DeliveryPage')) },
    }),
    async (c) => {
      const { deliveries, next } = await listDeliveries(context, c.get('caller').account, c.req.valid('query'));
      return c.json({ items: deliveries.map(deliveryResource), next }, 200);
    },
  );

  app.openapi(
    route({
      method: 'get',
      path: '/v1/deliveries/{delivery}',
      operationId: 'getDelivery',
      summary: 'A webhook message, and what became of it',
      tag,
      access: 'webhooks',
      request: { params: deliveryParams },
      responses: { 200: answer('The message.', deliverySchema) },
    }),
    async (c) => {
      const { delivery: id } = c.req.valid('param');
      return c.json(deliveryResource(await getDelivery(context, c.get('caller').account, id)), 200);
    },
  );

  app.openapi(
    route({
      method: 'post',
      path: '/v1/deliveries/{delivery}/replay',
      operationId: 'replayDelivery',
      summary: 'Send a webhook message again',
      tag,
      access: 'webhooks',
      request: { params: deliveryParams },
      responses: { 202: answer('The message, waiting.', deliverySchema) },
    }),
    async (c) => {
      const { account } = c.get('caller');
      const { delivery: id } = c.req.valid('param');
      await replay(context, account, id);
      return c.json(deliveryResource(await getDelivery(context, account, id)), 202);
    },
  );

  return app;
}
