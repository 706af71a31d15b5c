/**
 * `npm pack`: compiles what the command line needs into dist/, because Node.js strips no types below node_modules. What
 * is not TypeScript goes along as it is: it is read at run time. For as long as npm packs, README.md is the package's
 * own (npm takes no other file for it). `--clean` takes dist/ away and puts the repository's README.md back.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { packageReadme } from './pack/readme.ts';

const ROOT = join(import.meta.dirname, '..');
const DIST = join(ROOT, 'dist');
const README = join(ROOT, 'README.md');
/** The repository's README.md while it is replaced; also what is left of a packing that was killed. */
const KEPT = join(ROOT, 'node_modules/.cache/rewound-pack/README.md');
/** The first line of the package's README.md, which no page shows. */
const MARK = '<!-- Written by scripts/pack.ts. -->\n';

rmSync(DIST, { recursive: true, force: true });
restoreReadme();
if (!process.argv.includes('--clean')) {
  build();
  replaceReadme();
}

function build(): void {
  const compiler = join(ROOT, 'node_modules/.bin/tsc');
  const { status, stdout } = spawnSync(compiler, ['--project', 'tsconfig.pack.json'], { cwd: ROOT, encoding: 'utf8' });
  if (status !== 0) throw new Error(`tsc failed:\n${stdout}`);
  for (const file of globSync('{shared,functions}/**/*.*', { cwd: ROOT })) {
    if (!file.endsWith('.ts')) cpSync(join(ROOT, file), join(DIST, file));
  }
  chmodSync(join(DIST, 'scripts/bin.js'), 0o755);
}

/** A README.md that was written since then stays. */
function restoreReadme(): void {
  if (!existsSync(KEPT)) return;
  if (readFileSync(README, 'utf8').startsWith(MARK)) renameSync(KEPT, README);
  else rmSync(KEPT);
}

function replaceReadme(): void {
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')));
  const repository = readFileSync(README, 'utf8');
  if (repository.startsWith(MARK)) throw new Error("README.md is the package's: git checkout README.md");
  const own = MARK + packageReadme(repository, version);
  mkdirSync(dirname(KEPT), { recursive: true });
  // Copied in full before it is replaced: at every moment one of the two files is the repository's.
  copyFileSync(README, `${KEPT}.part`);
  renameSync(`${KEPT}.part`, KEPT);
  writeFileSync(README, own);
}
