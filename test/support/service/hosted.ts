import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { OpenAPIHono } from '@hono/zod-openapi';
import { onTestFinished } from 'vitest';
import { type LocalPlatform, openLocal } from '../../../shared/platform/local/index.ts';
import { createAccount } from '../../../shared/service/accounts/accounts.ts';
import { createKey, SCOPES, type Scope } from '../../../shared/service/accounts/api-keys.ts';
import type { ServiceContext, ServiceSettings } from '../../../shared/service/core/context.ts';
import { derive } from '../../../shared/service/core/secret.ts';
import { type ApiOptions, createApi } from '../../../shared/service/http/app.ts';
import type { Env } from '../../../shared/service/http/env.ts';
import { tempDir } from '../temp.ts';
import { SECRET } from './webhook-service.ts';

export const ORIGIN = 'http://localhost:8080';

export interface Hosted {
  readonly context: ServiceContext;
  readonly platform: LocalPlatform;
  /** Where the bucket and the state of the platform lie. */
  readonly folder: string;
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

export interface HostedOptions {
  /** A bucket's folder that is there already. */
  readonly folder?: string;
  readonly now?: number;
  readonly api?: ApiOptions;
}

/** The API over the local platform in a folder of its own. */
export function hosted(settings: Partial<ServiceSettings> = {}, options: HostedOptions = {}): Hosted {
  let { now = Date.UTC(2026, 10, 23, 9) } = options;
  const clock = {
    now: () => now,
    advance(ms: number) {
      now += ms;
    },
  };
  const folder = options.folder ?? join(tempDir(), 'bucket');
  mkdirSync(folder, { recursive: true });
  const platform = openLocal({ folder, clock });
  onTestFinished(() => platform.close());
  const context: ServiceContext = {
    objects: platform.objects,
    records: platform.records,
    events: platform.events,
    clock,
    uploads: platform.uploads({ origin: settings.origin ?? ORIGIN, tokenKey: derive(SECRET, ['uploads'], 32) }),
    secret: SECRET,
    settings: {
      origin: ORIGIN,
      signUp: 'open',
      stripe: null,
      webhookAllow: [],
      requestsPerMinute: 100_000,
      proxied: false,
      ...settings,
    },
  };
  const api = createApi(context, { lookMs: 1, ...options.api });
  return {
    context,
    platform,
    folder,
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
