/** What the system's error codes for files mean and what to do about each: the one table of them. */
import type { ErrorCode } from './error-codes.ts';

export interface SystemCause {
  readonly code: ErrorCode;
  readonly message: string;
  readonly help: string;
  readonly transient?: boolean;
}

export const FULL: SystemCause = {
  code: 'STORAGE_FULL',
  message: 'The disk is full.',
  help: 'Free some space and run the same command again; finished shards are kept.',
  transient: true,
};

const QUOTA: SystemCause = {
  ...FULL,
  message: 'The disk quota of this user is used up.',
  help: 'Free some space, or have the quota raised, and run the same command again; finished shards are kept.',
};

export const FORBIDDEN: SystemCause = {
  code: 'PLATFORM_FORBIDDEN',
  message: 'A file or folder may not be read or written by this user.',
  help: 'Give this user the right to read the photos and to write in the work folder and where results go.',
};

const NOT_PERMITTED: SystemCause = {
  ...FORBIDDEN,
  message: 'The system does not permit an operation on a file or folder, whatever its permissions say.',
  help: 'It may be marked immutable, belong to another user, or be on a file system that cannot do it: choose another folder for it.',
};

const READ_ONLY: SystemCause = {
  ...FORBIDDEN,
  message: 'A file or folder is on a disk that is mounted read-only.',
  help: 'Choose a work folder and a folder for results on a disk that can be written.',
};

const LIMIT: SystemCause = {
  code: 'STORAGE_LIMIT',
  message: 'A file may not grow as large as it must.',
  help: 'Raise the limit of this process (ulimit -f), or choose a file system that holds larger files.',
};

export const FAILED: SystemCause = {
  code: 'STORAGE_FAILED',
  message: 'The disk reports an error while a file is read or written.',
  help: 'Check the disk and its connection, then run the same command again; finished shards are kept.',
  transient: true,
};

const STALE: SystemCause = {
  ...FAILED,
  message: 'The disk or the network share that a file is on has gone away.',
  help: 'Connect it again, then run the same command again; finished shards are kept.',
};

const BUSY: SystemCause = {
  code: 'STORAGE_LOCKED',
  message: 'A file or folder is in use by another program.',
  help: 'Wait for the other program to end, then run the same command again.',
  transient: true,
};

const FILES: SystemCause = {
  code: 'SYSTEM_LIMIT',
  message: 'Too many files are open.',
  help: 'Raise the limit (ulimit -n) or close other programs, then run the same command again.',
  transient: true,
};

export const MEMORY: SystemCause = {
  code: 'SYSTEM_LIMIT',
  message: 'The system has no memory, processes or locks left for this.',
  help: 'Close other programs or raise the limits (ulimit -a), then run the same command again.',
  transient: true,
};

const MISSING: SystemCause = {
  code: 'NOT_FOUND',
  message: 'A file or folder does not exist, or was removed meanwhile.',
  help: 'Check the path, and that the disk it is on is connected.',
};

function path(message: string, help: string): SystemCause {
  return { code: 'PATH_INVALID', message, help };
}

const NO_NAME = path(
  'The file system does not accept the name of a file or folder.',
  'Rename it: shorter, and without characters that this file system refuses.',
);

const CANNOT: SystemCause = {
  code: 'STORAGE_UNSUPPORTED',
  message: 'The file system cannot do what is needed.',
  help: 'Choose folders for work and results on an internal disk; photos and checkpoints on other disks can be read in place.',
};

const CAUSES: Readonly<Record<string, SystemCause>> = {
  ENOSPC: FULL,
  EDQUOT: QUOTA,
  EACCES: FORBIDDEN,
  EPERM: NOT_PERMITTED,
  EROFS: READ_ONLY,
  EFBIG: LIMIT,
  EOVERFLOW: LIMIT,
  EIO: FAILED,
  EBADMSG: FAILED,
  ENXIO: FAILED,
  ENODEV: FAILED,
  ESTALE: STALE,
  ENOTCONN: STALE,
  ETIMEDOUT: STALE,
  EBUSY: BUSY,
  ETXTBSY: BUSY,
  EDEADLK: BUSY,
  EMFILE: FILES,
  ENFILE: { ...FILES, help: 'Close other programs: the whole system has no more; then run the same command again.' },
  ENOMEM: MEMORY,
  EAGAIN: MEMORY,
  ENOBUFS: MEMORY,
  ERR_MEMORY_ALLOCATION_FAILED: MEMORY,
  ENOLCK: MEMORY,
  ENOENT: MISSING,
  ELOOP: path('Symbolic links lead in a circle.', 'Remove the link that leads back to itself.'),
  ENAMETOOLONG: path(
    'A path is longer than the file system allows.',
    'Use shorter names, or fewer folders within folders.',
  ),
  EISDIR: path('There is a folder where a file is needed.', 'Choose another name, or remove the folder.'),
  ENOTDIR: path('There is a file where a folder is needed.', 'Choose another name, or remove the file.'),
  EEXIST: path('There is a file or folder of that name already.', 'Choose another name, or remove what has it.'),
  ENOTEMPTY: path('A folder that is to be replaced is not empty.', 'Choose another name, or empty the folder.'),
  EINVAL: NO_NAME,
  EILSEQ: NO_NAME,
  EXDEV: { ...CANNOT, message: 'A file cannot be moved between two disks.' },
  EMLINK: CANNOT,
  ENOSYS: CANNOT,
  ENOTSUP: CANNOT,
  EOPNOTSUPP: CANNOT,
  ESPIPE: CANNOT,
  ERR_FS_FILE_TOO_LARGE: {
    code: 'TOO_LARGE',
    message: 'A file is too large to be read at once.',
    help: 'Check that it is the right file: cards, labels and reports are small, photos and embeddings below 2 GiB.',
  },
  ERR_STRING_TOO_LONG: {
    code: 'TOO_LARGE',
    message: 'A file is too large to be read as text.',
    help: 'Check that it is the right file: cards, labels and reports are small.',
  },
};

/** Of the network and of processes: their codes say nothing of files. */
const OTHERS = /^(?:accept|bind|connect|getaddrinfo|kill|listen|query\w*|recv\w*|send\w*|shutdown)\b/;

/** What an error of the system means if it is one of files, or of limits that files share. */
export function systemCause(error: unknown): SystemCause | undefined {
  if (error instanceof RangeError && error.message === 'Array buffer allocation failed') return MEMORY;
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  const call = 'syscall' in error && typeof error.syscall === 'string' ? error.syscall : '';
  if (OTHERS.test(call)) return undefined;
  const cause = Object.hasOwn(CAUSES, error.code) ? CAUSES[error.code] : undefined;
  // Programs that cannot be started are found by name, not as files that an audit names.
  return call.startsWith('spawn') && cause?.code !== 'SYSTEM_LIMIT' ? undefined : cause;
}
