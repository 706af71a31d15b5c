/** Turns errors of files into coded errors. */
import { isErrno, RewoundError } from '../../errors.ts';
import { storageError } from './errors.ts';

/** The result of `work`, with errors of files as ours. */
export async function guard<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fileError(error);
  }
}

/** Any error of reading or writing an object's file as a RewoundError. */
export function fileError(error: unknown): RewoundError {
  if (['EEXIST', 'EISDIR', 'ENOTDIR', 'ENOTEMPTY'].some((code) => isErrno(error, code))) {
    return new RewoundError('USAGE', 'An object cannot be written where there is a folder, nor below another object.', {
      help: 'Choose a key that neither is the beginning of another key nor continues one.',
      cause: error,
    });
  }
  // EPERM is how Linux says that a file system (exFAT) has no hard links.
  const noLink = error instanceof Error && isErrno(error, 'EPERM') && 'syscall' in error && error.syscall === 'link';
  if (noLink || ['ENOTSUP', 'EOPNOTSUPP', 'EXDEV'].some((code) => isErrno(error, code))) {
    return new RewoundError('USAGE', 'The work folder does not lie on one disk with hard links.', {
      help: 'Choose a work folder on the internal disk; photos and checkpoints on other disks can be read in place.',
      cause: error,
    });
  }
  return storageError(error);
}

export function notFound(): RewoundError {
  return new RewoundError('NOT_FOUND', 'An object does not exist.', {
    help: 'Check the key; it may have been deleted or moved.',
  });
}

export function changed(): RewoundError {
  return new RewoundError('OBJECT_CHANGED', 'An object is not the generation that was asked for.', {
    help: 'The file was replaced while it was in use: start again with the new one.',
  });
}

export function exists(cause?: unknown): RewoundError {
  return new RewoundError('OBJECT_EXISTS', 'An object exists already.', {
    help: 'Delete it first, or take the one that is there.',
    cause,
  });
}
