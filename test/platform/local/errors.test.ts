import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ErrorCode } from '../../../shared/error-codes.ts';
import { asRewoundError, RewoundError } from '../../../shared/errors.ts';
import { openDatabase } from '../../../shared/platform/local/database.ts';
import { storageError } from '../../../shared/platform/local/errors.ts';
import { fileError } from '../../../shared/platform/local/file-errors.ts';
import { openLocal } from '../../../shared/platform/local/index.ts';
import { tempDir } from '../../support/temp.ts';

test.each([
  [Object.assign(new Error(), { code: 'ENOSPC' }), 'STORAGE_FULL', true],
  [Object.assign(new Error(), { code: 'ERR_SQLITE_ERROR', errcode: 13 }), 'STORAGE_FULL', true],
  [Object.assign(new Error(), { code: 'ERR_SQLITE_ERROR', errcode: 5 | (2 << 8) }), 'STORAGE_LOCKED', true],
  [Object.assign(new Error(), { code: 'EACCES' }), 'PLATFORM_FORBIDDEN', false],
  [Object.assign(new Error(), { code: 'ERR_SQLITE_ERROR', errcode: 14 }), 'PLATFORM_FORBIDDEN', false],
  [Object.assign(new Error(), { code: 'ERR_SQLITE_ERROR', errcode: 10 | (3 << 8) }), 'STORAGE_FAILED', true],
  [Object.assign(new Error(), { code: 'ERR_SQLITE_ERROR', errcode: 7 }), 'SYSTEM_LIMIT', true],
  [Object.assign(new Error(), { code: 'ERR_SQLITE_ERROR', errcode: 11 }), 'STATE_DAMAGED', false],
  [new RewoundError('NOT_FOUND', 'stays', { help: '' }), 'NOT_FOUND', false],
  [new Error('anything else'), 'INTERNAL', false],
])('%o is %s', (error, code, transient) => {
  expect(storageError(error)).toMatchObject({ code, transient });
});

test.each([
  ['EBADF', 'INTERNAL', 'The system answered read with EBADF.'],
  ['EISDIR', 'PATH_INVALID', 'There is a folder where a file is needed.'],
])('the path of a system error, which may name a person, stays in its cause: %s', (errno, expected, sentence) => {
  const error = Object.assign(new Error(`${errno}: bad, read '/photos/Jane Doe'`), {
    code: errno,
    errno: -1,
    syscall: 'read',
    path: '/photos/Jane Doe',
  });
  for (const { code, message, help, cause } of [storageError(error), asRewoundError(error)]) {
    expect({ code, message, cause }).toEqual({ code: expected, message: sentence, cause: error });
    expect(help).not.toContain('Jane');
  }
});

test('of a process that cannot be started, its path is not said; a limit is', () => {
  // The system call of a child process that could not be started holds its path.
  const spawn = (code: string) => Object.assign(new Error(), { code, errno: -1, syscall: 'spawn /home/jane/node' });
  expect(asRewoundError(spawn('ENOENT')).message).toBe('The system answered spawn with ENOENT.');
  expect(asRewoundError(spawn('EAGAIN'))).toMatchObject({ code: 'SYSTEM_LIMIT', transient: true });
});

/** What Node's calls on files can fail with; the others are of sockets, of processes, or defects (EBADF, EFAULT). */
const OF_FILES: Readonly<Record<string, ErrorCode>> = {
  EACCES: 'PLATFORM_FORBIDDEN',
  EPERM: 'PLATFORM_FORBIDDEN',
  EROFS: 'PLATFORM_FORBIDDEN',
  ENOSPC: 'STORAGE_FULL',
  EDQUOT: 'STORAGE_FULL',
  EFBIG: 'STORAGE_LIMIT',
  EOVERFLOW: 'STORAGE_LIMIT',
  EIO: 'STORAGE_FAILED',
  ENXIO: 'STORAGE_FAILED',
  ENODEV: 'STORAGE_FAILED',
  ESTALE: 'STORAGE_FAILED',
  EBUSY: 'STORAGE_LOCKED',
  ETXTBSY: 'STORAGE_LOCKED',
  EMFILE: 'SYSTEM_LIMIT',
  ENFILE: 'SYSTEM_LIMIT',
  ENOMEM: 'SYSTEM_LIMIT',
  EAGAIN: 'SYSTEM_LIMIT',
  ENOLCK: 'SYSTEM_LIMIT',
  ENOENT: 'NOT_FOUND',
  ELOOP: 'PATH_INVALID',
  ENAMETOOLONG: 'PATH_INVALID',
  EISDIR: 'PATH_INVALID',
  ENOTDIR: 'PATH_INVALID',
  EEXIST: 'PATH_INVALID',
  ENOTEMPTY: 'PATH_INVALID',
  EINVAL: 'PATH_INVALID',
  EILSEQ: 'PATH_INVALID',
  EXDEV: 'STORAGE_UNSUPPORTED',
  EMLINK: 'STORAGE_UNSUPPORTED',
  ENOSYS: 'STORAGE_UNSUPPORTED',
  ENOTSUP: 'STORAGE_UNSUPPORTED',
};

const failing = (call: string, code: string) =>
  Object.assign(new Error(`${code}: '/photos/Jane Doe'`), { code, errno: -1, syscall: call });

test.each(Object.entries(OF_FILES))('%s, wherever a file is touched, is %s and no defect', (errno, code) => {
  const sentences = new Set<string>();
  for (const call of ['open', 'read', 'write', 'mkdir', 'rename', 'unlink', 'fsync', 'scandir', 'stat']) {
    const error = asRewoundError(failing(call, errno));
    expect(error).toMatchObject({
      code,
      message: expect.stringMatching(/^[A-Z].+\.$/),
      help: expect.stringMatching(/\.$/),
    });
    expect(`${error.message} ${error.help}`).not.toMatch(/Jane|defect/);
    expect(storageError(failing(call, errno)).code).toBe(code);
    expect(fileError(failing(call, errno)).code).not.toBe('INTERNAL');
    sentences.add(error.message);
  }
  expect(sentences.size).toBe(1);
});

test('the same codes of the network are not taken for those of files', () => {
  expect(asRewoundError(failing('listen', 'EACCES')).code).toBe('INTERNAL');
  expect(asRewoundError(failing('connect', 'ETIMEDOUT')).code).toBe('INTERNAL');
  expect(asRewoundError(failing('connect', 'EMFILE')).code).toBe('INTERNAL');
});

test('a damaged state is named, and objects are left alone', () => {
  const folder = tempDir();
  openLocal({ folder }).close();
  writeFileSync(join(folder, '.rewound-state/state.sqlite'), 'this is no database, however long it may be'.repeat(50));
  expect(() => openLocal({ folder })).toThrow(
    expect.objectContaining({ code: 'STATE_DAMAGED', help: expect.stringContaining('.rewound-state') }),
  );
});

test('a folder that is a file', () => {
  const folder = join(tempDir(), 'file');
  writeFileSync(folder, '');
  expect(() => openLocal({ folder })).toThrow(RewoundError);
});

test('writes that are asked for together fail together, and the next ones work', async () => {
  const database = openDatabase(join(tempDir(), 'state.sqlite'), 'CREATE TABLE t (n INTEGER) STRICT');
  const insert = database.sql.prepare('INSERT INTO t VALUES (?)');
  const fails = () => {
    throw new Error('no');
  };
  const first = await Promise.allSettled([database.durably(() => insert.run(1)), database.durably(fails)]);
  expect(first.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await database.durably(() => insert.run(2));
  expect(database.sql.prepare('SELECT n FROM t').all()).toEqual([{ n: 2 }]);
  const last = database.durably(() => insert.run(3).changes);
  database.close();
  expect(await last).toBe(1);
});

test('what nobody waits for is written with the rest, also at the end', async () => {
  const path = join(tempDir(), 'state.sqlite');
  const database = openDatabase(path, 'CREATE TABLE t (n INTEGER) STRICT');
  const insert = database.sql.prepare('INSERT INTO t VALUES (?)');
  database.eventually(() => void insert.run(1));
  await database.durably(() => insert.run(2));
  database.eventually(() => void insert.run(3));
  database.close();
  const again = openDatabase(path, '');
  expect(again.sql.prepare('SELECT n FROM t').all()).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  again.close();
});
