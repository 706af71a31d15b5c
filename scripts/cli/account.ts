/** `rewound account`: the commands of an operator for the accounts of a hosted service. */
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
import { type Command, command } from './command.ts';
import { EXIT } from './exit.ts';
import { asText, asWhole, flag, optional, withDefault } from './option.ts';
import { asPath, requireFolder } from './paths.ts';
import { rotateSecret } from './rotate-secret.ts';
import { usage } from './usage.ts';

type Context = Pick<Platform, 'records' | 'clock'>;

const MOST_GRANTED = 1_000_000_000;

const FOLDER = {
  folder: optional(
    'FOLDER',
    'the accounts of a folder that "rewound serve" watches, in place of those of the deployment that REWOUND_PROJECT and REWOUND_ACCOUNTS_DATABASE name',
    asPath,
  ),
};

/** Does something with the accounts of a folder, or of the deployment where none is given. */
async function withAccounts(folder: string | undefined, use: (context: Context) => Promise<void>): Promise<number> {
  const { context, close } = folder === undefined ? openDeployment() : await openFolder(folder);
  try {
    await use(context);
    return EXIT.ok;
  } finally {
    await close();
  }
}

/** The accounts of a hosted service (docs/service.md), for its operator. */
export const ACCOUNT_COMMANDS: readonly Command[] = [
  command({
    name: 'account create',
    summary: 'Makes an account, and prints its first key on stdout, this once.',
    takes: ['NAME'],
    options: { ...FOLDER, credits: optional('N', 'credits that the account begins with', asWhole(1, MOST_GRANTED)) },
    run: ({ folder, credits }, [name = '']) =>
      withAccounts(folder, async (context) => {
        const called = accountChangeSchema.shape.name.safeParse(name);
        if (!called.success || !called.data) throw usage('The name of an account has 1 to 100 characters.');
        const account = await createAccount(context, called.data);
        if (credits !== undefined) await grant(context, account, { id: 'first', credits });
        stderr.line(`Account ${account}`);
        await printKey(context, account, 'first key');
      }),
  }),
  command({
    name: 'account key',
    summary: 'Makes a further key, and prints it on stdout, this once.',
    takes: ['ACCOUNT'],
    options: { ...FOLDER, name: withDefault('TEXT', 'what the key is called', asText, 'operator') },
    run: ({ folder, name }, [account = '']) =>
      withAccounts(folder, async (context) => {
        await readAccount(context, idOfAccount(account));
        await printKey(context, account, name);
      }),
  }),
  command({
    name: 'account keys',
    summary: 'Lists the keys of an account, and when each was used last.',
    takes: ['ACCOUNT'],
    options: FOLDER,
    run: ({ folder }, [account = '']) =>
      withAccounts(folder, async (context) => {
        await readAccount(context, idOfAccount(account));
        for (const { id, name, createdAt, lastUsedAt, revokedAt, expiresAt } of await listKeys(context, account)) {
          const now = context.clock.now();
          const state = revokedAt !== null ? 'revoked' : expiresAt !== null && expiresAt <= now ? 'expired' : 'valid';
          const used = lastUsedAt === null ? 'never' : day(lastUsedAt);
          stdout.line(`${id}  ${state.padEnd(7)}  made ${day(createdAt)}  used ${used.padEnd(10)}  ${name}`);
        }
      }),
  }),
  command({
    name: 'account revoke',
    summary: 'Revokes a key: it opens nothing any more.',
    takes: ['ACCOUNT', 'KEY'],
    options: FOLDER,
    run: ({ folder }, [account = '', key = '']) =>
      withAccounts(folder, async (context) => {
        if (!idPattern('key').test(key)) throw usage('The id of a key is key_ and 16 letters and digits.');
        await revokeKey(context, idOfAccount(account), key);
        stderr.line('The key opens nothing any more.');
      }),
  }),
  command({
    name: 'account sign-in',
    summary: 'Prints a code that the page takes in place of a key, once within 10 minutes.',
    takes: ['ACCOUNT'],
    options: FOLDER,
    run: ({ folder }, [account = '']) =>
      withAccounts(folder, async (context) => {
        await readAccount(context, idOfAccount(account));
        const code = await makeCode(context, account);
        stderr.line('Type it on the page in place of a key. It works once, for 10 minutes:');
        stdout.line(code);
      }),
  }),
  command({
    name: 'account credits',
    summary: 'Says how many credits an account has, and grants more.',
    takes: ['ACCOUNT'],
    options: {
      ...FOLDER,
      grant: optional(
        'N',
        'credits to give; the same ID gives them once, however often it is said',
        asWhole(1, MOST_GRANTED),
      ),
      id: optional('ID', 'letters, digits, dashes and underscores, such as a date or the number of an invoice', asText),
    },
    run: ({ folder, grant: credits, id }, [account = '']) =>
      withAccounts(folder, async (context) => {
        await readAccount(context, idOfAccount(account));
        if ((credits === undefined) !== (id === undefined)) throw usage('--grant and --id go together.');
        if (credits !== undefined && id !== undefined) await grantOnce(context, account, id, credits);
        const { available, held, spent } = await balanceOf(context, account);
        stdout.line(`available ${available}, held ${held}, spent ${spent}`);
      }),
  }),
  command({
    name: 'account list',
    summary: 'Lists all accounts with their credits.',
    takes: [],
    options: FOLDER,
    run: ({ folder }) =>
      withAccounts(folder, async (context) => {
        for await (const { path } of context.records.list('accounts')) {
          const account = idOf(path);
          const { name, createdAt } = await readAccount(context, account);
          const { available, held, spent } = await balanceOf(context, account);
          stdout.line(`${account}  ${day(createdAt)}  available ${available}, held ${held}, spent ${spent}  ${name}`);
        }
      }),
  }),
  command({
    name: 'account rotate-secret',
    summary:
      'Replaces the secret of the service that runs in a folder, and ends what the former one opened: for when strangers may know it.',
    takes: [],
    options: {
      folder: optional('FOLDER', 'the folder that "rewound serve" watches; it must not be running', asPath),
      yes: flag('do not ask'),
    },
    run: ({ folder, yes }) => rotateSecret(folder, yes),
  }),
  command({
    name: 'account move',
    summary:
      'Takes the accounts out of the database of the audits, where earlier versions kept them, into the one that REWOUND_ACCOUNTS_DATABASE names.',
    takes: ['DATABASE'],
    options: {},
    run: (_, [database = '']) => move(database),
  }),
];

/** Moves the accounts of a deployment into their own database. */
async function move(databaseId: string): Promise<number> {
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

interface Opened {
  readonly context: Context;
  close(): Promise<void> | void;
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
    throw new RewoundError('NOT_FOUND', 'This folder is not a Rewound work folder.', {
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
