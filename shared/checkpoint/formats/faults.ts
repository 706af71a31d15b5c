/** Makes the errors of damaged, unsupported and unsafe checkpoints. */
import { RewoundError } from '../../errors.ts';

/** `what` completes "The checkpoint is damaged: ...". */
export function corrupt(what: string, cause?: unknown): RewoundError {
  return new RewoundError('CHECKPOINT_CORRUPT', `The checkpoint is damaged: ${what}.`, {
    help: 'Copy it again, and compare its size with the original.',
    cause,
  });
}

/** `message` is a whole sentence. */
export function unsupported(message: string, help: string): RewoundError {
  return new RewoundError('CHECKPOINT_UNSUPPORTED', message, { help });
}

/** A file that no tool writes unless it is meant to hurt its reader. `message` is a whole sentence. */
export function unsafe(message: string): RewoundError {
  return new RewoundError('CHECKPOINT_UNSAFE', message, {
    help: 'Nothing in it was run. Do not open this file with other tools, and ask its author for a clean one.',
  });
}
