/** What the page's modules share: what the API answers with, as its generated client has it, and what the shell says. */
export type {
  Account,
  AccountChange,
  Audit,
  AuditPage,
  CheckoutPage,
  CreatedAccount,
  CreatedKey,
  Delivery,
  DeliveryPage,
  Endpoint,
  EndpointChange,
  Endpoints,
  EndpointWithSecret,
  EventType,
  Key,
  Keys,
  LedgerEntry,
  LedgerPage,
  NewAudit,
  NewEndpoint,
  NewKey,
  Price,
  Progress,
  Scope,
  SignedReceipt,
  Upload as UploadPlace,
  UploadFile,
  Uploads,
  UploadsKept,
  UploadTicket,
} from '../../client/api.ts';
/** What a session is begun with: an API key, or a code that is good for one session. */
export type { Credential } from '../accounts/sessions.ts';
export type { Session } from '../http/routes/sessions.ts';

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
