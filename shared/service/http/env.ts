import { createHash } from 'node:crypto';
import { OpenAPIHono } from '@hono/zod-openapi';
import type { Caller } from '../api-keys.ts';
import { InvalidRequest } from './problem.ts';

/** What middleware knows of a request. */
export interface Env {
  Variables: {
    requestId: string;
    /** Set where a route asks for one, see `caller.ts`. */
    caller: Caller;
  };
}

/** Routes that answer a request which does not fit its schema with a problem. */
export function router(): OpenAPIHono<Env> {
  return new OpenAPIHono<Env>({
    defaultHook: (result) => {
      if (!result.success) throw new InvalidRequest(result.error);
    },
  });
}

export function sha256(text: string | Uint8Array): string {
  return createHash('sha256').update(text).digest('hex');
}
