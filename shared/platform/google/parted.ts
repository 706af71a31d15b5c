/** Which database a record belongs to: those of accounts have one of their own, which most functions cannot open. */
import { RewoundError } from '../../errors.ts';
import type { Records } from '../ports.ts';

/**
 * First names of the paths that hold money, keys, sessions and webhooks, and the agenda, whose entries are published as
 * they are. Firestore grants rights by database and no finer, so a function that runs strangers' models is kept from
 * them only if they are in another database than the audits.
 */
export const ACCOUNT_COLLECTIONS: readonly string[] = [
  'accounts',
  'agenda',
  'receiptKeys',
  'service',
  'sessions',
  'signInCodes',
  'signInUses',
];

/**
 * Whether a document or collection at this path belongs to the accounts.
 * @internal
 */
export function isOfAccounts(path: string): boolean {
  const [first = ''] = path.split('/', 1);
  return ACCOUNT_COLLECTIONS.includes(first);
}

/**
 * Records of two databases under one set of paths. Without the accounts' database every path of theirs is refused with
 * PLATFORM_FORBIDDEN, before anything is asked of the cloud.
 */
export function partedRecords(audits: Records, accounts: Records | undefined): Records {
  const of = (path: string): Records => {
    if (!isOfAccounts(path)) return audits;
    if (accounts) return accounts;
    throw closed();
  };
  return {
    create: async (path, ...rest) => of(path).create(path, ...rest),
    get: async (path, ...rest) => of(path).get(path, ...rest),
    replace: async (path, ...rest) => of(path).replace(path, ...rest),
    count: async (path, ...rest) => of(path).count(path, ...rest),
    async *list(path, ...rest) {
      yield* of(path).list(path, ...rest);
    },
    delete: async (path, ...rest) => of(path).delete(path, ...rest),
    async purge(...args) {
      await audits.purge(...args);
      await accounts?.purge(...args);
    },
  };
}

function closed(): RewoundError {
  return new RewoundError('PLATFORM_FORBIDDEN', 'This function cannot open the records of accounts.', {
    help: 'Only functions that run no models are given them: set REWOUND_ACCOUNTS_DATABASE where one of those lacks it (docs/deploy.md).',
  });
}
