import { z } from 'zod';
import { RewoundError } from '../shared/errors.ts';
import { DEVICES } from '../shared/onnx/runtime.ts';
import { TOPICS } from '../shared/pipeline/messages.ts';
import { API } from './api.ts';

const name = z.string({ error: 'is needed' }).min(1, 'is empty');
/** An unset variable and an empty one are the same to most shells and deployments. */
const optional = <T extends z.ZodType>(schema: T) => z.preprocess((value) => value || undefined, schema.optional());

/** The functions that work with accounts, credits and webhooks. None of them runs a model. */
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
    help: 'Set these variables where the service is deployed; functions/context-settings.ts says what each is for.',
  });
}
