/** What a service of the deployment is told by its environment. */
import { z } from 'zod';
import { RewoundError } from '../shared/errors.ts';
import { DEVICES } from '../shared/onnx/runtime.ts';
import { TOPICS } from '../shared/pipeline/base/messages.ts';
import type { ServiceSettings } from '../shared/service/core/context.ts';
import { isSecret, SECRET_BYTES, type Secret } from '../shared/service/core/secret.ts';
import { webhookAllowSchema } from '../shared/service/webhooks/guard.ts';
import { API } from './api.ts';

const name = z.string({ error: 'is needed' }).min(1, 'is empty');
/** An unset variable and an empty one are the same to most shells and deployments. */
const optional = <T extends z.ZodType>(schema: T) => z.preprocess((value) => value || undefined, schema.optional());

/**
 * The functions that work with accounts, credits and webhooks. None of them runs a model.
 * @internal
 */
export const ACCOUNT_FUNCTIONS: ReadonlySet<string> = new Set([
  API,
  TOPICS.settle,
  TOPICS.deliver,
  TOPICS.tend,
  TOPICS.sweep,
]);

const environmentSchema = z
  .object({
    /** The function this service is, by the name of its topic. */
    FUNCTION_TARGET: name,
    PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
    REWOUND_PROJECT: name,
    REWOUND_BUCKET: name,
    /** Before the name of each topic, such as `rewound-`. */
    REWOUND_TOPIC_PREFIX: z.string().default(''),
    /** The database of the audits; the project's default one if nothing is said. */
    REWOUND_DATABASE: optional(name),
    /** The database of the accounts: for the functions of `ACCOUNT_FUNCTIONS`, and refused to all others. */
    REWOUND_ACCOUNTS_DATABASE: optional(name),
    /** What models run on. `plan`, `enrol` and `probe` must say the same: the device is part of an audit's identity. */
    REWOUND_DEVICE: z.enum(DEVICES).default('cpu'),
    /** Shards of one audit in flight at once, set by `plan`: no more than there are instances of `probe`. */
    REWOUND_WINDOW: z.coerce.number().int().min(1).max(10_000).default(1),
    /** Messages worked on at once: more than one only for a function that does nothing but wait. */
    REWOUND_CONCURRENCY: z.coerce.number().int().min(1).max(1_000).default(1),
    /** What the push's token must be made for, and by whom. */
    REWOUND_PUSH_AUDIENCE: optional(name),
    REWOUND_PUSH_EMAIL: optional(z.email()),
    /** Where the Google clients look for emulators: set on no machine that serves anybody. */
    PUBSUB_EMULATOR_HOST: optional(name),
    FIRESTORE_EMULATOR_HOST: optional(name),
    STORAGE_EMULATOR_HOST: optional(name),
  })
  .transform((environment, issues) => {
    const audience = environment.REWOUND_PUSH_AUDIENCE;
    const email = environment.REWOUND_PUSH_EMAIL;
    const { PUBSUB_EMULATOR_HOST: pubsub, FIRESTORE_EMULATOR_HOST: firestore } = environment;
    const emulated = [pubsub, firestore, environment.STORAGE_EMULATOR_HOST].some((host) => host !== undefined);
    // The API is called by anybody, and asks for a key itself.
    if (audience === undefined && !emulated && environment.FUNCTION_TARGET !== API) {
      issues.addIssue({ code: 'custom', path: ['REWOUND_PUSH_AUDIENCE'], message: 'is needed outside of emulators' });
    }
    if (audience !== undefined && email === undefined) {
      issues.addIssue({ code: 'custom', path: ['REWOUND_PUSH_EMAIL'], message: 'is needed with an audience' });
    }
    const accounts = environment.REWOUND_ACCOUNTS_DATABASE;
    const needsAccounts = ACCOUNT_FUNCTIONS.has(environment.FUNCTION_TARGET);
    if (needsAccounts !== (accounts !== undefined)) {
      const message = needsAccounts ? 'is needed by this function' : 'must not be given to this function';
      issues.addIssue({ code: 'custom', path: ['REWOUND_ACCOUNTS_DATABASE'], message });
    }
    if (accounts !== undefined && accounts === environment.REWOUND_DATABASE) {
      const message = 'must be another database than REWOUND_DATABASE';
      issues.addIssue({ code: 'custom', path: ['REWOUND_ACCOUNTS_DATABASE'], message });
    }
    return {
      target: environment.FUNCTION_TARGET,
      port: environment.PORT,
      project: environment.REWOUND_PROJECT,
      bucket: environment.REWOUND_BUCKET,
      topicPrefix: environment.REWOUND_TOPIC_PREFIX,
      database: environment.REWOUND_DATABASE,
      accountsDatabase: accounts,
      device: environment.REWOUND_DEVICE,
      window: environment.REWOUND_WINDOW,
      concurrency: environment.REWOUND_CONCURRENCY,
      /** Who may call; anybody where an emulator, which sends no token, is all there is. */
      caller: audience === undefined || email === undefined ? undefined : { audience, email },
    };
  });

export type ServerSettings = z.infer<typeof environmentSchema>;

/** The settings of a service from its environment. Throws USAGE that names every variable that is wrong, never a value. */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): ServerSettings {
  const { success, data, error } = environmentSchema.safeParse(environment);
  if (success) return data;
  const wrong = error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new RewoundError('USAGE', `The environment of the service is not valid. ${wrong.join('. ')}.`, {
    help: 'Set these variables where the service is deployed; functions/settings.ts says what each is for.',
  });
}

const REQUESTS_PER_MINUTE = 600;

/** What `api` and `deliver` need besides what every function does. */
const serviceSchema = z
  .object({
    /** The one secret, base64; `openssl rand -base64 32` makes one. */
    REWOUND_SECRET: z
      .string({ error: 'is needed' })
      .transform((text) => new Uint8Array(Buffer.from(text, 'base64')))
      .refine(isSecret, `is not ${SECRET_BYTES} bytes in base64`),
    /** Where people reach the service. */
    REWOUND_ORIGIN: z
      .url({ protocol: /^https?$/, error: 'is not an address such as https://audits.example.com' })
      .refine(
        (text) => !URL.canParse(text) || new URL(text).origin === text.replace(/\/$/, ''),
        'has more than scheme and host',
      )
      .transform((text) => new URL(text).origin),
    REWOUND_SIGN_UP: optional(z.enum(['open', 'closed'])),
    STRIPE_API_KEY: optional(z.string()),
    STRIPE_WEBHOOK_SECRET: optional(z.string()),
    /** Networks (CIDR) with commas between them. */
    REWOUND_WEBHOOK_ALLOW: z
      .string()
      .default('')
      .transform((text) => text.split(',').flatMap((network) => network.trim() || []))
      .pipe(webhookAllowSchema),
    REWOUND_REQUESTS_PER_MINUTE: optional(z.coerce.number().int().min(1)),
    /** Where no proxy adds to X-Forwarded-For, anybody can say anything in it. */
    REWOUND_PROXIED: optional(z.enum(['true', 'false'])),
  })
  .transform((environment, issues) => {
    const { STRIPE_API_KEY: apiKey, STRIPE_WEBHOOK_SECRET: webhookSecret } = environment;
    if ((apiKey === undefined) !== (webhookSecret === undefined)) {
      const missing = apiKey === undefined ? 'STRIPE_API_KEY' : 'STRIPE_WEBHOOK_SECRET';
      issues.addIssue({ code: 'custom', path: [missing], message: 'is needed, as the other one of the two is set' });
    }
    // Where credits are free, whoever makes an account has as many as there are.
    if (environment.REWOUND_SIGN_UP === 'open' && apiKey === undefined && !isLoopback(environment.REWOUND_ORIGIN)) {
      const message =
        'may be open only with STRIPE_API_KEY, or on this machine alone: credits would be free for anybody';
      issues.addIssue({ code: 'custom', path: ['REWOUND_SIGN_UP'], message });
    }
    const settings: ServiceSettings = {
      origin: environment.REWOUND_ORIGIN,
      signUp: environment.REWOUND_SIGN_UP ?? 'closed',
      stripe: apiKey === undefined || webhookSecret === undefined ? null : { apiKey, webhookSecret },
      webhookAllow: environment.REWOUND_WEBHOOK_ALLOW,
      requestsPerMinute: environment.REWOUND_REQUESTS_PER_MINUTE ?? REQUESTS_PER_MINUTE,
      proxied: environment.REWOUND_PROXIED === 'true',
    };
    return { secret: environment.REWOUND_SECRET, settings };
  });

/** Whether only whoever is at this machine reaches such an address. */
function isLoopback(origin: string): boolean {
  const { hostname } = new URL(origin);
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}

/** The hosted service's settings from its environment. Throws USAGE that names every variable that is wrong, never a value. */
export function readServiceSettings(environment: Readonly<Record<string, string | undefined>>): {
  readonly secret: Secret;
  readonly settings: ServiceSettings;
} {
  const { success, data, error } = serviceSchema.safeParse(environment);
  if (success) return data;
  const wrong = error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new RewoundError('USAGE', `The environment of the hosted service is not valid. ${wrong.join('. ')}.`, {
    help: 'docs/service.md says what each variable is for; "rewound serve" takes --origin for REWOUND_ORIGIN.',
  });
}
