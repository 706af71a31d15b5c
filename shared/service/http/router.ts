/** Makes the routers of the API. */
import { OpenAPIHono } from '@hono/zod-openapi';
import type { Env } from './env.ts';
import { InvalidRequest } from './problem.ts';

/** Routes that answer a request which does not fit its schema with a problem. */
export function router(): OpenAPIHono<Env> {
  return new OpenAPIHono<Env>({
    defaultHook: (result) => {
      if (!result.success) throw new InvalidRequest(result.error);
    },
  });
}
