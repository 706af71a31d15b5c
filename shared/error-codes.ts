/** What can go wrong, by name: the stable codes, and whose fault each is. */

/** What the user asked for or gave cannot be used: the audit is rejected. */
const THEIRS = {
  USAGE: 'the command line or a settings file is not valid',
  NOT_FOUND: 'a named file, folder or object does not exist',
  PATH_INVALID: 'a path leads to something of another kind, or is not one that the file system accepts',
  STORAGE_UNSUPPORTED: 'the file system cannot do what is needed',
  NODE_UNSUPPORTED: 'this Node.js is older than Rewound needs',
  REPORT_UNSUPPORTED: 'a given report or baseline is not one that this version can read',
  CHECKPOINT_UNSUPPORTED: 'the checkpoint is of a kind Rewound cannot read',
  CHECKPOINT_CORRUPT: 'the checkpoint is truncated or damaged',
  CHECKPOINT_UNSAFE: 'the checkpoint points outside its own folder or asks for code to be run',
  CHECKPOINT_AMBIGUOUS: 'the checkpoint does not say what a card beside it must say',
  CARD_INVALID: 'a card (JSON beside a file) does not fit its schema',
  FACES_MISSING: 'a face was found in fewer than half of the samples that were tried before the work started',
  GENERATOR_OUTPUT: 'the generator makes something that is not a picture in the stated range',
  GALLERY_EMPTY: 'a gallery holds no photo that can be read',
  GALLERY_TOO_SMALL: 'a gallery holds too few identities for any claim',
  GALLERY_UNREADABLE: 'more than half of the photos of a gallery could not be used',
  GALLERY_MISMATCH: 'precomputed embeddings do not fit their labels or the recognizer',
  ARCHIVE_INVALID: 'an archive of pictures is truncated, damaged, encrypted or of a kind that cannot be read',
  PICTURES_INVALID: 'a set of pictures in the place of a checkpoint is too small, or holds no faces',
  COMMAND_FAILED: 'the command that makes the samples failed, or left pictures that cannot be used',
  TABLE_INVALID: 'a table of people or a list cannot be read or does not fit the photos',
  RECOGNIZER_UNSUPPORTED: 'the recognizer does not fit its card',
  DEVICE_UNAVAILABLE: 'the requested execution device is not there',
  PLATFORM_FORBIDDEN: 'the user or account that runs this may not use a file, folder or service that is needed',
  CANCELLED: 'the audit was stopped by its owner',
  UNAUTHENTICATED: 'a request came without a valid API key or session',
  FORBIDDEN: 'the API key may not do this',
  REQUEST_INVALID: 'a request does not fit its schema',
  METHOD_NOT_ALLOWED: 'an address does not take this method',
  TOO_LARGE: 'a request or an upload is larger than allowed',
  TOO_DEEP: 'files are too many folders deep',
  RATE_LIMITED: 'too many requests came in a short time',
  CONFLICT: 'what was asked for does not fit the state of things',
  IDEMPOTENCY_MISMATCH: 'an Idempotency-Key was used before for another request',
  SIGNATURE_INVALID: 'a signature does not fit what it came with, or is too old',
  CREDITS_INSUFFICIENT: 'the account has too few credits',
  QUOTE_EXCEEDED: 'an audit would cost more than was quoted',
  ENDPOINT_REFUSED: 'a webhook endpoint is at an address that is not public',
} as const;

/** What goes wrong here, whatever was asked for: the audit failed. */
const OURS = {
  ENGINE_CRASHED: 'the native runtime ended while running a model',
  ENGINE_TIMEOUT: 'a model took longer than its limit',
  ENGINE_MEMORY: 'a model used more memory than its limit',
  OBJECT_EXISTS: 'an object exists already and was to be written only if absent',
  OBJECT_CHANGED: 'an object is not the generation that was asked for',
  DEVICE_MISMATCH: 'an audit was planned for another execution device than this machine has',
  PLATFORM_UNAVAILABLE: 'a service does not answer now, or asks to wait',
  STORAGE_FULL: 'the disk is full',
  STORAGE_LIMIT: 'a file may not grow as large as it must',
  STORAGE_FAILED: 'a disk reports an error, or has gone away',
  STORAGE_LOCKED: 'another process is using the work folder, or a file that is needed',
  SYSTEM_LIMIT: 'the system has no open files, memory or processes left for this',
  MESSAGE_INVALID: 'a message does not fit its schema',
  REPORT_INVALID: 'a report is not one that this version can read',
  RESULT_INCOMPLETE: 'shard results are missing or contradict each other',
  RESULT_DAMAGED: 'something that Rewound had stored is damaged',
  STATE_DAMAGED: 'the database of the work folder, or a record, is damaged or was written by another version',
  GIVEN_UP: 'a step failed at every attempt',
  EXPIRED: 'the audit did not end in time',
  RUNAWAY: 'the steps of an audit went in a circle',
  PAYMENT_UNAVAILABLE: 'the payment service does not answer or is not set up',
  INTERNAL: 'a defect in Rewound',
} as const;

/** What can go wrong, by name. A code is stable: messages may be reworded, codes may not. */
export const ERROR_CODES = { ...THEIRS, ...OURS } as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** Whether an error is ours, or the machine's; all others say something of what was given or asked for. */
export function isOurs(code: ErrorCode): boolean {
  return Object.hasOwn(OURS, code);
}
