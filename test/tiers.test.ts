import { globSync } from 'node:fs';
import { join, matchesGlob } from 'node:path';
import { expect, test } from 'vitest';
import { TIERS } from './tiers.ts';

const ROOT = join(import.meta.dirname, '..');

test('every test file belongs to exactly one tier', () => {
  const fits = (file: string, globs: readonly string[] = []) => globs.some((glob) => matchesGlob(file, glob));
  const tiers = Object.entries<{ readonly include: readonly string[]; readonly exclude?: readonly string[] }>(TIERS);
  const counts = globSync('test/**/*.test.ts', { cwd: ROOT }).map((file) => [
    file,
    tiers.filter(([, { include, exclude }]) => fits(file, include) && !fits(file, exclude)).length,
  ]);
  expect(counts.length).toBeGreaterThan(200);
  expect(counts.filter(([, count]) => count !== 1)).toEqual([]);
});
