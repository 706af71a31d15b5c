import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { lockProblems } from '../../scripts/check/lock.ts';

const text = readFileSync(join(import.meta.dirname, '../../package-lock.json'), 'utf8');
const lock = z.looseObject({ packages: z.record(z.string(), z.looseObject({})) }).parse(JSON.parse(text));
const place = 'node_modules/zod';

test('the lock file names every package with its digest', () => {
  expect(lockProblems(text)).toEqual([]);
});

test.each([
  ['no digest', { integrity: undefined }, /has no integrity/],
  ['a weak digest', { integrity: 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=' }, /has no integrity/],
  ['another registry', { resolved: 'https://npm.example.com/zod/-/zod.tgz' }, /does not come from/],
  ['no encryption', { resolved: 'http://registry.npmjs.org/zod/-/zod.tgz' }, /does not come from/],
  ['a host that begins like the registry', { resolved: 'https://registry.npmjs.org.example.com/z' }, /does not come/],
  ['a link', { link: true }, /is a link/],
])('an entry with %s is found', (_, changed, problem) => {
  const packages = { ...lock.packages, [place]: { ...lock.packages[place], ...changed } };
  expect(lockProblems(JSON.stringify({ ...lock, packages }))).toEqual([expect.stringMatching(problem)]);
});
