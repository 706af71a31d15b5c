import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { checkpointCardSchema, parseCard } from '../../shared/checkpoint/card.ts';
import { EngineProcess } from '../../shared/engine/process.ts';
import { isErrno } from '../../shared/errors.ts';
import { onlyArgument, parse, requireFile, userPath } from './options.ts';

export const INSPECT_HELP = `rewound inspect CHECKPOINT [--json]

  says what a checkpoint is, and what an audit would assume, without running it`;

const MEMORY_BYTES = 8 * 2 ** 30;
const SILENCE_MS = 60_000;

export async function inspectCommand(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse({
    args: [...args],
    allowPositionals: true,
    options: { json: { type: 'boolean' } },
  });
  const path = userPath(onlyArgument(positionals, 'checkpoint'));
  await requireFile(path);
  const card = parseCard(checkpointCardSchema, await readCard(path), 'The card beside the checkpoint');
  // Reading is the engine's work too: a hostile file ends that process, not this one.
  const engine = new EngineProcess({ device: 'cpu', threads: 1, memoryBytes: MEMORY_BYTES, silenceMs: SILENCE_MS });
  try {
    const { spec, assumptions, range, summary } = await engine.tasks.inspect({ path, card });
    if (values.json) {
      const { opsets, ...rest } = summary;
      const model = { ...rest, opsets: Object.fromEntries(opsets) };
      process.stdout.write(`${JSON.stringify({ spec, assumptions, range: range ?? null, model }, undefined, 2)}\n`);
      return 0;
    }
    const rows: [string, string][] = [
      ['file', basename(path)],
      ['format', spec.format],
      ['made by', summary.producer || 'not said'],
      ['parameters', summary.parameters.toLocaleString('en')],
      ['latent', `${spec.latent.size} values`],
      ...assumptions.map(({ what, value, source }): [string, string] => [what, `${value}  (${source})`]),
      ['image range', range ? range.join(' to ') : 'measured when the audit starts'],
    ];
    if (summary.externalFiles.length > 0) rows.push(['weights in', summary.externalFiles.join(', ')]);
    process.stdout.write(rows.map(([name, value]) => `${name.padEnd(20)} ${value}\n`).join(''));
    return 0;
  } finally {
    engine.close();
  }
}

async function readCard(checkpoint: string): Promise<string> {
  try {
    return await readFile(`${checkpoint}.card.json`, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return '{}';
    throw error;
  }
}
