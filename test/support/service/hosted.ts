import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { OpenAPIHono } from '@hono/zod-openapi';
import { onTestFinished } from 'vitest';
import { type LocalPlatform, openLocal } from '../../../shared/platform/local/index.ts';
import { createAccount } from '../../../shared/service/accounts.ts';
import { createKey, SCOPES, type Scope } from '../../../shared/service/api-keys.ts';
import type { ServiceContext, ServiceSettings } from '../../../shared/service/context.ts';
import { createApi } from '../../../shared/service/http/app.ts';
import type { Env } from '../../../shared/service/http/env.ts';
import { derive, isSecret, type Secret } from '../../../shared/service/secret.ts';
import { tempDir } from '../temp.ts';

export const ORIGIN = 'http://localhost:8080';

/** A secret like a service's own, the same for every test. */
export function testSecret(): Secret {
  const bytes = new Uint8Array(32).fill(7);
  if (!isSecret(bytes)) throw new Error('a secret has 32 bytes');
  return bytes;
}

export interface Hosted {
  readonly context: ServiceContext;
  readonly platform: LocalPlatform;
  readonly api: OpenAPIHono<Env>;
  /** The time, which only moves when a test moves it. */
  readonly clock: { now(): number; advance(ms: number): void };
  /** A new account with a key. */
  account(scopes?: readonly Scope[]): Promise<{ readonly account: string; readonly key: string }>;
  /** A request with a key, JSON in and out. */
  ask(
    key: string | undefined,
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Asked>;
}

export interface Asked {
  readonly status: number;
  readonly headers: Headers;
  // What a test expects of an answer it says itself.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly body: any;
}

/** The API over the local platform in a folder of its own. */
export function hosted(settings: Partial<ServiceSettings> = {}): Hosted {
  let now = Date.UTC(2026, 10, 23, 9);
  const clock = {
    now: () => now,
    advance(ms: number) {
      now += ms;
    },
  };
  const folder = join(tempDir(), 'bucket');
  mkdirSync(folder);
  const platform = openLocal({ folder, clock });
  onTestFinished(() => platform.close());
  const secret = testSecret();
  const context: ServiceContext = {
    objects: platform.objects,
    records: platform.records,
    events: platform.events,
    clock,
    uploads: platform.uploads({ origin: ORIGIN, tokenKey: derive(secret, ['uploads'], 32) }),
    secret,
    settings: {
      origin: ORIGIN,
      signUp: 'open',
      stripe: null,
      webhookAllow: [],
      requestsPerMinute: 100_000,
      ...settings,
    },
  };
  const api = createApi(context, { lookMs: 1 });
  return {
    context,
    platform,
    api,
    clock,
    async account(scopes = SCOPES) {
      const account = await createAccount(context, 'an account');
      const { text } = await createKey(context, account, { name: 'a key', scopes, expiresAt: null });
      return { account, key: text };
    },
    async ask(key, method, path, body, headers = {}) {
      const response = await api.request(path, {
        method,
        headers: {
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      const isJson = /json/.test(response.headers.get('content-type') ?? '');
      return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
    },
  };
}
