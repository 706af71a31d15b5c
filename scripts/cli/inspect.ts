/** `rewound inspect`: says what a checkpoint is, without running it. */
import { basename } from 'node:path';
import type { PlainValue } from '../../shared/checkpoint/formats/saved-module.ts';
import type { Inspection } from '../../shared/engine/compute.ts';
import { printable } from '../../shared/printable.ts';
import { stderr, stdout } from '../../shared/terminal.ts';
import { withCompanions } from './beside.ts';
import { command } from './command.ts';
import { inspectPictures } from './inspect-pictures.ts';
import { flag, optional } from './option.ts';
import { asPath, requireFile, userPath } from './paths.ts';
import { readingEngine } from './reading-engine.ts';
import { writeSampleSheet } from './sample-sheet.ts';

export const inspect = command({
  name: 'inspect',
  summary:
    'Says what a checkpoint or a set of pictures is, and what an audit would assume; only with --samples is a checkpoint run.',
  takes: ['CHECKPOINT'],
  options: {
    json: flag('the same as JSON'),
    samples: optional('FILE', 'write a contact sheet of 16 samples or of 48 pictures, such as samples.html', asPath),
  },
  run: ({ json, samples }, [checkpoint = '']) => inspectFile(userPath(checkpoint), json, samples),
});

async function inspectFile(path: string, json: boolean, samples: string | undefined): Promise<number> {
  if (await inspectPictures(path, { json, samples })) return 0;
  await requireFile(path);
  const request = await withCompanions(path);
  const engine = readingEngine();
  try {
    const inspection = await engine.tasks.inspect(request);
    if (json) stdout.json(asJson(inspection));
    else
      for (const [name, value] of rowsOf(basename(path), inspection))
        stdout.line(`${printable(name).padEnd(22)} ${value}`);
    if (samples !== undefined) {
      const line = await writeSampleSheet(request, inspection, samples);
      stderr.line(line);
      stderr.line(samples);
    }
    return 0;
  } finally {
    engine.close();
  }
}

function asJson({ range, ...inspection }: Inspection): string {
  const plain = { ...inspection, range: range ?? null };
  return JSON.stringify(plain, (_, value) => (value instanceof Map ? Object.fromEntries(value) : value), 2);
}

type Row = readonly [name: string, value: string];

function rowsOf(file: string, { spec, assumptions, range, externalFiles, contents }: Inspection): Row[] {
  const rows: Row[] = [
    ['file', file],
    ['format', spec.format],
    ...(contents.kind === 'model' ? modelRows(contents) : weightRows(contents)),
    ['parameters', spec.parameters.toLocaleString('en')],
    ['latent', `${spec.latent.size} values`],
    ...assumptions.map(({ what, value, source }): Row => [what, `${value}  (${source})`]),
  ];
  if (contents.kind === 'model') {
    rows.push(['image range', range ? range.join(' to ') : 'measured when the audit starts']);
  }
  if (externalFiles.length > 0) rows.push(['weights in', externalFiles.join(', ')]);
  if (contents.kind === 'weights') rows.push(...findingRows(contents.findings), ...settingRows(contents.settings));
  return rows;
}

type Contents<K> = Extract<Inspection['contents'], { kind: K }>;

function modelRows({ producer }: Contents<'model'>): Row[] {
  return [['made by', producer || 'not said']];
}

function weightRows({ container, family, resolution, channels, classes }: Contents<'weights'>): Row[] {
  return [
    ['container', container],
    ['family', family],
    ['picture', `${resolution} x ${resolution}, ${channels === 1 ? 'grey' : 'RGB'}`],
    ['classes', classes === 0 ? 'none' : String(classes)],
  ];
}

/** Names of code in the file: each once, with the place it first occurs. Nothing of it is ever run. */
function findingRows(findings: Contents<'weights'>['findings']): Row[] {
  const first = new Map<string, Row>();
  for (const { global, offset, refused } of findings) {
    if (first.has(global)) continue;
    first.set(global, [refused ? 'refused code' : 'code, never run', `${global}  (byte ${offset})`]);
  }
  return [...first.values()];
}

/** The longest a setting is shown. */
const SETTING_LENGTH = 100;

function settingRows(settings: ReadonlyMap<string, PlainValue>): Row[] {
  return [...settings].map(([name, value]) => {
    const text = JSON.stringify(value, (_, inner) => (inner instanceof Map ? Object.fromEntries(inner) : inner));
    return [`setting ${name}`, text.length > SETTING_LENGTH ? `${text.slice(0, SETTING_LENGTH)}...` : text];
  });
}
