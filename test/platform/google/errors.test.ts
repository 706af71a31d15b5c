import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { RewoundError } from '../../../shared/errors.ts';
import { addressOf } from '../../../shared/platform/google/address.ts';
import { type Failure, failureOf, googleError } from '../../../shared/platform/google/errors.ts';

test.each<[unknown, Failure]>([
  [{ code: 404 }, 'missing'],
  [{ code: 5 }, 'missing'],
  [{ code: 6 }, 'exists'],
  [{ code: 412 }, 'precondition'],
  [{ code: '412' }, 'precondition'],
  [{ code: 9 }, 'precondition'],
  [{ code: 403 }, 'forbidden'],
  [{ code: 7 }, 'forbidden'],
  [{ code: 401 }, 'anonymous'],
  [{ code: 16 }, 'anonymous'],
  [new Error('Could not load the default credentials. Browse to https://cloud.google.com'), 'anonymous'],
  [Object.assign(new Error('invalid_grant'), { code: '400' }), 'anonymous'],
  [{ code: 403, errors: [{ reason: 'userRateLimitExceeded' }] }, 'unavailable'],
  ...[408, 429, 500, 502, 503, 504, 1, 4, 8, 10, 13, 14].map(
    (code) => [{ code }, 'unavailable'] satisfies [unknown, Failure],
  ),
  ...['ECONNRESET', 'EAI_AGAIN', 'CONTENT_DOWNLOAD_MISMATCH'].map(
    (code) => [{ code }, 'unavailable'] satisfies [unknown, Failure],
  ),
  [{ code: 400 }, 'unknown'],
  [{ code: 3 }, 'unknown'],
  [{ code: 'ENOSPC' }, 'unknown'],
  [new TypeError('x'), 'unknown'],
  [undefined, 'unknown'],
])('%j says %s', (error, failure) => {
  expect(failureOf(error)).toBe(failure);
});

test.each([
  [{ code: 404 }, { code: 'NOT_FOUND', transient: false }],
  [{ code: 403 }, { code: 'PLATFORM_FORBIDDEN', transient: true, help: expect.stringContaining('role') }],
  [{ code: 16 }, { code: 'PLATFORM_FORBIDDEN', transient: true, help: expect.stringContaining('gcloud auth') }],
  [{ code: 8 }, { code: 'PLATFORM_UNAVAILABLE', transient: true, help: expect.stringContaining('quota') }],
  [{ code: 429 }, { code: 'PLATFORM_UNAVAILABLE', transient: true }],
  [{ code: 14 }, { code: 'PLATFORM_UNAVAILABLE', transient: true }],
  [{ code: 400 }, { code: 'INTERNAL', transient: false }],
  [Object.assign(new Error('disk'), { code: 'ENOSPC' }), { code: 'STORAGE_FULL', transient: true }],
  [new RewoundError('USAGE', 'as it is', { help: '' }), { code: 'USAGE', message: 'as it is' }],
])('%j becomes %j', (error, expected) => {
  expect(googleError(error, 'A thing')).toMatchObject(expected);
});

test('neither the error nor its causes tell a key, a token or a body', () => {
  const error = Object.assign(new Error('No such object: b/drop/t/p/members/Jane Doe/1.jpg'), {
    code: 404,
    errors: [{ reason: 'notFound', message: 'Jane Doe' }],
    response: { request: { headers: { Authorization: 'Bearer secret' } }, body: 'Jane Doe' },
  });
  const printed = inspect(googleError(error, addressOf('b', 'drop/t/p/members/Jane Doe/1.jpg')), { depth: 10 });
  expect(printed).toContain('gs://b/drop/t/…');
  expect(printed).toContain('Error 404 notFound');
  expect(printed).not.toMatch(/Jane|secret/);
});

test.each([
  ['report.html', 'gs://b/…'],
  ['report/7/shards/1.json', 'gs://b/report/7/…'],
  ['members/Jane/1.jpg', 'gs://b/members/…'],
  ['x/controls/Jane/1.jpg', 'gs://b/x/controls/…'],
  ['', 'gs://b/…'],
])('%s is said to be at %s', (key, expected) => {
  expect(addressOf('b', key)).toBe(expected);
});
