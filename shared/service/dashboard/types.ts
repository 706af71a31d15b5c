/** What the API answers with, from its own schemas: the page cannot take it for anything else. */
import type { z } from 'zod';
import type { newAuditSchema } from '../audits/audits.ts';
import type * as resources from '../http/resources.ts';

export type Audit = z.infer<typeof resources.auditSchema>;
export type Progress = NonNullable<Audit['progress']>;
export type Account = z.infer<typeof resources.accountSchema>;
export type Price = z.infer<typeof resources.priceSchema>;
export type Key = z.infer<typeof resources.keySchema>;
export type Scope = Key['scopes'][number];
export type LedgerEntry = z.infer<typeof resources.entrySchema>;
export type Endpoint = z.infer<typeof resources.endpointSchema>;
export type EventType = Endpoint['events'][number];
export type Delivery = z.infer<typeof resources.deliverySchema>;
export type SignedReceipt = z.infer<typeof resources.receiptSchema>;
/** What an audit is asked for with: all that has a default may be left out. */
export type NewAudit = z.input<typeof newAuditSchema>;
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}
/** What a session is begun with: an API key, or a code that is good for one session. */
export type { Credential } from '../accounts/sessions.ts';
/** Who is signed in. */
export interface Session {
  readonly account: string;
  readonly key: string;
  readonly scopes: readonly Scope[];
}
/** Whether there is a file already, or where to put it. */
export type UploadPlace = { readonly path: string } & (
  | { readonly there: true }
  | {
      readonly there: false;
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly expiresAt: string;
    }
);
/** What the shell says of the service. */
export interface ServiceInfo {
  readonly signUp: boolean;
  readonly packs: readonly { readonly pack: string; readonly credits: number; readonly cents: number }[];
}

/** A page that is shown: its title, what is in it, and what is to end when it goes. */
export interface View {
  readonly title: string;
  readonly body: Node;
  readonly leave?: () => void;
}
