/** What a deployment runs, as data: it can be shown, tested and run. */

export interface Deployment {
  readonly project: string;
  readonly region: string;
  /** Before all names. */
  readonly name: string;
  /** Of the images: names what is in them. */
  readonly tag: string;
  readonly gpu: string;
  readonly gpuQuota: number;
  readonly budget: { readonly account: string; readonly amount: number } | undefined;
  readonly kmsKey: string | undefined;
  /** A .tfvars file with settings that have no option. */
  readonly settings: string | undefined;
}

export interface Command {
  /** What it does, in words. */
  readonly why: string;
  readonly run: readonly string[];
  /** Not run if this succeeds: what it would do is done. */
  readonly unless?: readonly string[];
  /** Goes on if it fails: it only tidies up. */
  readonly optional?: boolean;
  /** Reads so many random bytes from stdin, in base64: they are in no file, no argument and no output. */
  readonly randomBytes?: number;
}

/** Terraform's folder, from the repository's root. */
const TERRAFORM = ['terraform', '-chdir=terraform'];

/** Without these Terraform cannot even look at the project; it enables the others itself (terraform/apis.tf). */
const FIRST_APIS = ['cloudresourcemanager', 'iam', 'secretmanager', 'serviceusage', 'storage'];

/** Services that encrypt with a key of one's own, each by an account that exists only when asked for. */
const ENCRYPTING = ['artifactregistry', 'firestore', 'pubsub', 'run', 'storage'];

/** Before anything is changed: are the tools there, and who is at work? */
export function checks({ project }: Pick<Deployment, 'project'>): readonly Command[] {
  return [
    { why: 'gcloud is installed', run: ['gcloud', '--version'] },
    { why: 'terraform is installed', run: ['terraform', 'version'] },
    { why: 'gcloud is logged in (gcloud auth login)', run: ['gcloud', 'auth', 'print-access-token', '--quiet'] },
    {
      why: 'terraform is logged in (gcloud auth application-default login)',
      run: ['gcloud', 'auth', 'application-default', 'print-access-token', '--quiet'],
    },
    {
      why: `the project ${project} can be seen, with billing enabled`,
      run: ['gcloud', 'billing', 'projects', 'describe', project, '--format=value(billingEnabled)'],
    },
  ];
}

/** All that makes or updates a deployment. Each command can be run again. */
export function deployCommands(deployment: Deployment): readonly Command[] {
  const { project, region, name, tag, kmsKey } = deployment;
  const registry = registryOf(deployment);
  const substitutions = { _NAME: name, _REGION: region, _TAG: tag, _DEPLOY: 'false' };
  const apply = [...TERRAFORM, 'apply', '-input=false', '-auto-approve', ...variables(deployment)];
  return [
    {
      why: 'Let Terraform look at the project',
      run: ['gcloud', 'services', 'enable', ...FIRST_APIS.map(api), `--project=${project}`],
    },
    ...(kmsKey === undefined ? [] : encryptingAccounts(deployment)),
    ...stateCommands(deployment),
    {
      why: 'Make the registry of images and the account that builds them',
      run: [
        ...apply,
        '-target=google_artifact_registry_repository_iam_member.build',
        '-target=google_project_iam_member.build_logs',
        '-target=google_storage_bucket_iam_member.build_source',
      ],
    },
    {
      why: 'Check, test and build the images',
      unless: ['gcloud', 'artifacts', 'docker', 'images', 'describe', `${registry}/gpu:${tag}`, `--project=${project}`],
      run: [
        'gcloud',
        'builds',
        'submit',
        '--config=cloudbuild.yaml',
        `--project=${project}`,
        `--region=${region}`,
        `--service-account=projects/${project}/serviceAccounts/${name}-build@${project}.iam.gserviceaccount.com`,
        `--gcs-source-staging-dir=gs://${stateBucket(project)}/source`,
        `--substitutions=${Object.entries(substitutions)
          .map(([key, value]) => `${key}=${value}`)
          .join(',')}`,
        '.',
      ],
    },
    makeSecret(deployment),
    {
      why: 'Make the databases of audits and of accounts',
      run: [...apply, '-target=google_firestore_database.main', '-target=google_firestore_database.accounts'],
    },
    {
      why: 'Move accounts into their database that an earlier version kept with the audits',
      run: [
        'env',
        `REWOUND_PROJECT=${project}`,
        `REWOUND_ACCOUNTS_DATABASE=${accountsDatabase(name)}`,
        ...['npm', 'run', '-s', 'rewound', '--', 'account', 'move', name],
      ],
    },
    { why: 'Make or update everything else', run: apply },
    { why: 'Say where things are', run: [...TERRAFORM, 'output'] },
  ];
}

/** All that removes a deployment: services, messages, records, and the bucket with everything in it. */
export function destroyCommands(deployment: Deployment): readonly Command[] {
  const { project, name } = deployment;
  const state = `gs://${stateBucket(project)}`;
  return [
    ...stateCommands(deployment),
    {
      why: 'Allow the bucket and the databases to be deleted',
      run: [
        ...TERRAFORM,
        'apply',
        '-input=false',
        '-auto-approve',
        ...variables(deployment),
        '-var=keep_data=false',
        '-target=google_storage_bucket.main',
        '-target=google_firestore_database.main',
        '-target=google_firestore_database.accounts',
      ],
    },
    {
      why: 'Delete everything',
      run: [...TERRAFORM, 'destroy', '-input=false', '-auto-approve', ...variables(deployment), '-var=keep_data=false'],
    },
    {
      why: "Delete the service's own secret",
      run: ['gcloud', 'secrets', 'delete', secretOf(name), `--project=${project}`, '--quiet'],
      optional: true,
    },
    {
      why: "Delete Terraform's own notes about it",
      run: ['gcloud', 'storage', 'rm', '--recursive', '--all-versions', `${state}/${name}`, `${state}/source`],
      optional: true,
    },
    {
      why: 'Delete their bucket, unless another deployment has notes there',
      run: ['gcloud', 'storage', 'buckets', 'delete', state],
      optional: true,
    },
  ];
}

export interface Rotation {
  /** Its id in Secret Manager. */
  readonly secret: string;
  /** Tells this rotation from others: a revision with a label of its own is another revision. */
  readonly stamp: string;
}

/** Functions that derive something from the secret (terraform/grants.tf). The API first: it shows the new secrets. */
const DERIVING = ['api', 'deliver'];

/**
 * Gives a deployed service another secret. Interrupted and run again, it makes one more and goes on from there. The API
 * does the rest when it starts (shared/service/adopt.ts). The next deployment takes the labels off again.
 */
export function rotateCommands({ project, region, name }: Deployment, { secret, stamp }: Rotation): readonly Command[] {
  return [
    {
      why: 'Add another version of the secret',
      run: ['gcloud', 'secrets', 'versions', 'add', secret, `--project=${project}`, '--data-file=-'],
      randomBytes: 32,
    },
    ...DERIVING.map((service) => ({
      why: `Replace the instances of ${name}-${service}: they read the secret when they start`,
      run: [
        'gcloud',
        'run',
        'services',
        'update',
        `${name}-${service}`,
        `--project=${project}`,
        `--region=${region}`,
        `--update-labels=secret-rotated=${stamp}`,
      ],
    })),
  ];
}

/**
 * The secret that the hosted service derives all others from. Made here and not by Terraform, whose state would hold it.
 * One that is there is given another version by `rotateCommands` only: whatever was derived from it changes.
 */
function makeSecret({ project, region, name }: Deployment): Command {
  const secret = secretOf(name);
  return {
    why: "Make the service's own secret",
    unless: ['gcloud', 'secrets', 'describe', secret, `--project=${project}`],
    run: [
      'gcloud',
      'secrets',
      'create',
      secret,
      `--project=${project}`,
      '--replication-policy=user-managed',
      `--locations=${region}`,
      '--data-file=-',
    ],
    randomBytes: 32,
  };
}

/** Where Terraform remembers what it made: one bucket for all deployments of a project. */
function stateCommands({ project, region, name }: Deployment): readonly Command[] {
  const bucket = stateBucket(project);
  return [
    {
      why: 'Make the bucket that Terraform keeps its state in',
      unless: ['gcloud', 'storage', 'buckets', 'describe', `gs://${bucket}`, '--format=value(name)'],
      run: [
        'gcloud',
        'storage',
        'buckets',
        'create',
        `gs://${bucket}`,
        `--project=${project}`,
        `--location=${region}`,
        '--uniform-bucket-level-access',
        '--public-access-prevention',
      ],
    },
    {
      why: 'Keep its older versions',
      run: ['gcloud', 'storage', 'buckets', 'update', `gs://${bucket}`, '--versioning'],
    },
    {
      why: 'Open the state',
      run: [
        ...TERRAFORM,
        'init',
        '-input=false',
        '-reconfigure',
        `-backend-config=bucket=${bucket}`,
        `-backend-config=prefix=${name}`,
      ],
    },
  ];
}

function encryptingAccounts({ project }: Deployment): readonly Command[] {
  return ENCRYPTING.map((service) => ({
    why: `Make the account by which ${service} uses the key`,
    run: ['gcloud', 'beta', 'services', 'identity', 'create', `--service=${api(service)}`, `--project=${project}`],
  }));
}

/** The settings of a deployment as Terraform takes them; what is said by option wins over the file. */
function variables(deployment: Deployment): readonly string[] {
  const { project, region, name, tag, gpu, gpuQuota, budget, kmsKey, settings } = deployment;
  const registry = registryOf(deployment);
  const image = (kind: string) => `${kind}="${registry}/${kind}:${tag}"`;
  return [
    ...(settings === undefined ? [] : [`-var-file=${settings}`]),
    `-var=project=${project}`,
    `-var=region=${region}`,
    `-var=name=${name}`,
    `-var=images={${image('cpu')},${image('gpu')}}`,
    `-var=gpu=${gpu}`,
    `-var=gpu_quota=${gpuQuota}`,
    ...(budget === undefined ? [] : [`-var=budget={account="${budget.account}",amount=${budget.amount}}`]),
    ...(kmsKey === undefined ? [] : [`-var=kms_key=${kmsKey}`]),
  ];
}

function registryOf({ project, region, name }: Deployment): string {
  return `${region}-docker.pkg.dev/${project}/${name}`;
}

function secretOf(name: string): string {
  return `${name}-secret`;
}

/** The database of accounts, as terraform/records.tf calls it; that of audits has the deployment's name. */
export function accountsDatabase(name: string): string {
  return `${name}-accounts`;
}

function stateBucket(project: string): string {
  return `${project}-rewound-terraform`;
}

function api(name: string): string {
  return `${name}.googleapis.com`;
}

/** A command as a shell would take it. */
export function shellLine(command: readonly string[]): string {
  return command.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');
}
