/** The options of `npm run deploy`. */
import { GPUS, type Gpu } from '../../shared/service/billing/price.ts';
import { asOneOf, asText, asWhole, flag, optional, type Reader, required, withDefault } from '../cli/option.ts';
import { asPath } from '../cli/paths.ts';
import { usage } from '../cli/usage.ts';

const KINDS = Object.keys(GPUS) as Gpu[];

export const DEPLOY_OPTIONS = {
  project: required(
    'ID',
    'the Google Cloud project',
    matching(/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/),
    'the Google Cloud project',
  ),
  region: withDefault('REGION', 'where it runs', matching(/^[a-z]+-[a-z]+\d+$/), 'europe-west4'),
  name: withDefault(
    'NAME',
    'before all names; several deployments can share a project',
    matching(/^[a-z][a-z0-9-]{2,17}[a-z0-9]$/),
    'rewound',
  ),
  gpu: withDefault('KIND', KINDS.join(' or '), asOneOf(KINDS), 'nvidia-l4'),
  'gpu-quota': withDefault('N', 'GPUs of this kind that Cloud Run grants the project there', asWhole(1, 1000), '1'),
  budget: optional(
    'AMOUNT',
    "monthly limit, in the billing account's currency, at which deliveries stop",
    asWhole(1, 1e9),
  ),
  'billing-account': optional('ID', 'the account that pays, XXXXXX-XXXXXX-XXXXXX; needed for a budget', asText),
  'kms-key': optional('KEY', 'encrypt with a key of your own: projects/P/locations/L/keyRings/R/cryptoKeys/K', asText),
  settings: optional('FILE', 'a .tfvars file with more (terraform/variables.tf)', asPath),
  'rotate-secret': flag('give the service that is deployed another secret (docs/service.md), and change nothing else'),
  secret: optional(
    'ID',
    "the secret's id in Secret Manager, if the settings name one (NAME-secret)",
    matching(/^[A-Za-z0-9_-]{1,255}$/),
  ),
  destroy: flag('delete the deployment and all its data'),
  'dry-run': flag('print every command and run none'),
  yes: flag('do not ask'),
};

/** Reads a value that fits its pattern: it becomes part of names, and of what a shell is shown. */
function matching(pattern: RegExp): Reader<string> {
  return (value, flag) => {
    if (pattern.test(value)) return value;
    throw usage(`${flag} cannot be "${value}".`, 'terraform/variables.tf says what it may be.');
  };
}
