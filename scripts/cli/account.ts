import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Firestore } from '@google-cloud/firestore';
import { RewoundError } from '../../shared/errors.ts';
import { googleRecords } from '../../shared/platform/google/records.ts';
import { openLocal } from '../../shared/platform/local/index.ts';
import type { Platform } from '../../shared/platform/ports.ts';
import { accountChangeSchema, createAccount, readAccount } from '../../shared/service/accounts/accounts.ts';
import { createKey, listKeys, revokeKey, SCOPES } from '../../shared/service/accounts/api-keys.ts';
import { makeCode } from '../../shared/service/accounts/sign-in-codes.ts';
import { balanceOf, grant } from '../../shared/service/billing/credits.ts';
import { moved } from '../../shared/service/billing/ledger/entry.ts';
import { idOf } from '../../shared/service/core/documents.ts';
import { idPattern } from '../../shared/service/core/ids.ts';
import { stderr, stdout } from '../../shared/terminal.ts';
import { moveAccounts } from './account-move.ts';
import { EXIT } from './exit.ts';
import { parse, requireFolder, usage, whole } from './options.ts';
import { rotateSecret } from './rotate-secret.ts';

export const ACCOUNT_HELP = `rewound account create NAME [--credits N]
rewound account key ACCOUNT [--name TEXT]
rewound account keys ACCOUNT
rewound account revoke ACCOUNT KEY
rewound account sign-in ACCOUNT
rewound account credits ACCOUNT [--grant N --id ID]
rewound account list
rewound account rotate-secret --folder FOLDER [--yes]
rewound account move DATABASE

  the accounts of a hosted service (docs/service.md), for its operator: of the deployment that REWOUND_PROJECT and
  REWOUND_ACCOUNTS_DATABASE name, or of a folder; create and key print a new key on stdout, this once; sign-in prints
  a code that the page takes in place of a key, once within 10 minutes; rotate-secret replaces the secret of the
  service that runs in a folder and ends what the former one opened, for when strangers may know it; move takes the
  accounts out of the database of the audits, where earlier versions kept them

  --credits N         credits that the new account begins with
  --name TEXT         what the key is called (default operator)
  --grant N           gives N credits; the same ID gives them once, however often it is said
  --id ID             letters, digits, dashes and underscores, such as a date or the number of an invoice
  --folder FOLDER     of a folder that "rewound serve" watches, also while it does, but for rotate-secret
  --yes               rotate-secret: do not ask`;

type Context = Pick<Platform, 'records' | 'clock'>;

const MOST_GRANTED = 1_000_000_000;

interface Options {
  readonly credits?: string | undefined;
  readonly name?: string | undefined;
  readonly grant?: string | undefined;
  readonly id?: string | undefined;
}

interface Action {
  /** What comes after its name. */
  readonly takes: readonly string[];
  readonly options?: readonly (keyof Options)[];
  run(context: Context, args: readonly string[], options: Options): Promise<void>;
}

const ACTIONS: Readonly<Record<string, Action>> = {
  create: {
    takes: ['NAME'],
    options: ['credits'],
    async run(context, [name = ''], options) {
      const called = accountChangeSchema.shape.name.safeParse(name);
      if (!called.success || !called.data) throw usage('The name of an account has 1 to 100 characters.');
      const credits = whole(options.credits, 'credits', 1, MOST_GRANTED);
      const account = await createAccount(context, called.data);
      if (credits !== undefined) await grant(context, account, { id: 'first', credits });
      stderr.line(`Account ${account}`);
      await printKey(context, account, 'first key');
    },
  },
  key: {
    takes: ['ACCOUNT'],
    options: ['name'],
    async run(context, [account = ''], { name = 'operator' }) {
      await readAccount(context, idOfAccount(account));
      await printKey(context, account, name);
    },
  },
  keys: {
    takes: ['ACCOUNT'],
    async run(context, [account = '']) {
      await readAccount(context, idOfAccount(account));
      for (const { id, name, createdAt, lastUsedAt, revokedAt, expiresAt } of await listKeys(context, account)) {
        const now = context.clock.now();
        const state = revokedAt !== null ? 'revoked' : expiresAt !== null && expiresAt <= now ? 'expired' : 'valid';
        const used = lastUsedAt === null ? 'never' : day(lastUsedAt);
        stdout.line(`${id}  ${state.padEnd(7)}  made ${day(createdAt)}  used ${used.padEnd(10)}  ${name}`);
      }
    },
  },
  revoke: {
    takes: ['ACCOUNT', 'KEY'],
    async run(context, [account = '', key = '']) {
      if (!idPattern('key').test(key)) throw usage('The id of a key is key_ and 16 letters and digits.');
      await revokeKey(context, idOfAccount(account), key);
      stderr.line('The key opens nothing any more.');
    },
  },
  'sign-in': {
    takes: ['ACCOUNT'],
    async run(context, [account = '']) {
      await readAccount(context, idOfAccount(account));
      const code = await makeCode(context, account);
      stderr.line('Type it on the page in place of a key. It works once, for 10 minutes:');
      stdout.line(code);
    },
  },
  credits: {
    takes: ['ACCOUNT'],
    options: ['grant', 'id'],
    async run(context, [account = ''], options) {
      await readAccount(context, idOfAccount(account));
      const credits = whole(options.grant, 'grant', 1, MOST_GRANTED);
      if ((credits === undefined) !== (options.id === undefined)) throw usage('--grant and --id go together.');
      if (credits !== undefined && options.id !== undefined) await grantOnce(context, account, options.id, credits);
      const { available, held, spent } = await balanceOf(context, account);
      stdout.line(`available ${available}, held ${held}, spent ${spent}`);
    },
  },
  list: {
    takes: [],
    async run(context) {
      for await (const { path } of context.records.list('accounts')) {
        const account = idOf(path);
        const { name, createdAt } = await readAccount(context, account);
        const { available, held, spent } = await balanceOf(context, account);
        stdout.line(`${account}  ${day(createdAt)}  available ${available}, held ${held}, spent ${spent}  ${name}`);
      }
    },
  },
};

/** Not one of the actions: it needs the folder for itself. */
const ROTATE = 'rotate-secret';

export async function accountCommand(args: readonly string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const { values, positionals } = parse({
    args: [...args],
    allowPositionals: true,
    options: { credits: text, name: text, grant: text, id: text, folder: text, yes: { type: 'boolean' } },
  });
  const [verb = '', ...rest] = positionals;
  const { folder, yes = false, ...options } = values;
  if (verb === ROTATE) {
    const more = [...rest, ...Object.keys(options).map((name) => `--${name}`)];
    if (more.length > 0) throw usage(`Unexpected argument "${more[0]}": ${ROTATE} takes --folder and --yes.`);
    return rotateSecret(folder, yes);
  }
  if (yes) throw usage(`${verb} takes no --yes.`);
  if (verb === 'move') return move(rest, { folder, ...options });
  const action = Object.hasOwn(ACTIONS, verb) ? ACTIONS[verb] : undefined;
  if (!action) throw usage(`What is to be done is one of ${[...Object.keys(ACTIONS), ROTATE, 'move'].join(', ')}.`);
  const { takes, options: allowed = [] } = action;
  if (rest.length !== takes.length) throw usage(`It takes this: rewound account ${[verb, ...takes].join(' ')}`);
  for (const name of ['credits', 'name', 'grant', 'id'] as const) {
    if (options[name] !== undefined && !allowed.includes(name)) throw usage(`${verb} takes no --${name}.`);
  }
  const { context, close } = folder === undefined ? openDeployment() : await openFolder(folder);
  try {
    await action.run(context, rest, options);
    return EXIT.ok;
  } finally {
    await close();
  }
}

interface Opened {
  readonly context: Context;
  close(): Promise<void> | void;
}

/** Moves the accounts of a deployment into their own database. */
async function move(rest: readonly string[], options: Readonly<Record<string, string | undefined>>): Promise<number> {
  const [databaseId] = rest;
  if (rest.length !== 1 || databaseId === undefined) throw usage('It takes this: rewound account move DATABASE');
  const given = Object.entries(options).find(([, value]) => value !== undefined);
  if (given) throw usage(`move takes no --${given[0]}.`);
  const { projectId, accountsId } = deploymentOf();
  if (databaseId === accountsId) throw usage('The accounts cannot be moved from a database into the same.');
  const audits = new Firestore({ projectId, databaseId });
  const accounts = new Firestore({ projectId, databaseId: accountsId });
  try {
    const moved = await moveAccounts(audits, accounts);
    stderr.line(`${moved} records were moved from ${databaseId} to ${accountsId}.`);
    return EXIT.ok;
  } finally {
    await Promise.all([audits.terminate(), accounts.terminate()]);
  }
}

/** Where the accounts of a deployment are, by the environment. */
function deploymentOf(): { readonly projectId: string; readonly accountsId: string } {
  const { REWOUND_PROJECT: projectId, REWOUND_ACCOUNTS_DATABASE: accountsId } = process.env;
  if (projectId && accountsId) return { projectId, accountsId };
  throw usage(
    'The environment does not say which deployment the accounts belong to.',
    'Set REWOUND_PROJECT and REWOUND_ACCOUNTS_DATABASE to what "npm run deploy" printed, or give a --folder.',
  );
}

/** The accounts of a deployment, and nothing else of it: with `roles/datastore.user` whoever runs this needs no more. */
function openDeployment(): Opened {
  const { projectId, accountsId } = deploymentOf();
  const firestore = new Firestore({ projectId, databaseId: accountsId });
  return {
    context: { records: googleRecords(firestore), clock: { now: () => Date.now() } },
    close: () => firestore.terminate(),
  };
}

/** The records of a folder, which another process may be working in. */
async function openFolder(path: string): Promise<Opened> {
  const folder = await requireFolder(path, '--folder');
  if (!existsSync(join(folder, '.rewound-state'))) {
    throw new RewoundError('NOT_FOUND', 'Nothing of Rewound is in this folder.', {
      help: 'Give the folder that "rewound serve" was started with.',
    });
  }
  const platform = openLocal({ folder, exclusive: false });
  return { context: platform, close: () => platform.close() };
}

/** Throws CONFLICT where other credits were granted by this id. */
async function grantOnce(context: Context, account: string, id: string, credits: number): Promise<void> {
  if (!/^[\w-]{1,100}$/.test(id)) throw usage('--id takes 1 to 100 letters, digits, dashes and underscores.');
  const granted = moved(await grant(context, account, { id, credits }), 'available');
  if (granted === credits) return;
  throw new RewoundError('CONFLICT', `${granted} credits were granted by this id before.`, {
    help: 'Nothing was granted now. Use an id of its own for each grant.',
  });
}

async function printKey(context: Context, account: string, name: string): Promise<void> {
  const { key, text } = await createKey(context, account, { name, scopes: SCOPES, expiresAt: null });
  stderr.line(`Key ${key.id}, for everything that the account may do. It is shown this once:`);
  stdout.line(text);
}

function idOfAccount(text: string): string {
  if (!idPattern('account').test(text)) throw usage('The id of an account is acc_ and 16 letters and digits.');
  return text;
}

function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
