/** The one error class, and what makes one of anything that is thrown. */
import type { ErrorCode } from './error-codes.ts';
import { type SystemCause, systemCause } from './system-errors.ts';

export interface ErrorDetails {
  /** What the user can do about it: one sentence. */
  readonly help: string;
  /** Whether doing the same again can succeed. Transient errors make the platform redeliver. */
  readonly transient?: boolean;
  readonly cause?: unknown;
}

/**
 * The one error class: a stable code, a sentence that says what is wrong (`message`) and one that says what to do
 * (`help`). Neither may ever contain an image, an embedding or the name of a person.
 */
export class RewoundError extends Error {
  override readonly name = 'RewoundError';
  readonly code: ErrorCode;
  readonly help: string;
  readonly transient: boolean;

  constructor(code: ErrorCode, message: string, { help, transient = false, cause }: ErrorDetails) {
    super(message, { cause });
    this.code = code;
    this.help = help;
    this.transient = transient;
  }
}

/** The error of a cause that the table of system errors names. */
export function ofSystem({ code, message, help, transient = false }: SystemCause, cause: unknown): RewoundError {
  return new RewoundError(code, message, { help, transient, cause });
}

/** Any thrown value as a RewoundError; what is not one already is a defect of ours. */
export function asRewoundError(error: unknown): RewoundError {
  if (error instanceof RewoundError) return error;
  const known = systemCause(error);
  if (known) return ofSystem(known, error);
  return new RewoundError('INTERNAL', sentenceOf(error), {
    help: 'This is a defect in Rewound. Please report it with the command you ran.',
    cause: error,
  });
}

/** What an error of unknown origin says. A system error's own text holds a path, which may name a person: not that. */
function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!('errno' in error || 'syscall' in error)) return error.message;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'an unknown code';
  const call = 'syscall' in error && typeof error.syscall === 'string' ? error.syscall.split(' ', 1)[0] : 'a call';
  return `The system answered ${call} with ${code}.`;
}

/** Whether `error` is a system error with this code, such as ENOENT. */
export function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
