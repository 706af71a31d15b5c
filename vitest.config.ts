/** The tests in tiers, each a project of its own: `npm run test:unit` and so on; `npm test` runs all. */
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { TIERS } from './test/tiers.ts';

/** Only there to end what hangs: a busy machine may be many times slower than a quiet one. */
const PATIENCE_MS = 15 * 60_000;

export default defineConfig({
  test: {
    pool: 'forks',
    // Emulators, browsers and engines are processes too: more workers than cores only wait for each other.
    maxWorkers: availableParallelism(),
    testTimeout: PATIENCE_MS,
    hookTimeout: PATIENCE_MS,
    expect: { poll: { timeout: PATIENCE_MS } },
    projects: Object.entries(TIERS).map(([name, { include, exclude = [] }]) => ({
      extends: true,
      test: { name, include: [...include], exclude: [...exclude] },
    })),
  },
});
