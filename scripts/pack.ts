/**
 * `npm pack`: compiles what the command line needs into dist/, because Node.js strips no types below node_modules. What
 * is not TypeScript goes along as it is: it is read at run time. `--clean` takes dist/ away again.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, globSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const DIST = join(ROOT, 'dist');

rmSync(DIST, { recursive: true, force: true });
if (!process.argv.includes('--clean')) build();

function build(): void {
  const compiler = join(ROOT, 'node_modules/.bin/tsc');
  const { status, stdout } = spawnSync(compiler, ['--project', 'tsconfig.pack.json'], { cwd: ROOT, encoding: 'utf8' });
  if (status !== 0) throw new Error(`tsc failed:\n${stdout}`);
  for (const file of globSync('{shared,functions}/**/*.*', { cwd: ROOT })) {
    if (!file.endsWith('.ts')) cpSync(join(ROOT, file), join(DIST, file));
  }
  chmodSync(join(DIST, 'scripts/bin.js'), 0o755);
}
