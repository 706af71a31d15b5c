/** Which path each record of a tenant has. */
import { idPattern } from './ids.ts';

/**
 * Where the records of tenants lie. Each is below its account, and each path is made of the account that was
 * authenticated: what belongs to somebody else cannot even be named.
 */
export const paths = {
  account: (account: string) => `accounts/${account}`,
  keys: (account: string) => `accounts/${account}/keys`,
  key: (account: string, key: string) => `accounts/${account}/keys/${key}`,
  audits: (account: string) => `accounts/${account}/audits`,
  audit: (account: string, audit: string) => `accounts/${account}/audits/${audit}`,
  /** Answers to requests that came with an Idempotency-Key. */
  requests: (account: string) => `accounts/${account}/requests`,
  request: (account: string, digest: string) => `accounts/${account}/requests/${digest}`,
  sessions: 'sessions',
  session: (digest: string) => `sessions/${digest}`,
  signInCodes: 'signInCodes',
  signInCode: (digest: string) => `signInCodes/${digest}`,
  /** Made by the one sign-in that a code is good for. */
  signInUse: (digest: string) => `signInUses/${digest}`,
  /** The account of the machine that the service runs on. */
  operator: 'service/operator',
  receiptKeys: 'receiptKeys',
  receiptKey: (digest: string) => `receiptKeys/${digest}`,
  /** What the pipeline may know of an audit; beside the pipeline's records, not below the account. */
  admission: (account: string, audit: string) => `admissions/${account}-${audit}`,
} as const;

/** The folder in the drop area that holds what was uploaded for an audit. */
export function projectOf(account: string, audit: string): string {
  return `drop/${account}/${audit}`;
}

/** The account and the hosted audit that a project of the drop area belongs to, if it belongs to one. */
export function ownerOf(project: string): { readonly account: string; readonly audit: string } | undefined {
  const [, account = '', audit = ''] = project.split('/');
  return idPattern('account').test(account) ? { account, audit } : undefined;
}
