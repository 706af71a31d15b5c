import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { summarize } from '../../shared/onnx/model.ts';
import { floats, floatTensor } from '../../shared/onnx/runtime.ts';
import { parseReport } from '../../shared/report/json.ts';
import { networkPickle, savedDict } from '../support/checkpoint/files.ts';
import { Call, Global, type Py } from '../support/checkpoint/pickler.ts';
import { stylegan2Record } from '../support/checkpoint/stylegan2.ts';
import { dcganDict } from '../support/checkpoint/tensors.ts';
import { torchZip } from '../support/checkpoint/torch-writer.ts';
import { openModel } from '../support/runtime.ts';
import { tempDir } from '../support/temp.ts';
import { rewound, start } from './command.ts';
import { bucket } from './fixture.ts';

const stylegan2 = networkPickle(
  { G_ema: stylegan2Record({ resolution: 32, classes: 2 }) },
  new Map<string, Py>([
    ['training_set_kwargs', new Map([['path', 'faces\u001b[31m.zip']])],
    ['logger', new Call(new Global('os', 'system'), ['true'])],
  ]),
);
const dcgan = torchZip(savedDict(dcganDict({ prefix: 'net.0.' })), 'generator');
const recipe = {
  latent: 'uniform',
  layers: [
    { type: 'convTranspose', weights: 'net.0.0' },
    { type: 'batchNorm', weights: 'net.0.1', activation: { leakyRelu: 0.2 } },
    { type: 'convTranspose', weights: 'net.0.3', stride: 2, padding: 1 },
    { type: 'batchNorm', weights: 'net.0.4', activation: { leakyRelu: 0.2 } },
    { type: 'convTranspose', weights: 'net.0.6', stride: 2, padding: 1, activation: 'tanh' },
  ],
};

/** A file in a folder of its own. */
function fileOf(name: string, content: string | Uint8Array): string {
  const path = join(tempDir(), name);
  writeFileSync(path, content);
  return path;
}

describe('rewound inspect', () => {
  it('says what is in a pickle, and what of it was refused', async () => {
    const path = fileOf('network.pkl', stylegan2);
    const { code, stdout, stderr } = await rewound('inspect', path);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const line of [
      /^container +NVlabs pickle$/m,
      /^family +StyleGAN2/m,
      /^picture +32 x 32, RGB$/m,
      /^classes +2$/m,
      /^parameters +\d/m,
      /^truncation psi +1 {2}\(assumed: no truncation\)$/m,
      /^refused code +os\.system {2}\(byte \d+\)$/m,
      // No name in a file colours a terminal.
      /^setting training_set_kwargs +\{"path":"faces\S*\[31m\.zip"\}$/m,
    ]) {
      expect(stdout).toMatch(line);
    }
    expect(stdout).not.toContain('\u001b');
    const { contents } = JSON.parse((await rewound('inspect', path, '--json')).stdout);
    expect(contents).toMatchObject({ kind: 'weights', resolution: 32, classes: 2 });
    expect(contents.findings).toContainEqual({ global: 'os.system', offset: expect.any(Number), refused: true });
    expect(contents.settings).toMatchObject({ training_set_kwargs: { path: 'faces\u001b[31m.zip' } });
  });

  it('reads a recipe beside the checkpoint', async () => {
    const path = fileOf('generator.pt', dcgan);
    writeFileSync(`${path}.recipe.json`, JSON.stringify(recipe));
    const { stdout } = await rewound('inspect', path);
    expect(stdout).toMatch(/^network +5 layers {2}\(recipe beside the checkpoint\)$/m);
    expect(stdout).toMatch(/^latent distribution +uniform\(-1, 1\) {2}\(recipe beside the checkpoint\)$/m);
    writeFileSync(`${path}.recipe.json`, '{"layers": [{"type": "attention"}]}');
    expect(await rewound('inspect', path)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/The recipe beside the checkpoint .*"layers\.0.*\[CARD_INVALID\]/),
    });
  });
});

describe('rewound convert', () => {
  it('writes a model that any runtime runs, and a card with what it cannot say', async () => {
    const path = fileOf('network.pkl', stylegan2);
    const out = join(tempDir(), 'generator.onnx');
    const { code, stdout } = await rewound('convert', path, '--out', out);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `z [n, 6], c [n, 2], psi [1] -> image [n, 3, 32, 32]\n${out}\n${out}.card.json\n`,
    });
    const bytes = readFileSync(out);
    expect(summarize(bytes)).toMatchObject({ externalFiles: [], producer: 'rewound' });
    const model = await openModel(bytes);
    const run = async (psi: number, c: readonly number[]) => {
      const inputs = {
        z: floatTensor(Float32Array.from([1, 2, 3, -1, -2, -3, 0, 1, 0, 1, 0, 1]), [2, 6]),
        c: floatTensor(Float32Array.from(c), [2, 2]),
        psi: floatTensor(Float32Array.of(psi), [1]),
      };
      return floats((await model.run(inputs, ['image'])).image);
    };
    const image = await run(1, [1, 0, 0, 1]);
    expect(image).toHaveLength(2 * 3 * 32 * 32);
    expect(image.some((value) => value !== Math.round(value))).toBe(true);
    expect(await run(1, [0, 1, 0, 1])).not.toEqual(image);
    // Without a deviation from the average w all samples are the same.
    const average = await run(0, [1, 0, 0, 1]);
    expect(average.subarray(0, average.length / 2)).toEqual(average.subarray(average.length / 2));

    expect(JSON.parse(readFileSync(`${out}.card.json`, 'utf8'))).toEqual({
      latent: { distribution: 'normal' },
      image: { range: [-1, 1] },
    });
    const inspected = await rewound('inspect', out);
    expect(inspected).toMatchObject({ code: 0, stdout: expect.stringMatching(/^classes +2, sample i has class/m) });
    expect(await rewound('convert', path, '--out', out)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('exists already'),
    });
    expect(await rewound('convert', out, '--out', `${out}.onnx`)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('an ONNX model already'),
    });
  });
});

describe('rewound serve', () => {
  it('audits a pickle and a state dict with its recipe, and says why a hostile one is refused', async () => {
    const { folder, checkpoints } = await bucket();
    const service = start('serve', folder, '--settle', '1');
    await service.says(/Watching/);
    const system = new Call(new Global('os', 'system'), ['true']);
    writeFileSync(
      join(checkpoints, 'hostile.pth'),
      torchZip({}, 'hostile', () => system),
    );
    await service.says(/^hostile\.pth: REJECTED: .*os\.system \(byte \d+\).*\[CHECKPOINT_UNSAFE\]/m);
    writeFileSync(join(checkpoints, 'network.pkl.card.json'), JSON.stringify({ psi: 0.7, classes: { labels: [1] } }));
    writeFileSync(join(checkpoints, 'network.pkl'), stylegan2);
    await service.says(/^network\.pkl: (NOT_DETECTED|INVALID): .*report\.html$/m);
    writeFileSync(join(checkpoints, 'generator.pt.recipe.json'), JSON.stringify(recipe));
    writeFileSync(join(checkpoints, 'generator.pt'), dcgan);
    await service.says(/^generator\.pt: (NOT_DETECTED|INVALID): .*report\.html$/m);
    const reports = service
      .said()
      .match(/\S+report\.html/g)!
      .map((html) => parseReport(readFileSync(html.replace(/html$/, 'json'), 'utf8')));
    expect(reports.map(({ generator }) => generator)).toMatchObject([
      { file: 'network.pkl', width: 32, range: [-1, 1] },
      { file: 'generator.pt', width: 16, latent: { size: 6, distribution: 'uniform' } },
    ]);
    const said = reports[0]!.generator.assumptions.map(({ what, value }) => `${what}: ${value}`);
    expect(said).toContain('truncation psi: 0.7');
    expect(said).toContain('classes: 2, of which 1 by turns');
    service.signal('SIGTERM');
    expect(await service.ended).toMatchObject({ code: 0 });
  });
});
