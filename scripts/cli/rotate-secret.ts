/** `rewound account rotate-secret`: another secret for the service of a folder, and what the former one opened ends. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { asRewoundError, RewoundError } from '../../shared/errors.ts';
import { openLocal } from '../../shared/platform/local/index.ts';
import type { Platform } from '../../shared/platform/ports.ts';
import { adoptSecret } from '../../shared/service/accounts/adopt-secret.ts';
import { operatorAccount } from '../../shared/service/accounts/operator.ts';
import { endSessions } from '../../shared/service/accounts/sessions.ts';
import { idOf } from '../../shared/service/core/documents.ts';
import { noteReceiptKey, receiptKeyOf } from '../../shared/service/core/receipt-keys.ts';
import type { Secret } from '../../shared/service/core/secret.ts';
import { listEndpoints } from '../../shared/service/webhooks/endpoints.ts';
import { stderr } from '../../shared/terminal.ts';
import { agreed } from './agreed.ts';
import { EXIT } from './exit.ts';
import { requireFolder } from './paths.ts';
import { SECRET_EFFECTS } from './secret-effects.ts';
import { readSecret, replaceSecret } from './service-secret.ts';
import { usage } from './usage.ts';

/**
 * Replaces the secret of a folder that no service works in. Each step can be done again, and a start of the service
 * finishes what is missing after the new secret is in its place: so a process may be killed at any of them.
 */
export async function rotateSecret(path: string | undefined, yes: boolean): Promise<number> {
  if (path === undefined) {
    throw usage(
      'The folder is missing.',
      'Give --folder FOLDER. The secret of a deployment is replaced by "npm run deploy -- --project ID --rotate-secret".',
    );
  }
  if (process.env.REWOUND_SECRET) {
    throw usage(
      'The secret of this service comes from REWOUND_SECRET, which this command cannot change.',
      'Start "rewound serve" with another value ("openssl rand -base64 32"): the start does the rest.',
    );
  }
  const folder = await requireFolder(path, '--folder');
  if (!existsSync(join(folder, '.rewound-state'))) {
    throw new RewoundError('NOT_FOUND', 'This folder is not a Rewound work folder.', {
      help: 'Give the folder that "rewound serve" was started with.',
    });
  }
  // A service that goes on would keep the former secret, and sign with it.
  const platform = openLocal({ folder });
  try {
    const former = formerSecret(folder);
    stderr.page(await overview(platform, folder));
    if (!yes && !(await agreed('rotate'))) {
      stderr.line('Nothing was changed.');
      return EXIT.usage;
    }
    await replace(platform, folder, former);
    stderr.line('The service has another secret. Start "rewound serve" again, and sign in with its link.');
    return EXIT.ok;
  } finally {
    platform.close();
  }
}

async function replace(platform: Platform, folder: string, former: Secret | undefined): Promise<void> {
  if (former) {
    // Whose account the machine's is, and what its receipts verify with, cannot be told without the former secret.
    await operatorAccount(platform, former);
    await noteReceiptKey(platform, receiptKeyOf(former));
  }
  await endSessions(platform);
  const secret = replaceSecret(folder);
  await operatorAccount(platform, secret);
  await adoptSecret(platform, secret);
}

/** The secret until now; one that cannot be read is no reason not to replace it. */
function formerSecret(folder: string): Secret | undefined {
  try {
    return readSecret(folder);
  } catch (error) {
    if (asRewoundError(error).code === 'USAGE') return undefined;
    throw error;
  }
}

/** What is about to change, with the accounts that have to do something. */
async function overview({ records }: Platform, folder: string): Promise<string> {
  const lines: string[] = [];
  for await (const { path } of records.list('accounts')) {
    const count = (await listEndpoints({ records }, idOf(path))).length;
    if (count > 0) lines.push(`  ${idOf(path)}: ${count === 1 ? 'one webhook' : `${count} webhooks`}`);
  }
  return `This gives the service of ${folder} another secret.

${SECRET_EFFECTS}
  sessions of the page          end: everybody signs in again
  upload addresses              end: uploads that are under way ask for new ones, by giving the files again
  API keys of this machine      are revoked, as are those made with them: make new ones with "rewound account key".
                                Look at this account's webhooks and audits too: a stranger who knew the secret could
                                make some
  API keys of other accounts    stay: they are random, and only their digests are kept

${lines.length === 0 ? 'No account has a webhook.' : `Accounts whose receivers need the new secrets:\n${lines.join('\n')}`}
`;
}
