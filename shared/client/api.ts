// Written by "npm run client" from the document of the API, /v1/openapi.json. Change that instead.
import { type CallOptions, type ClientOptions, Http, type OnceOptions, type Operation } from './http.ts';
import type { Shape } from './shape.ts';

export type Health = {
  readonly status: 'ok';
};

export type ReceiptKey = {
  readonly algorithm: 'ed25519';
  /** The 32 bytes of the key, base64. */
  readonly publicKey: string;
  /** Keys that signed before the secret of the service was replaced. */
  readonly former: readonly {
    /** The 32 bytes of the key, base64. */
    readonly publicKey: string;
    /** When another key took its place. */
    readonly until: string;
  }[];
};

/** audits:read: quotes, audits and reports. audits:write: create, upload, start, cancel, erase. webhooks: endpoints and messages. billing: buying credits. account: changing the account. keys: making and revoking keys. */
export type Scope = 'audits:read' | 'audits:write' | 'webhooks' | 'billing' | 'account' | 'keys';

export type CreatedAccount = {
  readonly account: Account;
  readonly key: Key;
  /** The key itself, to be sent as "Authorization: Bearer ...". Shown this once. */
  readonly text: string;
};

export type Account = {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
  readonly retention: Retention;
  /** The event credits.low says when fewer than these are available. */
  readonly lowCredits: number;
  readonly credits: Credits;
  /** Whether credits cost nothing here, and are granted as they are needed. */
  readonly free: boolean;
};

export type Retention = {
  readonly uploads: UploadsKept;
  /** Days after an audit's end that what it worked with is kept. */
  readonly workDays: number;
  /** Days after an audit's end that its report is kept; then nothing is left of it. */
  readonly reportDays: number;
};

/** How long uploaded files and their embeddings are kept. end: until the audit has ended. report: as long as its report. */
export type UploadsKept = 'end' | 'report';

export type Credits = {
  /** For new audits. */
  readonly available: number;
  /** Set aside for audits that run. */
  readonly held: number;
  /** Charged so far. */
  readonly spent: number;
};

export type Key = {
  readonly id: string;
  /** What its owner calls it. */
  readonly name: string;
  /** What it may do. */
  readonly scopes: readonly Scope[];
  readonly createdAt: string;
  /** When it ends by itself; null: when it is revoked. */
  readonly expiresAt: string | null;
  /** Since when it opens nothing. */
  readonly revokedAt: string | null;
  /** To the hour. */
  readonly lastUsedAt: string | null;
};

export type NewAccount = {
  readonly name: string;
};

export type AccountChange = {
  readonly name?: string | undefined;
  readonly retention?:
    | {
        readonly uploads?: UploadsKept | undefined;
        /** Days after an audit's end that what it worked with is kept. */
        readonly workDays?: number | undefined;
        /** Days after an audit's end that its report is kept; then nothing is left of it. */
        readonly reportDays?: number | undefined;
      }
    | undefined;
  /** credits.low is announced when fewer are available. */
  readonly lowCredits?: number | undefined;
};

export type Keys = {
  readonly items: readonly Key[];
};

export type CreatedKey = {
  readonly key: Key;
  /** The key itself, to be sent as "Authorization: Bearer ...". Shown this once. */
  readonly text: string;
};

export type NewKey = {
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** When it ends by itself: no later than the key that makes it. Without, it ends with that key; if that one does not end, when it is revoked. */
  readonly expiresAt?: string | undefined;
};

export type Price = {
  /** All of it. A credit is a US cent at the price of the smallest pack. */
  readonly credits: number;
  /** What it consists of; they sum to `credits`. */
  readonly items: readonly {
    readonly what: string;
    /** Below 0 for what is taken off. */
    readonly credits: number;
  }[];
};

export type NewAudit = {
  /** What the owner calls it. Not the name of a person: it stands in messages. */
  readonly label?: string | undefined;
  readonly attestation: Attestation;
  /** Photos that will be uploaded, of members, controls and placebo together; 0 for embeddings. */
  readonly photos: number;
  /** Which file below checkpoints/ is the checkpoint. Needed only where another could be taken for it, such as weights that a model keeps in a file of their own. */
  readonly checkpoint?: string | undefined;
  /** Milliseconds a sample takes on an NVIDIA L4, with all recognizers, where known; 40 where not. */
  readonly msPerSample?: number | undefined;
  /** Whether people stand in the report as their folders are called. Without, each stands under a pseudonym. */
  readonly names?: boolean | undefined;
  readonly settings?: NewAuditSettings | undefined;
};

/** Who says that this audit may be made of these people. owner: whoever may lawfully use the training photos for it. regulator: an authority that tests a generator of somebody else's. */
export type Attestation = 'owner' | 'regulator';

export type NewAuditSettings = {
  /** Samples to generate and search. */
  readonly samples?: number | undefined;
  /** Samples on which named people are confirmed, after all others; a fifth of `samples`, 2,000 to 10,000, by default. */
  readonly fresh?: number | undefined;
  /** Seed of the first sample; also fixes every random choice of the statistics. */
  readonly seed?: number | undefined;
  /** Nearest faces kept for each sample. */
  readonly k?: number | undefined;
  /** Samples generated at once. Arithmetic may depend on it. */
  readonly batch?: number | undefined;
  /** Cards of recognizers of your own, such as `recognizer/arcface.json`, or `built-in`, which is also the default. Each judges. */
  readonly recognizer?: string | readonly string[] | undefined;
  readonly card?: CheckpointCard | undefined;
  /** Whether the audit goes on where fewer than half of the first samples show a face. It ends as INVALID all the same. */
  readonly allowFaceless?: true | undefined;
  /** Whether the report holds pictures of samples and of the photos they match. */
  readonly pictures?: boolean | undefined;
};

/** What the checkpoint does not say of itself. Overrides the card that was uploaded beside it. */
export type CheckpointCard = {
  readonly latent?:
    | {
        /** Name of the latent input, where the model has several. */
        readonly input?: string | undefined;
        /** Length of the latent, where the model leaves it open. */
        readonly size?: number | undefined;
        readonly distribution?: 'normal' | 'uniform' | undefined;
        readonly low?: number | undefined;
        readonly high?: number | undefined;
      }
    | undefined;
  readonly image?:
    | {
        /** Name of the image output, where the model has several. */
        readonly output?: string | undefined;
        /** Values of black and of white. */
        readonly range?: readonly [number, number] | undefined;
        readonly layout?: 'NCHW' | 'NHWC' | undefined;
      }
    | undefined;
  readonly classes?:
    | {
        /** Name of the class input. */
        readonly input?: string | undefined;
        readonly count?: number | undefined;
        readonly encoding?: 'onehot' | 'index' | undefined;
        /** The classes to draw, by turns; without them, all. */
        readonly labels?: readonly number[] | undefined;
      }
    | undefined;
  /** Truncation psi, for models that take it as an input. */
  readonly psi?: number | undefined;
  /** Truncation reaches only this many of the first layers. */
  readonly cutoff?: number | undefined;
  /** Noise of StyleGAN2: the one stored in the checkpoint, none, or drawn once from a seed. */
  readonly noise?:
    | 'const'
    | 'none'
    | {
        readonly seed: number;
      }
    | undefined;
  /** Which generator, where the checkpoint holds several. */
  readonly network?: string | undefined;
};

export type Audit = {
  readonly id: string;
  /** What its owner calls it. */
  readonly label: string | null;
  /** CREATED: files may be uploaded. RECEIVED: started, and being read. ENROLLING, PROBING, MERGING, CONFIRMING: at work. ENDING: has ended, and is being settled. Final are DONE: there is a report. REJECTED: what was uploaded cannot be audited. FAILED: by our fault. CANCELLED: by its owner. EXPIRED: not started within a day, or not ended within a week. */
  readonly state:
    | 'CREATED'
    | 'RECEIVED'
    | 'ENROLLING'
    | 'PROBING'
    | 'MERGING'
    | 'CONFIRMING'
    | 'ENDING'
    | 'DONE'
    | 'REJECTED'
    | 'FAILED'
    | 'CANCELLED'
    | 'EXPIRED';
  readonly attestation: Attestation;
  readonly settings: AuditSettings;
  /** Photos that were announced and quoted. */
  readonly photos: number;
  /** Whether people stand in the report by the names of their folders. */
  readonly names: boolean;
  /** Translates the pseudonyms of the report back: p- and the first 12 hexadecimal digits of HMAC-SHA256, under these 32 bytes, of members/NAME or controls/NAME. Null where people stand by name. */
  readonly pseudonymKey: string | null;
  readonly quote: Price;
  /** Credits that were charged; null before the end. */
  readonly charged: number | null;
  readonly createdAt: string;
  /** Null before it was started. */
  readonly startedAt: string | null;
  /** Null before it has ended. */
  readonly endedAt: string | null;
  /** Null before it is planned and after its end. */
  readonly progress: Progress | null;
  /** How the photos of each side were read, and the pictures that take the place of a generator, if there are any; null before it is planned. Names no file and no person. */
  readonly read: {
    readonly members: SideRead | null;
    readonly controls: SideRead | null;
    readonly pictures: SetRead | null;
  } | null;
  /** Null where there is no report. LEAKAGE: members are found more often than controls, or somebody is named and confirmed. NOT_DETECTED: neither, which is no proof of safety. RESEMBLANCE_ONLY: there are no controls, so no claim. INVALID: a condition of a sound result failed. */
  readonly verdict: 'LEAKAGE' | 'NOT_DETECTED' | 'RESEMBLANCE_ONLY' | 'INVALID' | null;
  /** Why it ended without a report; else null. */
  readonly error: AuditError | null;
  /** When everything of it will be erased; null before its end. */
  readonly erasedAt: string | null;
};

export type AuditSettings = {
  /** Samples to generate and search. */
  readonly samples: number;
  /** Samples on which named people are confirmed, after all others; a fifth of `samples`, 2,000 to 10,000, by default. */
  readonly fresh?: number | undefined;
  /** Seed of the first sample; also fixes every random choice of the statistics. */
  readonly seed: number;
  /** Nearest faces kept for each sample. */
  readonly k: number;
  /** Samples generated at once. Arithmetic may depend on it. */
  readonly batch: number;
  /** Cards of recognizers of your own, such as `recognizer/arcface.json`, or `built-in`, which is also the default. Each judges. */
  readonly recognizer?: string | readonly string[] | undefined;
  readonly card?: CheckpointCard | undefined;
  /** Whether the audit goes on where fewer than half of the first samples show a face. It ends as INVALID all the same. */
  readonly allowFaceless?: true | undefined;
  /** Whether the report holds pictures of samples and of the photos they match. */
  readonly pictures: boolean;
};

export type Progress = {
  /** Stages in their order. */
  readonly stages: readonly StageProgress[];
  /** Samples made and searched so far, of all stages. */
  readonly samples: {
    readonly done: number;
    readonly of: number;
  };
  /** Samples a second since the present stage began; null where none is at work or nothing is done yet. */
  readonly facesPerSecond: number | null;
  /** Of the present stage of samples, at this speed. */
  readonly secondsLeft: number | null;
};

export type StageProgress = {
  /** enrol: photos are embedded. probe: samples are made and searched. confirm: the same again, for whoever is named. */
  readonly stage: 'enrol' | 'probe' | 'confirm';
  /** Shards that are done. */
  readonly done: number;
  /** Shards it is cut into. */
  readonly shards: number;
};

export type SideRead = {
  /** People that labels, tables or folders name; 0 where nothing does. */
  readonly people: number;
  readonly photos: number;
  /** How many people and photos there are, and how it was told who is in them. */
  readonly summary: string;
  /** What was passed over, and why; null where nothing was. */
  readonly passedOver: string | null;
};

export type SetRead = {
  /** Pictures in the set. */
  readonly pictures: number;
  readonly summary: string;
  /** What was passed over, and why. */
  readonly passedOver: string | null;
};

export type AuditError = {
  /** As in problem documents. */
  readonly code: string;
  /** What is wrong. */
  readonly message: string;
  /** What to do about it. */
  readonly help: string;
};

export type AuditPage = {
  readonly items: readonly Audit[];
  /** Give it as `after` for the next page; null on the last. */
  readonly next: string | null;
};

export type Uploads = {
  readonly uploads: readonly Upload[];
};

export type Upload = UploadThere | UploadTicket;

export type UploadThere = {
  readonly path: string;
  readonly there: true;
};

export type UploadTicket = {
  readonly path: string;
  readonly there: false;
  readonly method: 'PUT';
  /** Takes this file, once. It is a secret: whoever has it can upload. */
  readonly url: string;
  /** To be sent as they are, besides Content-Length. */
  readonly headers: Readonly<Record<string, string>>;
  /** Until when it takes the file; afterwards ask again. */
  readonly expiresAt: string;
};

export type UploadRequest = {
  readonly files: readonly UploadFile[];
};

export type UploadFile = {
  /** Below the audit: members/, controls/ or placebo/ with PERSON/PHOTO, recognizer/FILE, or checkpoints/FILE. It can be a pseudonym of your own. */
  readonly path: string;
  /** Bytes, exactly. A photo has at most 64 MiB, a .json file 1 MiB, embeddings and their labels 4 GiB, anything else 16 GiB. */
  readonly size: number;
};

export type SignedReceipt = {
  /** JSON as text: what was signed is these bytes. It holds the audit, erasedAt, the objects erased with their sizes, and the records. */
  readonly receipt: string;
  /** ed25519 over the receipt, base64. */
  readonly signature: string;
  /** The service's key for receipts, base64; the same as at /v1/receipt-key. */
  readonly publicKey: string;
};

export type LedgerPage = {
  readonly items: readonly LedgerEntry[];
  /** Give it as `after` for the next page; null on the last. */
  readonly next: string | null;
};

export type LedgerEntry = {
  /** Its number among the entries of the account, from 1 on. */
  readonly seq: number;
  /** purchase: credits were bought. grant: credits were given. hold: an audit was started. capture: an audit was charged, the rest of its hold released. release: an audit cost nothing. */
  readonly kind: 'purchase' | 'grant' | 'hold' | 'capture' | 'release';
  readonly at: string;
  /** The audit it is for, where it is for one. */
  readonly audit: string | null;
  /** What was moved between the books of the account; sums to 0. */
  readonly postings: readonly {
    /** The book. */
    readonly account: 'available' | 'held' | 'spent' | 'purchased' | 'granted';
    /** Put in, or taken out if below 0. */
    readonly credits: number;
  }[];
  /** Available credits afterwards. */
  readonly available: number;
  /** Held credits afterwards. */
  readonly held: number;
};

export type CheckoutPage = {
  /** A page of Stripe. */
  readonly url: string;
};

export type Checkout = {
  /** 1,000 credits, 5,000 or 20,000. */
  readonly pack: 'small' | 'medium' | 'large';
};

export type Endpoints = {
  readonly items: readonly Endpoint[];
};

export type Endpoint = {
  readonly id: string;
  readonly url: string;
  /** What it is told of. */
  readonly events: readonly EventType[];
  /** The owner's own words. */
  readonly description: string;
  readonly createdAt: string;
  /** Since when nothing is sent to it. */
  readonly disabledAt: string | null;
  /** owner: disabled by hand. gone: it answered 410. failing: it failed for days. */
  readonly disabledReason: 'owner' | 'gone' | 'failing' | null;
  /** When its secret was last replaced; the former one signs for a day more. */
  readonly rotatedAt: string | null;
  /** Verifies ed25519 signatures (v1a) of this endpoint's messages. */
  readonly publicKey: string;
};

/** audit.planned: it was read and measured, and work begins. audit.finished: there is a report. audit.failed: it ended without one. credits.low: the balance fell below the threshold. */
export type EventType = 'audit.planned' | 'audit.finished' | 'audit.failed' | 'credits.low';

export type EndpointWithSecret = {
  readonly endpoint: Endpoint;
  /** Verifies HMAC signatures (v1) of its messages, as Standard Webhooks says. */
  readonly secret: string;
};

export type NewEndpoint = {
  /** Where messages are posted to: https, at a public address. */
  readonly url: string;
  /** What it is told of. */
  readonly events: readonly EventType[];
  /** The owner's own words. */
  readonly description?: string | undefined;
};

export type EndpointChange = {
  /** Where messages are posted to: https, at a public address. */
  readonly url?: string | undefined;
  /** What it is told of. */
  readonly events?: readonly EventType[] | undefined;
  readonly description?: string | undefined;
  /** false: nothing is sent to it any more. true: it starts anew, whatever disabled it. */
  readonly enabled?: boolean | undefined;
};

export type DeliveryPage = {
  readonly items: readonly Delivery[];
  /** Give it as `after` for the next page; null on the last. */
  readonly next: string | null;
};

export type Delivery = {
  /** The webhook-id of the message, the same at each attempt. */
  readonly id: string;
  readonly endpoint: string;
  readonly type: EventType;
  /** When it happened. */
  readonly at: string;
  readonly state: 'pending' | 'delivered' | 'failed';
  /** Why it failed: after the last attempt, or because the endpoint answered 410, was disabled or was deleted. */
  readonly failure: 'exhausted' | 'gone' | 'disabled' | 'deleted' | null;
  readonly attempts: number;
  /** When it is tried next; null once it has ended. */
  readonly nextAt: string | null;
  /** The attempts so far. */
  readonly history: readonly DeliveryAttempt[];
  /** The body that is sent, JSON as text. */
  readonly payload: string;
};

export type DeliveryAttempt = {
  readonly at: string;
  /** What the endpoint answered; null if it did not. */
  readonly status: number | null;
  /** What went wrong; null if nothing did. */
  readonly reason: string | null;
};

/** What answers look like. */
const SHAPES: Readonly<Record<string, Shape>> = {
  Health: { fields: { status: { enum: ['ok'] } }, optional: [] },
  ReceiptKey: {
    fields: {
      algorithm: { enum: ['ed25519'] },
      publicKey: 'string',
      former: { list: { fields: { publicKey: 'string', until: 'string' }, optional: [] } },
    },
    optional: [],
  },
  Scope: { enum: ['audits:read', 'audits:write', 'webhooks', 'billing', 'account', 'keys'] },
  CreatedAccount: { fields: { account: { ref: 'Account' }, key: { ref: 'Key' }, text: 'string' }, optional: [] },
  Account: {
    fields: {
      id: 'string',
      name: 'string',
      createdAt: 'string',
      retention: { ref: 'Retention' },
      lowCredits: 'integer',
      credits: { ref: 'Credits' },
      free: 'boolean',
    },
    optional: [],
  },
  Retention: { fields: { uploads: { ref: 'UploadsKept' }, workDays: 'integer', reportDays: 'integer' }, optional: [] },
  UploadsKept: { enum: ['end', 'report'] },
  Credits: { fields: { available: 'integer', held: 'integer', spent: 'integer' }, optional: [] },
  Key: {
    fields: {
      id: 'string',
      name: 'string',
      scopes: { list: { ref: 'Scope' } },
      createdAt: 'string',
      expiresAt: { any: ['string', 'null'] },
      revokedAt: { any: ['string', 'null'] },
      lastUsedAt: { any: ['string', 'null'] },
    },
    optional: [],
  },
  Keys: { fields: { items: { list: { ref: 'Key' } } }, optional: [] },
  CreatedKey: { fields: { key: { ref: 'Key' }, text: 'string' }, optional: [] },
  Price: {
    fields: { credits: 'integer', items: { list: { fields: { what: 'string', credits: 'integer' }, optional: [] } } },
    optional: [],
  },
  Attestation: { enum: ['owner', 'regulator'] },
  CheckpointCard: {
    fields: {
      latent: {
        fields: {
          input: 'string',
          size: 'integer',
          distribution: { enum: ['normal', 'uniform'] },
          low: 'number',
          high: 'number',
        },
        optional: ['input', 'size', 'distribution', 'low', 'high'],
      },
      image: {
        fields: { output: 'string', range: { tuple: ['number', 'number'] }, layout: { enum: ['NCHW', 'NHWC'] } },
        optional: ['output', 'range', 'layout'],
      },
      classes: {
        fields: {
          input: 'string',
          count: 'integer',
          encoding: { enum: ['onehot', 'index'] },
          labels: { list: 'integer' },
        },
        optional: ['input', 'count', 'encoding', 'labels'],
      },
      psi: 'number',
      cutoff: 'integer',
      noise: { any: [{ enum: ['const', 'none'] }, { fields: { seed: 'integer' }, optional: [] }] },
      network: 'string',
    },
    optional: ['latent', 'image', 'classes', 'psi', 'cutoff', 'noise', 'network'],
  },
  Audit: {
    fields: {
      id: 'string',
      label: { any: ['string', 'null'] },
      state: {
        enum: [
          'CREATED',
          'RECEIVED',
          'ENROLLING',
          'PROBING',
          'MERGING',
          'CONFIRMING',
          'ENDING',
          'DONE',
          'REJECTED',
          'FAILED',
          'CANCELLED',
          'EXPIRED',
        ],
      },
      attestation: { ref: 'Attestation' },
      settings: { ref: 'AuditSettings' },
      photos: 'integer',
      names: 'boolean',
      pseudonymKey: { any: ['string', 'null'] },
      quote: { ref: 'Price' },
      charged: { any: ['integer', 'null'] },
      createdAt: 'string',
      startedAt: { any: ['string', 'null'] },
      endedAt: { any: ['string', 'null'] },
      progress: { any: [{ ref: 'Progress' }, 'null'] },
      read: {
        any: [
          {
            fields: {
              members: { any: [{ ref: 'SideRead' }, 'null'] },
              controls: { any: [{ ref: 'SideRead' }, 'null'] },
              pictures: { any: [{ ref: 'SetRead' }, 'null'] },
            },
            optional: [],
          },
          'null',
        ],
      },
      verdict: { enum: ['LEAKAGE', 'NOT_DETECTED', 'RESEMBLANCE_ONLY', 'INVALID', null] },
      error: { any: [{ ref: 'AuditError' }, 'null'] },
      erasedAt: { any: ['string', 'null'] },
    },
    optional: [],
  },
  AuditSettings: {
    fields: {
      samples: 'integer',
      fresh: 'integer',
      seed: 'integer',
      k: 'integer',
      batch: 'integer',
      recognizer: { any: ['string', { list: 'string' }] },
      card: { ref: 'CheckpointCard' },
      allowFaceless: { enum: [true] },
      pictures: 'boolean',
    },
    optional: ['fresh', 'recognizer', 'card', 'allowFaceless'],
  },
  Progress: {
    fields: {
      stages: { list: { ref: 'StageProgress' } },
      samples: { fields: { done: 'integer', of: 'integer' }, optional: [] },
      facesPerSecond: { any: ['number', 'null'] },
      secondsLeft: { any: ['number', 'null'] },
    },
    optional: [],
  },
  StageProgress: {
    fields: { stage: { enum: ['enrol', 'probe', 'confirm'] }, done: 'integer', shards: 'integer' },
    optional: [],
  },
  SideRead: {
    fields: { people: 'integer', photos: 'integer', summary: 'string', passedOver: { any: ['string', 'null'] } },
    optional: [],
  },
  SetRead: {
    fields: { pictures: 'integer', summary: 'string', passedOver: { any: ['string', 'null'] } },
    optional: [],
  },
  AuditError: { fields: { code: 'string', message: 'string', help: 'string' }, optional: [] },
  AuditPage: { fields: { items: { list: { ref: 'Audit' } }, next: { any: ['string', 'null'] } }, optional: [] },
  Uploads: { fields: { uploads: { list: { ref: 'Upload' } } }, optional: [] },
  Upload: { any: [{ ref: 'UploadThere' }, { ref: 'UploadTicket' }] },
  UploadThere: { fields: { path: 'string', there: { enum: [true] } }, optional: [] },
  UploadTicket: {
    fields: {
      path: 'string',
      there: { enum: [false] },
      method: { enum: ['PUT'] },
      url: 'string',
      headers: { map: 'string' },
      expiresAt: 'string',
    },
    optional: [],
  },
  SignedReceipt: { fields: { receipt: 'string', signature: 'string', publicKey: 'string' }, optional: [] },
  LedgerPage: { fields: { items: { list: { ref: 'LedgerEntry' } }, next: { any: ['string', 'null'] } }, optional: [] },
  LedgerEntry: {
    fields: {
      seq: 'integer',
      kind: { enum: ['purchase', 'grant', 'hold', 'capture', 'release'] },
      at: 'string',
      audit: { any: ['string', 'null'] },
      postings: {
        list: {
          fields: { account: { enum: ['available', 'held', 'spent', 'purchased', 'granted'] }, credits: 'integer' },
          optional: [],
        },
      },
      available: 'integer',
      held: 'integer',
    },
    optional: [],
  },
  CheckoutPage: { fields: { url: 'string' }, optional: [] },
  Endpoints: { fields: { items: { list: { ref: 'Endpoint' } } }, optional: [] },
  Endpoint: {
    fields: {
      id: 'string',
      url: 'string',
      events: { list: { ref: 'EventType' } },
      description: 'string',
      createdAt: 'string',
      disabledAt: { any: ['string', 'null'] },
      disabledReason: { enum: ['owner', 'gone', 'failing', null] },
      rotatedAt: { any: ['string', 'null'] },
      publicKey: 'string',
    },
    optional: [],
  },
  EventType: { enum: ['audit.planned', 'audit.finished', 'audit.failed', 'credits.low'] },
  EndpointWithSecret: { fields: { endpoint: { ref: 'Endpoint' }, secret: 'string' }, optional: [] },
  DeliveryPage: { fields: { items: { list: { ref: 'Delivery' } }, next: { any: ['string', 'null'] } }, optional: [] },
  Delivery: {
    fields: {
      id: 'string',
      endpoint: 'string',
      type: { ref: 'EventType' },
      at: 'string',
      state: { enum: ['pending', 'delivered', 'failed'] },
      failure: { enum: ['exhausted', 'gone', 'disabled', 'deleted', null] },
      attempts: 'integer',
      nextAt: { any: ['string', 'null'] },
      history: { list: { ref: 'DeliveryAttempt' } },
      payload: 'string',
    },
    optional: [],
  },
  DeliveryAttempt: {
    fields: { at: 'string', status: { any: ['integer', 'null'] }, reason: { any: ['string', 'null'] } },
    optional: [],
  },
};

const GET_HEALTH: Operation<Health> = {
  method: 'GET',
  path: '/v1/health',
  once: false,
  repeatable: true,
  answer: { ref: 'Health' },
};
const GET_RECEIPT_KEY: Operation<ReceiptKey> = {
  method: 'GET',
  path: '/v1/receipt-key',
  once: false,
  repeatable: true,
  answer: { ref: 'ReceiptKey' },
};
const CREATE_ACCOUNT: Operation<CreatedAccount> = {
  method: 'POST',
  path: '/v1/accounts',
  once: false,
  repeatable: false,
  answer: { ref: 'CreatedAccount' },
};
const GET_ACCOUNT: Operation<Account> = {
  method: 'GET',
  path: '/v1/account',
  once: false,
  repeatable: true,
  answer: { ref: 'Account' },
};
const CHANGE_ACCOUNT: Operation<Account> = {
  method: 'PATCH',
  path: '/v1/account',
  once: false,
  repeatable: false,
  answer: { ref: 'Account' },
};
const LIST_KEYS: Operation<Keys> = {
  method: 'GET',
  path: '/v1/keys',
  once: false,
  repeatable: true,
  answer: { ref: 'Keys' },
};
const CREATE_KEY: Operation<CreatedKey> = {
  method: 'POST',
  path: '/v1/keys',
  once: false,
  repeatable: false,
  answer: { ref: 'CreatedKey' },
};
const REVOKE_KEY: Operation<Key> = {
  method: 'DELETE',
  path: '/v1/keys/{key}',
  once: false,
  repeatable: true,
  answer: { ref: 'Key' },
};
const QUOTE_AUDIT: Operation<Price> = {
  method: 'POST',
  path: '/v1/quotes',
  once: false,
  repeatable: true,
  answer: { ref: 'Price' },
};
const CREATE_AUDIT: Operation<Audit> = {
  method: 'POST',
  path: '/v1/audits',
  once: true,
  repeatable: true,
  answer: { ref: 'Audit' },
};
const LIST_AUDITS: Operation<AuditPage> = {
  method: 'GET',
  path: '/v1/audits',
  once: false,
  repeatable: true,
  answer: { ref: 'AuditPage' },
};
const GET_AUDIT: Operation<Audit> = {
  method: 'GET',
  path: '/v1/audits/{audit}',
  once: false,
  repeatable: true,
  answer: { ref: 'Audit' },
};
const DELETE_AUDIT: Operation<SignedReceipt> = {
  method: 'DELETE',
  path: '/v1/audits/{audit}',
  once: false,
  repeatable: true,
  answer: { ref: 'SignedReceipt' },
};
const UPLOAD_FILES: Operation<Uploads> = {
  method: 'POST',
  path: '/v1/audits/{audit}/uploads',
  once: false,
  repeatable: true,
  answer: { ref: 'Uploads' },
};
const START_AUDIT: Operation<Audit> = {
  method: 'POST',
  path: '/v1/audits/{audit}/start',
  once: true,
  repeatable: true,
  answer: { ref: 'Audit' },
};
const CANCEL_AUDIT: Operation<Audit> = {
  method: 'POST',
  path: '/v1/audits/{audit}/cancel',
  once: true,
  repeatable: true,
  answer: { ref: 'Audit' },
};
const GET_REPORT: Operation<unknown> = {
  method: 'GET',
  path: '/v1/audits/{audit}/report/{file}',
  once: false,
  repeatable: true,
  answer: null,
};
const WATCH_AUDIT: Operation<Audit> = {
  method: 'GET',
  path: '/v1/audits/{audit}/events',
  once: false,
  repeatable: true,
  answer: { ref: 'Audit' },
};
const LIST_LEDGER: Operation<LedgerPage> = {
  method: 'GET',
  path: '/v1/ledger',
  once: false,
  repeatable: true,
  answer: { ref: 'LedgerPage' },
};
const CREATE_CHECKOUT: Operation<CheckoutPage> = {
  method: 'POST',
  path: '/v1/checkouts',
  once: true,
  repeatable: true,
  answer: { ref: 'CheckoutPage' },
};
const LIST_ENDPOINTS: Operation<Endpoints> = {
  method: 'GET',
  path: '/v1/webhooks',
  once: false,
  repeatable: true,
  answer: { ref: 'Endpoints' },
};
const CREATE_ENDPOINT: Operation<EndpointWithSecret> = {
  method: 'POST',
  path: '/v1/webhooks',
  once: false,
  repeatable: false,
  answer: { ref: 'EndpointWithSecret' },
};
const GET_ENDPOINT: Operation<EndpointWithSecret> = {
  method: 'GET',
  path: '/v1/webhooks/{endpoint}',
  once: false,
  repeatable: true,
  answer: { ref: 'EndpointWithSecret' },
};
const CHANGE_ENDPOINT: Operation<Endpoint> = {
  method: 'PATCH',
  path: '/v1/webhooks/{endpoint}',
  once: false,
  repeatable: false,
  answer: { ref: 'Endpoint' },
};
const DELETE_ENDPOINT: Operation<void> = {
  method: 'DELETE',
  path: '/v1/webhooks/{endpoint}',
  once: false,
  repeatable: true,
  answer: null,
};
const ROTATE_SECRET: Operation<EndpointWithSecret> = {
  method: 'POST',
  path: '/v1/webhooks/{endpoint}/rotate',
  once: false,
  repeatable: false,
  answer: { ref: 'EndpointWithSecret' },
};
const LIST_DELIVERIES: Operation<DeliveryPage> = {
  method: 'GET',
  path: '/v1/deliveries',
  once: false,
  repeatable: true,
  answer: { ref: 'DeliveryPage' },
};
const GET_DELIVERY: Operation<Delivery> = {
  method: 'GET',
  path: '/v1/deliveries/{delivery}',
  once: false,
  repeatable: true,
  answer: { ref: 'Delivery' },
};
const REPLAY_DELIVERY: Operation<Delivery> = {
  method: 'POST',
  path: '/v1/deliveries/{delivery}/replay',
  once: false,
  repeatable: false,
  answer: { ref: 'Delivery' },
};

/** The API, one method for each of its operations. */
export class RewoundClient {
  readonly #http: Http;

  constructor(options: ClientOptions) {
    this.#http = new Http(options, SHAPES);
  }

  /** Whether the service answers */
  getHealth(options: CallOptions = {}): Promise<Health> {
    return this.#http.call(GET_HEALTH, {}, options);
  }

  /** The public keys that receipts are and were signed with */
  getReceiptKey(options: CallOptions = {}): Promise<ReceiptKey> {
    return this.#http.call(GET_RECEIPT_KEY, {}, options);
  }

  /** Make an account. With its first key, which may do everything and is shown this once. Closed on services whose operator makes the accounts. Five an hour from one address. */
  createAccount(body: NewAccount, options: CallOptions = {}): Promise<CreatedAccount> {
    return this.#http.call(CREATE_ACCOUNT, { body }, options);
  }

  /** The account and its credits */
  getAccount(options: CallOptions = {}): Promise<Account> {
    return this.#http.call(GET_ACCOUNT, {}, options);
  }

  /** Change name, retention, or when to warn of few credits. Retention counts for audits that end from now on. */
  changeAccount(body: AccountChange, options: CallOptions = {}): Promise<Account> {
    return this.#http.call(CHANGE_ACCOUNT, { body }, options);
  }

  /** List API keys */
  listKeys(options: CallOptions = {}): Promise<Keys> {
    return this.#http.call(LIST_KEYS, {}, options);
  }

  /** Make an API key. Its text is in this answer and nowhere else. A key can give no more than it may do itself, and for no longer than it is there itself; what would be more is FORBIDDEN. Takes no Idempotency-Key: to answer a second time, the secret in the answer would have to be kept. Where no answer came, list the keys and revoke what was made. */
  createKey(body: NewKey, options: CallOptions = {}): Promise<CreatedKey> {
    return this.#http.call(CREATE_KEY, { body }, options);
  }

  /** Revoke an API key. At once, with all sessions of it. It stays in the list. */
  revokeKey(key: string, options: CallOptions = {}): Promise<Key> {
    return this.#http.call(REVOKE_KEY, { path: { key } }, options);
  }

  /** What an audit would cost at most */
  quoteAudit(body: NewAudit, options: CallOptions = {}): Promise<Price> {
    return this.#http.call(QUOTE_AUDIT, { body }, options);
  }

  /** Create an audit. Nothing is charged or computed before it is started. One that is not started within a day is erased. */
  createAudit(body: NewAudit, options: OnceOptions = {}): Promise<Audit> {
    return this.#http.call(CREATE_AUDIT, { body }, options);
  }

  /** List audits, the newest first */
  listAudits(
    query: { readonly after?: string | undefined; readonly limit?: number | undefined } = {},
    options: CallOptions = {},
  ): Promise<AuditPage> {
    return this.#http.call(LIST_AUDITS, { query }, options);
  }

  /** How an audit stands, and its result */
  getAudit(audit: string, options: CallOptions = {}): Promise<Audit> {
    return this.#http.call(GET_AUDIT, { path: { audit } }, options);
  }

  /** Erase an audit. Cancels it if it runs, and erases every object and record of it at once. The answer is a signed receipt of what was erased; nobody keeps a copy. Entries of the ledger stay: they hold its id and amounts. */
  deleteAudit(audit: string, options: CallOptions = {}): Promise<SignedReceipt> {
    return this.#http.call(DELETE_AUDIT, { path: { audit } }, options);
  }

  /** Get addresses to upload files to. Each address takes one file, once, by PUT with the given headers. Photos go to members/PERSON/FILE and controls/PERSON/FILE, the checkpoint to checkpoints/FILE. Asking again is how an interrupted upload goes on: files that are there are said to be. */
  uploadFiles(audit: string, body: UploadRequest, options: CallOptions = {}): Promise<Uploads> {
    return this.#http.call(UPLOAD_FILES, { path: { audit }, body }, options);
  }

  /** Start an audit whose files are uploaded. Holds the credits that were quoted. Starting it again changes nothing. */
  startAudit(audit: string, options: OnceOptions = {}): Promise<Audit> {
    return this.#http.call(START_AUDIT, { path: { audit } }, options);
  }

  /** Cancel an audit. What was done of it is charged; one that was not planned yet costs nothing. */
  cancelAudit(audit: string, options: OnceOptions = {}): Promise<Audit> {
    return this.#http.call(CANCEL_AUDIT, { path: { audit } }, options);
  }

  /** Read a file of the report */
  getReport(
    audit: string,
    file: 'report.html' | 'report.json' | 'report.sarif' | 'junit.xml' | 'matches.csv',
    options: CallOptions = {},
  ): Promise<Response> {
    return this.#http.respond(GET_REPORT, { path: { audit, file } }, options);
  }

  /** Watch an audit. Server-sent events: "audit" with the audit whenever it changes, until it has ended. A connection lasts 15 minutes at most, and an account has ten of them at most. */
  watchAudit(audit: string, options: CallOptions = {}): AsyncGenerator<Audit, void> {
    return this.#http.events(WATCH_AUDIT, { path: { audit } }, options);
  }

  /** List entries of the ledger, the newest first */
  listLedger(
    query: { readonly after?: string | undefined; readonly limit?: number | undefined } = {},
    options: CallOptions = {},
  ): Promise<LedgerPage> {
    return this.#http.call(LIST_LEDGER, { query }, options);
  }

  /** Buy a pack of credits. Answers with the address of a page of Stripe; credits are there when it is paid. Needs an Idempotency-Key. */
  createCheckout(body: Checkout, options: OnceOptions = {}): Promise<CheckoutPage> {
    return this.#http.call(CREATE_CHECKOUT, { body }, options);
  }

  /** List webhook endpoints */
  listEndpoints(options: CallOptions = {}): Promise<Endpoints> {
    return this.#http.call(LIST_ENDPOINTS, {}, options);
  }

  /** Add a webhook endpoint. Takes no Idempotency-Key: to answer a second time, the secret in the answer would have to be kept. Where no answer came, list the endpoints before it is sent again. */
  createEndpoint(body: NewEndpoint, options: CallOptions = {}): Promise<EndpointWithSecret> {
    return this.#http.call(CREATE_ENDPOINT, { body }, options);
  }

  /** A webhook endpoint, with its secret */
  getEndpoint(endpoint: string, options: CallOptions = {}): Promise<EndpointWithSecret> {
    return this.#http.call(GET_ENDPOINT, { path: { endpoint } }, options);
  }

  /** Change, disable or enable a webhook endpoint */
  changeEndpoint(endpoint: string, body: EndpointChange, options: CallOptions = {}): Promise<Endpoint> {
    return this.#http.call(CHANGE_ENDPOINT, { path: { endpoint }, body }, options);
  }

  /** Delete a webhook endpoint */
  deleteEndpoint(endpoint: string, options: CallOptions = {}): Promise<void> {
    return this.#http.send(DELETE_ENDPOINT, { path: { endpoint } }, options);
  }

  /** Replace the secret of a webhook endpoint. The former one still signs, beside the new one, for a day. */
  rotateSecret(endpoint: string, options: CallOptions = {}): Promise<EndpointWithSecret> {
    return this.#http.call(ROTATE_SECRET, { path: { endpoint } }, options);
  }

  /** List webhook messages, the newest first. A page may be short, or empty, and yet have a next one. Messages are kept for 30 days. */
  listDeliveries(
    query: {
      readonly after?: string | undefined;
      readonly limit?: number | undefined;
      readonly endpoint?: string | undefined;
    } = {},
    options: CallOptions = {},
  ): Promise<DeliveryPage> {
    return this.#http.call(LIST_DELIVERIES, { query }, options);
  }

  /** A webhook message, and what became of it */
  getDelivery(delivery: string, options: CallOptions = {}): Promise<Delivery> {
    return this.#http.call(GET_DELIVERY, { path: { delivery } }, options);
  }

  /** Send a webhook message again */
  replayDelivery(delivery: string, options: CallOptions = {}): Promise<Delivery> {
    return this.#http.call(REPLAY_DELIVERY, { path: { delivery } }, options);
  }
}
