/** `npm run deploy`: Rewound in a Google Cloud project of yours. docs/deploy.md tells what happens. */
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { parseArgs } from 'node:util';
import { RewoundError } from '../shared/errors.ts';
import { GPUS, type Gpu } from '../shared/service/billing/price.ts';
import { stderr, stdout } from '../shared/terminal.ts';
import { agreed } from './cli/agreed.ts';
import { oneOf, parse, usage, whole } from './cli/options.ts';
import { run as runMain } from './cli/run.ts';
import {
  type Command,
  checks,
  type Deployment,
  deployCommands,
  destroyCommands,
  type Rotation,
  rotateCommands,
  shellLine,
} from './deploy/commands.ts';
import { farewell, firstSteps, lastSteps, overview, rotation } from './deploy/overview.ts';

const HELP = `npm run deploy -- --project ID [--region europe-west4]

  --name NAME             before all names (default rewound); several deployments can share a project
  --gpu KIND              nvidia-l4 (default) or nvidia-rtx-pro-6000
  --gpu-quota N           GPUs of this kind that Cloud Run grants the project there (default 1)
  --budget AMOUNT         monthly limit, in the billing account's currency, at which deliveries stop
  --billing-account ID    the account that pays, XXXXXX-XXXXXX-XXXXXX; needed for a budget
  --kms-key KEY           encrypt with a key of your own: projects/P/locations/L/keyRings/R/cryptoKeys/K
  --settings FILE         a .tfvars file with more (terraform/variables.tf)
  --rotate-secret         give the service that is deployed another secret (docs/service.md), and change nothing else
  --secret ID             the secret's id in Secret Manager, if the settings name one (NAME-secret)
  --destroy               delete the deployment and all its data
  --dry-run               print every command and run none
  --yes                   do not ask
`;

const ROOT = join(import.meta.dirname, '..');

interface Work {
  readonly commands: readonly Command[];
  /** What it says before anything is done, and when all is done. */
  readonly before: string;
  readonly after: string;
  /** What is to be typed so that it begins. */
  readonly word: string;
}

async function main(args: readonly string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values } = parse({
    args: [...args],
    options: {
      project: text,
      region: { ...text, default: 'europe-west4' },
      name: { ...text, default: 'rewound' },
      gpu: { ...text, default: 'nvidia-l4' },
      'gpu-quota': text,
      budget: text,
      'billing-account': text,
      'kms-key': text,
      settings: text,
      destroy: flag,
      'rotate-secret': flag,
      secret: text,
      'dry-run': flag,
      yes: flag,
      help: { ...flag, short: 'h' },
    },
  } satisfies Parameters<typeof parseArgs>[0]);
  if (values.help) {
    stdout.page(HELP);
    return 0;
  }
  const { project, region, name, settings, destroy = false, 'rotate-secret': rotate = false } = values;
  if (project === undefined) throw usage('--project is missing.', 'npm run deploy -- --help tells the options.');
  if (rotate && destroy) throw usage('--rotate-secret and --destroy do not go together.');
  if (values.secret !== undefined && !rotate)
    throw usage('--secret is for --rotate-secret; the settings name it else.');
  const amount = whole(values.budget, 'budget', 1, 1e9);
  const account = values['billing-account'];
  if ((amount === undefined) !== (account === undefined)) {
    throw usage('A budget needs both --budget and --billing-account.', 'gcloud billing accounts list shows the ids.');
  }
  const deployment: Deployment & { readonly gpu: Gpu } = {
    project: matching(project, 'project', /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/),
    region: matching(region, 'region', /^[a-z]+-[a-z]+\d+$/),
    name: matching(name, 'name', /^[a-z][a-z0-9-]{2,17}[a-z0-9]$/),
    tag: destroy || rotate ? 'none' : imageTag(),
    gpu: oneOf(values.gpu, 'gpu', Object.keys(GPUS) as Gpu[]),
    gpuQuota: whole(values['gpu-quota'], 'gpu-quota', 1, 1000) ?? 1,
    budget: amount === undefined || account === undefined ? undefined : { account, amount },
    kmsKey: values['kms-key'],
    settings: settings === undefined ? undefined : resolve(settings),
  };
  const replaced: Rotation = {
    secret: matching(values.secret ?? `${deployment.name}-secret`, 'secret', /^[A-Za-z0-9_-]{1,255}$/),
    stamp: Date.now().toString(36),
  };
  const work: Work = rotate
    ? {
        commands: rotateCommands(deployment, replaced),
        before: rotation(deployment),
        after: lastSteps(deployment, replaced),
        word: 'yes',
      }
    : destroy
      ? { commands: destroyCommands(deployment), before: farewell(deployment), after: '', word: project }
      : {
          commands: deployCommands(deployment),
          before: overview(deployment),
          after: firstSteps(deployment),
          word: 'yes',
        };
  if (values['dry-run']) {
    for (const command of [...checks(deployment), ...work.commands]) print(command);
    return 0;
  }
  for (const check of checks(deployment)) verify(check);
  stdout.page(work.before);
  if (!values.yes && !(await agreed(work.word))) {
    stderr.line('Nothing was done.');
    return 2;
  }
  for (const command of work.commands) await run(command);
  stdout.page(work.after);
  return 0;
}

/** A value that fits its pattern: it becomes part of names, and of what a shell is shown. */
function matching(value: string, name: string, pattern: RegExp): string {
  if (!pattern.test(value))
    throw usage(`--${name} cannot be "${value}".`, 'terraform/variables.tf says what it may be.');
  return value;
}

/** Names the images by what is in them: the commit, and the time too if there is more than that. */
function imageTag(): string {
  const git = (...args: string[]) => spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' });
  const commit = git('rev-parse', '--short=12', 'HEAD');
  const clean = commit.status === 0 && git('status', '--porcelain').stdout === '';
  const name = commit.status === 0 ? commit.stdout.trim() : 'unversioned';
  return clean ? name : `${name}-${Math.floor(Date.now() / 1000).toString(36)}`;
}

function print(command: Command): void {
  const { why, unless, optional } = command;
  stdout.line(`# ${why}${optional ? ' (may fail)' : ''}`);
  stdout.line(`${unless ? `${shellLine(unless)} || ` : ''}${lineOf(command)}`);
  stdout.line('');
}

function lineOf({ run: command, randomBytes: count }: Command): string {
  return `${count === undefined ? '' : `openssl rand -base64 ${count} | `}${shellLine(command)}`;
}

function verify({ why, run: [program = '', ...args] }: Command): void {
  const { status, error, stdout } = spawnSync(program, args, { cwd: ROOT, encoding: 'utf8' });
  // Billing that is off is an answer, not a failure.
  if (!error && status === 0 && stdout.trim().toLowerCase() !== 'false') return;
  throw new RewoundError('USAGE', `It is not so that ${why}.`, {
    help: `Try: ${shellLine([program, ...args])}`,
  });
}

async function run(whole: Command): Promise<void> {
  const { why, run: command, unless, optional = false, randomBytes: count } = whole;
  stderr.line('');
  stderr.line(why);
  if (unless && spawnSync(unless[0] ?? '', unless.slice(1), { cwd: ROOT, stdio: 'ignore' }).status === 0) {
    stderr.line('  done already');
    return;
  }
  stderr.line(`  ${lineOf(whole)}`);
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    cwd: ROOT,
    stdio: [count === undefined ? 'ignore' : 'pipe', 'inherit', 'inherit'],
  });
  // A program that ends before it has read is told of by its code.
  child.stdin?.on('error', () => undefined);
  if (count !== undefined) child.stdin?.end(randomBytes(count).toString('base64'));
  const code = await new Promise((done, failed) => {
    child.on('error', failed);
    child.on('close', done);
  });
  if (code === 0 || optional) return;
  throw new RewoundError('USAGE', `${program} ended with code ${code}.`, {
    help: 'Its own words are above. Once that is mended, the same command goes on from here.',
  });
}

await runMain(main);
