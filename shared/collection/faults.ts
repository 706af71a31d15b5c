/** Makes the errors of archives that cannot be read. */
import { RewoundError } from '../errors.ts';

/** `what` completes "The archive of pictures ...". */
export function unreadable(what: string, help = 'Copy it again, or make it anew.', cause?: unknown): RewoundError {
  return new RewoundError('ARCHIVE_INVALID', `The archive of pictures ${what}.`, { help, cause });
}

export function cutOff(): RewoundError {
  return unreadable('ends before its contents do', 'It is truncated: copy or download it again.');
}
