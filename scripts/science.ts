/**
 * `npm run science [-- --quick]`: whether the statistics are right, by simulating audits of which all is known. Prints a
 * table and writes it to docs/science.md, with the numbers in bench/science.json. Takes a quarter of an hour on two cores.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { stderr, stdout } from '../shared/terminal.ts';
import { findings } from './science/findings.ts';
import { summariseKnown } from './science/known-summary.ts';
import { renderPage } from './science/page.ts';
import { Pool } from './science/pool.ts';

const ROOT = join(import.meta.dirname, '..');
const { values } = parseArgs({ options: { quick: { type: 'boolean' } } });
const quick = values.quick ?? false;
const sizes = quick
  ? { known: 2, clean: 40, leaking: 20, emitting: 4, coverage: 200 }
  : { known: 30, clean: 1_000, leaking: 300, emitting: 60, coverage: 4_000 };

const start = performance.now();
const note = (text: string) => {
  stderr.line(`${((performance.now() - start) / 60_000).toFixed(1)} min  ${text}`);
};
const pool = new Pool();
try {
  note(`${sizes.known} audits of each known answer ...`);
  const known = summariseKnown(await pool.run('known', undefined, sizes.known));
  const found = await findings(pool, sizes, note);
  const minutes = (performance.now() - start) / 60_000;
  const page = renderPage(known, found, { quick, minutes });
  stdout.page(page);
  // A quick run says too little to be kept.
  if (!quick) {
    await writeFile(join(ROOT, 'docs/science.md'), page);
    await mkdir(join(ROOT, 'bench'), { recursive: true });
    const record = { quick, minutes, sizes, known, findings: found };
    await writeFile(join(ROOT, 'bench/science.json'), `${JSON.stringify(record, undefined, 2)}\n`);
  }
} finally {
  pool.close();
}
