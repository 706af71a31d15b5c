import { z } from 'zod';
import { RewoundError } from '../shared/errors.ts';
import type { ServiceSettings } from '../shared/service/context.ts';
import { isSecret, SECRET_BYTES, type Secret } from '../shared/service/secret.ts';
import { webhookAllowSchema } from '../shared/service/webhooks/guard.ts';

const optional = <T extends z.ZodType>(schema: T) => z.preprocess((value) => value || undefined, schema.optional());
const REQUESTS_PER_MINUTE = 600;

/** What `api` and `deliver` need besides what every function does. */
const environmentSchema = z
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
  const { success, data, error } = environmentSchema.safeParse(environment);
  if (success) return data;
  const wrong = error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new RewoundError('USAGE', `The environment of the hosted service is not valid. ${wrong.join('. ')}.`, {
    help: 'docs/service.md says what each variable is for; "rewound serve" takes --origin for REWOUND_ORIGIN.',
  });
}
