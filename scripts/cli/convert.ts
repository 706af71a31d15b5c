/** `rewound convert`: writes the generator in a checkpoint as an ONNX model. */
import { access } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Conversion } from '../../shared/engine/compute.ts';
import { stdout } from '../../shared/terminal.ts';
import { withCompanions } from './beside.ts';
import { command } from './command.ts';
import { putFile } from './files.ts';
import { required } from './option.ts';
import { asPath, requireFile, requireFolder, userPath } from './paths.ts';
import { readingEngine } from './reading-engine.ts';
import { usage } from './usage.ts';

export const convert = command({
  name: 'convert',
  summary: 'Writes the generator in a checkpoint as an ONNX model.',
  takes: ['CHECKPOINT'],
  details:
    "The model takes z (and c, one-hot, where the generator has classes, and psi where it truncates) and gives the image in the family's own range, not rounded. A card beside it says the range.",
  options: { out: required('FILE', 'the model to write, such as generator.onnx', asPath, 'the file to write') },
  run: ({ out }, [checkpoint = '']) => convertTo(out, userPath(checkpoint)),
});

async function convertTo(out: string, path: string): Promise<number> {
  await requireFile(path);
  await requireFolder(dirname(out), '--out');
  const request = await withCompanions(path);
  const engine = readingEngine();
  try {
    const conversion = await engine.tasks.convert(request);
    if (conversion.contents.kind === 'model') throw usage(`${path} is an ONNX model already.`, 'Copy it as it is.');
    const written = await write(out, conversion);
    const { inputs, output } = signature(conversion);
    for (const line of [`${inputs.join(', ')} -> ${output}`, ...written]) stdout.line(line);
    return 0;
  } finally {
    engine.close();
  }
}

/** Writes the model, its weights where they need a file of their own, and a card with what a model cannot say. */
async function write(out: string, { model, weights, spec, range }: Conversion): Promise<readonly string[]> {
  const { distribution, low, high } = spec.latent;
  const card = {
    latent: distribution === 'normal' ? { distribution } : { distribution, low, high },
    ...(range ? { image: { range } } : {}),
  };
  const files: [string, Uint8Array | string][] = [
    ...weights.map(({ location, data }): [string, Uint8Array] => [join(dirname(out), location), data]),
    [out, model],
    [`${out}.card.json`, `${JSON.stringify(card, undefined, 2)}\n`],
  ];
  for (const [file] of files) {
    if (await exists(file)) throw usage(`--out: ${file} exists already.`, 'Name a new file.');
  }
  for (const [file, content] of files) await putFile(file, content);
  return files.map(([file]) => file);
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function signature({ spec: { latent, classes, psi, image }, contents }: Conversion) {
  const inputs = [`${latent.input} [n, ${latent.size}]`];
  if (classes) inputs.push(`${classes.input} [n, ${classes.count}]`);
  if (psi) inputs.push(`${psi.input} [1]`);
  const [channels, side] = contents.kind === 'weights' ? [contents.channels, contents.resolution] : [];
  return { inputs, output: `${image.output} [n, ${channels}, ${side}, ${side}]` };
}
