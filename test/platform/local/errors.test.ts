import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { asRewoundError, RewoundError } from '../../../shared/errors.ts';
import { openDatabase } from '../../../shared/platform/local/database.ts';
import { storageError } from '../../../shared/platform/local/errors.ts';
import { openLocal } from '../../../shared/platform/local/index.ts';
import { tempDir } from '../../support/temp.ts';

test.each([
  [Object.assign(new Error(), { code: 'ENOSPC' }), 'STORAGE_FULL', true],
  [Object.assign(new Error(), { code: 'ERR_SQLITE_ERROR', errcode: 13 }), 'STORAGE_FULL', true],
  [Object.assign(new Error(), { code: 'ERR_SQLITE_ERROR', errcode: 5 | (2 << 8) }), 'STORAGE_LOCKED', true],
  [Object.assign(new Error(), { code: 'EACCES' }), 'PLATFORM_FORBIDDEN', false],
  [Object.assign(new Error(), { code: 'ERR_SQLITE_ERROR', errcode: 14 }), 'PLATFORM_FORBIDDEN', false],
  [Object.assign(new Error(), { code: 'ERR_SQLITE_ERROR', errcode: 11 }), 'INTERNAL', false],
  [new RewoundError('NOT_FOUND', 'stays', { help: '' }), 'NOT_FOUND', false],
  [new Error('anything else'), 'INTERNAL', false],
])('%o is %s', (error, code, transient) => {
  expect(storageError(error)).toMatchObject({ code, transient });
});

test('the path of a system error, which may name a person, stays in its cause', () => {
  const text = "EISDIR: illegal operation on a directory, read '/photos/Jane Doe'";
  const error = Object.assign(new Error(text), {
    code: 'EISDIR',
    errno: -21,
    syscall: 'read',
    path: '/photos/Jane Doe',
  });
  for (const { code, message, help, cause } of [storageError(error), asRewoundError(error)]) {
    expect({ code, message, cause }).toEqual({
      code: 'INTERNAL',
      message: 'The system answered read with EISDIR.',
      cause: error,
    });
    expect(help).not.toContain('Jane');
  }
  // The system call of a child process that could not be started holds its path.
  const spawn = Object.assign(new Error(), { code: 'EAGAIN', errno: -11, syscall: 'spawn /home/jane/node' });
  expect(asRewoundError(spawn).message).toBe('The system answered spawn with EAGAIN.');
});

test('a damaged state is named, and objects are left alone', () => {
  const folder = tempDir();
  openLocal({ folder }).close();
  writeFileSync(join(folder, '.rewound-state/state.sqlite'), 'this is no database, however long it may be'.repeat(50));
  expect(() => openLocal({ folder })).toThrow(
    expect.objectContaining({ code: 'INTERNAL', help: expect.stringContaining('.rewound-state') }),
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
