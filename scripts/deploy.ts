/** `npm run deploy`: Rewound in a Google Cloud project of yours. docs/deploy.md tells what happens. */
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { RewoundError } from '../shared/errors.ts';
import type { Gpu } from '../shared/service/billing/price.ts';
import { stderr, stdout } from '../shared/terminal.ts';
import { agreed } from './cli/agreed.ts';
import { command, helpOf } from './cli/command.ts';
import type { Values } from './cli/option.ts';
import { run as runMain } from './cli/run.ts';
import { usage } from './cli/usage.ts';
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
import { DEPLOY_OPTIONS } from './deploy/options.ts';
import { farewell, firstSteps, lastSteps, overview, rotation } from './deploy/overview.ts';

const ROOT = join(import.meta.dirname, '..');

interface Work {
  readonly commands: readonly Command[];
  /** What it says before anything is done, and when all is done. */
  readonly before: string;
  readonly after: string;
  /** What is to be typed so that it begins. */
  readonly word: string;
}

const deploy = command({
  name: '',
  summary: 'Deploys Rewound into a Google Cloud project (docs/deploy.md).',
  takes: [],
  options: DEPLOY_OPTIONS,
  run: deployAsAsked,
});

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    stdout.page(`${helpOf(deploy, 'npm run deploy --')}\n`);
    return 0;
  }
  return deploy.run(args);
}

async function deployAsAsked(values: Values<typeof DEPLOY_OPTIONS>): Promise<number> {
  const { project, region, name, gpu, settings, destroy, 'rotate-secret': rotate } = values;
  if (rotate && destroy) throw usage('--rotate-secret and --destroy do not go together.');
  if (values.secret !== undefined && !rotate)
    throw usage('--secret is for --rotate-secret; the settings name it else.');
  const { budget: amount, 'billing-account': account } = values;
  if ((amount === undefined) !== (account === undefined)) {
    throw usage('A budget needs both --budget and --billing-account.', 'gcloud billing accounts list shows the ids.');
  }
  const deployment: Deployment & { readonly gpu: Gpu } = {
    ...{ project, region, name, gpu, settings },
    tag: destroy || rotate ? 'none' : imageTag(),
    gpuQuota: values['gpu-quota'],
    budget: amount === undefined || account === undefined ? undefined : { account, amount },
    kmsKey: values['kms-key'],
  };
  const replaced: Rotation = {
    secret: values.secret ?? `${name}-secret`,
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
