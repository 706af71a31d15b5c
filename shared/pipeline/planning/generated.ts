/** Has samples made by the user's own command, and finds the picture of each seed. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { z } from 'zod';
import type { PhotoFile } from '../../engine/compute.ts';
import { RewoundError } from '../../errors.ts';
import type { Context } from '../base/context.ts';
import type { CommandRun } from '../base/generate.ts';

/**
 * `NAME.command.json` in the place of a checkpoint: that samples are made by a command. It holds no command: none is run
 * but the one that the user typed.
 */
export const commandMarkerSchema = z.strictObject({
  schema: z.literal('rewound.command/1'),
  /** The command's first word, without its folder. */
  program: z.string(),
  /** SHA-256 of the whole command, in hex. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
});

/** Calls `use` with the pictures of these seeds, in their order, and removes them afterwards. Throws COMMAND_FAILED. */
export async function withGenerated<T>(
  { generate }: Pick<Context, 'generate'>,
  seeds: readonly number[],
  use: (files: readonly PhotoFile[], run: CommandRun) => Promise<T>,
): Promise<T> {
  if (!generate) throw commandMissing();
  const folder = await mkdtemp(join(tmpdir(), 'rewound-made-'));
  try {
    const run = await generate(seeds, folder);
    return await use(await filesOf(folder, seeds, run), run);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function commandMissing(): RewoundError {
  return new RewoundError('USAGE', 'The samples of this audit are made by a command, which was not given.', {
    help: 'Give the same command again with --generate.',
  });
}

/** What the command left that cannot be used, with the last lines it wrote. */
export function commandFailed(what: string, { lastLines }: CommandRun): RewoundError {
  const said = lastLines.length === 0 ? 'It wrote nothing.' : `Its last lines: ${lastLines.join(' | ')}`;
  return new RewoundError('COMMAND_FAILED', `The command ${what} ${said}`, {
    help: 'Run it by hand for a few seeds, and look at what it says. It must leave one picture a seed in {out}, with the seed in its name, such as seed0042.png.',
  });
}

/** The last number in a file's name. */
const SEED = /(\d+)(?!.*\d)/;

async function filesOf(folder: string, seeds: readonly number[], run: CommandRun): Promise<PhotoFile[]> {
  const found = new Map<number, string>();
  const wanted = new Set(seeds);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const seed = Number(SEED.exec(basename(entry.name).replace(/\.[a-z]+$/i, ''))?.[1] ?? Number.NaN);
    if (!wanted.has(seed)) throw commandFailed(`left a file that is the picture of no seed it was asked for.`, run);
    if (found.has(seed)) throw commandFailed(`left two pictures of seed ${seed}.`, run);
    found.set(seed, join(entry.parentPath, entry.name));
  }
  const missing = seeds.filter((seed) => !found.has(seed));
  if (missing.length > 0) {
    throw commandFailed(
      `left ${found.size} of ${seeds.length} pictures; the first that is missing is that of seed ${missing[0]}.`,
      run,
    );
  }
  return seeds.map((seed) => ({ path: found.get(seed)! }));
}
