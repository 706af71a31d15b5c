/** Says what a deployment will make and cost, and what is to be done afterwards. */
import { TOPICS } from '../../shared/pipeline/base/messages.ts';
import { freshSamples, settingsSchema, shardCount } from '../../shared/pipeline/planning/settings.ts';
import { auditPrice, type Gpu, gpuSecond, PRICES_READ, USUAL } from '../../shared/service/billing/price.ts';
import { SECRET_EFFECTS } from '../cli/secret-effects.ts';
import { accountsDatabase, type Deployment, type Rotation } from './commands.ts';

/** Functions that messages call: each topic has one, but for the one for the outside. */
const STEPS = Object.keys(TOPICS).length - 1;

/** An audit to give an idea of: a usual one, of a generator of middling size. */
const EXAMPLE = {
  ...USUAL,
  samples: 50_000,
  fresh: freshSamples({ samples: 50_000 }),
  sampleMs: 20,
  photos: 10_000,
};

/** What is about to be made and what it will cost, for somebody who has to say yes. */
export function overview(deployment: Deployment & { readonly gpu: Gpu }): string {
  const { project, region, name, gpu, gpuQuota, budget } = deployment;
  const settings = settingsSchema.parse({ samples: EXAMPLE.samples });
  const shards = shardCount(settings, EXAMPLE.sampleMs);
  const { total, hours } = auditPrice({ ...EXAMPLE, shards, gpu, gpus: gpuQuota });
  return `In the project ${project}, region ${region}:

  bucket          ${project}-${name}: drop/, work/, gallery/, report/
  Cloud Run       ${STEPS} services that nobody but Pub/Sub can call; plan, enrol, probe and confirm with the
                  GPU ${gpu}, one of plan and up to ${gpuQuota} each of the others
                  and the API with its page, which everybody can call and only a key opens; sign-up is closed
  Pub/Sub         ${STEPS + 1} topics, ${STEPS} push subscriptions; a job that sweeps every ten minutes
  Firestore       databases ${name}, of audits, and ${accountsDatabase(name)}, of accounts, keys and credits, which no
                  function that runs a model can open; each with a backup a day
  network         ${name}-closed: the functions that work on uploads reach Google's APIs by it, and nothing else
  secret          ${name}-secret in Secret Manager, drawn here if it is not there
  images          registry ${name}, two images, built and tested by Cloud Build
  accounts        ${STEPS + (budget ? 4 : 3)} service accounts, each with the rights of one thing
  budget          ${budget ? `${budget.amount} a month, at which deliveries stop` : 'none (--budget AMOUNT --billing-account ID)'}
  state           bucket ${project}-rewound-terraform

Costs, by list prices of ${PRICES_READ} in US dollars:

  at rest         about 1 a month, for images, objects and a private DNS zone; no instance runs
  a GPU at work   ${(gpuSecond(gpu) * 3600).toFixed(2)} an hour
  an audit        about ${total.toFixed(2)} and ${Math.ceil(hours * 60)} minutes for ${EXAMPLE.samples.toLocaleString('en')} samples at ${EXAMPLE.sampleMs} ms each and ${EXAMPLE.photos.toLocaleString('en')} photos;
                  npm run -s rewound -- price tells of others
`;
}

/** What to do with a deployment that is there. */
export function firstSteps({ project, name }: Deployment): string {
  return `
The service is at the address that stands after "origin" above. Nobody has an account yet, and nobody can make one:
make the first, with your own login, and give it credits once you take money for them.

  export REWOUND_PROJECT=${project} REWOUND_ACCOUNTS_DATABASE=${accountsDatabase(name)}
  npm run -s rewound -- account create NAME

It prints a key, which opens the page and the API. docs/service.md tells of payments, sign-up and a domain of yours.
`;
}

/** What another secret is about to change. */
export function rotation({ project, name }: Deployment): string {
  return `This gives the service of the deployment ${name} in the project ${project} another secret.
Deploy the present version of Rewound first: its API writes down the key that receipts were signed with until now.

${SECRET_EFFECTS}
  sessions of the page          end: everybody signs in again
  API keys                      stay: they are random, and only their digests are kept
  upload addresses              stay: Google's key signs them

A deployment whose functions may have been read from should have its Stripe keys rolled in Stripe too.
`;
}

/** What is left to do by hand once the instances have the new secret. */
export function lastSteps({ project, name }: Deployment, { secret }: Rotation): string {
  return `
The instances have the new secret. Now:

  tell your customers that their webhooks have new secrets and public keys, which the page and the API show
  look at the log: ${name}-api says "secret.adopted"
  then disable the former versions, which nothing needs any more:

  gcloud secrets versions list ${secret} --project=${project} --filter=state=enabled
  gcloud secrets versions disable VERSION --secret=${secret} --project=${project}
`;
}

/** What is about to be lost. */
export function farewell({ project, name }: Deployment): string {
  return `This deletes the deployment ${name} in the project ${project}, and with it, for good:

  every photo, checkpoint, gallery and report in the bucket ${project}-${name}
  every record in the Firestore databases ${name} and ${accountsDatabase(name)}: audits, accounts, keys and the
  ledgers of credits
  the secret ${name}-secret, and with it every webhook's
  every message, image, service and account

Enabled APIs stay enabled. Backups of the databases stay until they expire. If the network
cannot be deleted yet, because Cloud Run still holds addresses in it, run the same command again in two hours.
`;
}
