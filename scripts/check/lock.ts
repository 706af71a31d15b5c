/** package-lock.json: what is installed is what was looked at, from the public registry, on every machine. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { stdout } from '../../shared/terminal.ts';

const REGISTRY = 'https://registry.npmjs.org/';

const lockSchema = z.object({
  lockfileVersion: z.literal(3),
  packages: z.record(
    z.string(),
    z.object({ integrity: z.string().optional(), resolved: z.string().optional(), link: z.boolean().optional() }),
  ),
});

/** What is wrong with a lock file, one line each. */
export function lockProblems(text: string): string[] {
  const { packages } = lockSchema.parse(JSON.parse(text));
  return Object.entries(packages).flatMap(([place, { integrity, resolved, link }]) => {
    // The project itself.
    if (place === '') return [];
    const problems: string[] = [];
    if (link) problems.push('is a link to a folder');
    else if (!integrity?.startsWith('sha512-')) problems.push('has no integrity (sha512)');
    // npm leaves the address out where it is told to (omit-lockfile-registry-resolved), and takes it from the registry.
    if (resolved !== undefined && !resolved.startsWith(REGISTRY)) problems.push(`does not come from ${REGISTRY}`);
    return problems.map((problem) => `${place}: ${problem}`);
  });
}

if (import.meta.main) {
  const problems = lockProblems(readFileSync(join(import.meta.dirname, '../../package-lock.json'), 'utf8'));
  for (const problem of problems) stdout.line(problem);
  if (problems.length > 0) {
    stdout.line('Remove these entries from package-lock.json and run: npm install --package-lock-only');
  }
  process.exitCode = problems.length > 0 ? 1 : 0;
}
