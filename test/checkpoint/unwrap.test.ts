import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RandomState } from '../../shared/audit/numbers/random.ts';
import { foldNorms } from '../../shared/checkpoint/families/fold-norms.ts';
import { recognise } from '../../shared/checkpoint/families/recognise.ts';
import { unwrapped } from '../../shared/checkpoint/families/unwrap.ts';
import { bytesSource } from '../../shared/checkpoint/formats/source.ts';
import type { CheckpointTensor, StateDict } from '../../shared/checkpoint/formats/tensor.ts';
import { readGenerator } from '../../shared/checkpoint/read.ts';
import { recipeSchema } from '../../shared/checkpoint/spec/recipe.ts';
import { dcganDict, loadedOf, tensor } from '../support/checkpoint/tensors.ts';
import { sharedData } from '../support/shared-data.ts';

const plain = dcganDict();
const renamed = (rename: (name: string) => string, dict: StateDict = plain) =>
  new Map([...dict].map(([name, value]) => [rename(name), value]));
const scalar = tensor([3], []);

/** The values of all tensors, in order. */
const valuesOf = (dict: StateDict) => [...dict.values()].map((one) => [...one.floats()]);
const networkOf = (dicts: Readonly<Record<string, StateDict>>) => recognise(loadedOf(dicts), {});

describe('weights that training has wrapped', () => {
  it.each<[string, Record<string, StateDict>, string]>([
    [
      'an averaged model',
      { '': new Map([['n_averaged', scalar], ...renamed((name) => `module.${name}`)]) },
      '"module" taken off the names',
    ],
    ['a compiled model', { '': renamed((name) => `_orig_mod.module.${name}`) }, ''],
    [
      'an average beside the model that is trained',
      {
        ema: new Map([
          ['initted', scalar],
          ...renamed((name) => `online_model.${name}`, dcganDict({ seed: 2 })),
          ...renamed((name) => `ema_model.${name}`),
        ]),
      },
      '"ema_model" taken off the names',
    ],
  ])('are read out of %s', (_, dicts, said) => {
    const network = networkOf(dicts);
    expect(network?.family).toBe('DCGAN');
    if (said !== '') expect(network!.assumptions.map(({ value }) => value)).toContain(said);
  });

  it('are those of the average where both are there', () => {
    const dict = new Map([
      ...renamed((name) => `online_model.${name}`, dcganDict({ seed: 2 })),
      ...renamed((name) => `ema_model.${name}`),
    ]);
    const { stateDicts } = unwrapped(loadedOf({ '': dict })).loaded;
    expect(valuesOf(stateDicts.get('ema_model')!)).toEqual(valuesOf(plain));
    expect(networkOf({ '': dict })!.assumptions).toContainEqual(
      expect.objectContaining({ what: 'network', value: 'ema_model' }),
    );
  });

  it('are left as they are where a family knows them', () => {
    const network = networkOf({ '': renamed((name) => `module.${name}`) });
    expect(network!.assumptions.map(({ what }) => what)).not.toContain('wrapper');
  });
});

describe('layers with names of their own', () => {
  const layer = (name: string) => Number(/^main\.(\d+)\./.exec(name)![1]);
  it.each<[string, (name: string) => string]>([
    [
      'blocks',
      (name) => name.replace(/^main\.(\d+)\./, () => `net.${Math.floor(layer(name) / 3)}.${layer(name) % 3}.`),
    ],
    [
      'words',
      (name) =>
        name.replace(
          /^main\.(\d+)\./,
          () => `${layer(name) % 3 === 0 ? 'tconv' : 'bn'}${Math.floor(layer(name) / 3) + 1}.`,
        ),
    ],
  ])('are taken in their order: %s', (_, rename) => {
    const network = networkOf({ '': renamed(rename) });
    expect(network).toMatchObject({ family: 'DCGAN', latentSize: 6 });
    expect(network!.assumptions).toContainEqual(
      expect.objectContaining({ what: 'layers', value: 'in the order of the file' }),
    );
  });

  it('are refused where channels do not follow', () => {
    const [first, ...rest] = renamed((name) => name.replace('main.', 'layer')).entries();
    expect(networkOf({ '': new Map([...rest, first!]) })).toBeUndefined();
  });
});

describe('normalised weights', () => {
  const random = new RandomState(5);
  const draw = (count: number) => Float32Array.from({ length: count }, () => random.gauss());
  const named = (entries: Readonly<Record<string, CheckpointTensor>>) => new Map(Object.entries(entries));

  /** The greatest singular value of a matrix and its vectors, by the power method. */
  function singular(matrix: (row: number, column: number) => number, rows: number, columns: number) {
    let v = Float64Array.from({ length: columns }, () => random.gauss());
    let u = new Float64Array(rows);
    let sigma = 0;
    for (let step = 0; step < 500; step++) {
      u = Float64Array.from({ length: rows }, (_, i) => v.reduce((sum, value, j) => sum + value * matrix(i, j), 0));
      sigma = Math.hypot(...u);
      u = u.map((value) => value / sigma);
      v = Float64Array.from({ length: columns }, (_, j) => u.reduce((sum, value, i) => sum + value * matrix(i, j), 0));
      const norm = Math.hypot(...v);
      v = v.map((value) => value / norm);
    }
    return { sigma, u, v };
  }

  it.each([
    ['outputs first', [3, 5, 2, 2], 0],
    ['outputs second, as of transposed convolutions', [5, 3, 2, 2], 1],
    ['as many inputs as outputs', [4, 4, 2, 2], 1],
  ] as const)('are divided by their greatest singular value: %s', (_, shape, axis) => {
    const [first, second] = shape;
    const values = draw(first * second * 4);
    const at = (i: number, j: number, k: number) => values[(i * second + j) * 4 + k]!;
    const matrix = (row: number, column: number) =>
      axis === 0 ? at(row, Math.floor(column / 4), column % 4) : at(Math.floor(column / 4), row, column % 4);
    const rows = shape[axis];
    const { sigma, u, v } = singular(matrix, rows, values.length / rows);
    for (const [original, uName, vName] of [
      ['a.weight_orig', 'a.weight_u', 'a.weight_v'],
      ['a.parametrizations.weight.original', 'a.parametrizations.weight.0._u', 'a.parametrizations.weight.0._v'],
    ] as const) {
      const folded = foldNorms(
        named({ [original]: tensor(values, shape), [uName]: tensor(u, [u.length]), [vName]: tensor(v, [v.length]) }),
      );
      expect([...folded.keys()]).toEqual(['a.weight']);
      const found = folded.get('a.weight')!.floats();
      found.forEach((value, i) => {
        expect(value).toBeCloseTo(values[i]! / sigma, 5);
      });
    }
  });

  it('are the direction times the size', () => {
    const values = draw(3 * 2 * 2);
    for (const names of [
      ['a.weight_g', 'a.weight_v'],
      ['a.parametrizations.weight.original0', 'a.parametrizations.weight.original1'],
    ] as const) {
      const dict = named({
        [names[0]]: tensor([2, 3, 4], [3, 1, 1]),
        [names[1]]: tensor(values, [3, 2, 2]),
        'a.bias': scalar,
      });
      const folded = foldNorms(dict);
      expect([...folded.keys()].sort()).toEqual(['a.bias', 'a.weight']);
      const found = folded.get('a.weight')!.floats();
      for (let row = 0; row < 3; row++) {
        expect(Math.hypot(...found.subarray(4 * row, 4 * row + 4))).toBeCloseTo(row + 2, 5);
        expect(found[4 * row]! * values[4 * row + 1]!).toBeCloseTo(found[4 * row + 1]! * values[4 * row]!, 5);
      }
    }
  });

  it('that are none are left as they are', () => {
    expect(foldNorms(plain)).toBe(plain);
  });
});

describe('what is no checkpoint by itself', () => {
  it.each([
    [
      'a pointer of Git LFS',
      'version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 3\n',
      /pointer of Git LFS/,
      /git lfs pull/,
    ],
    ['a page after blanks', '\n\n  <!DOCTYPE html><html>', /web page/, /Download the file itself/],
    ['an answer in JSON', ' {"error": "Not found"}  ', /text in JSON/, /download the file itself/],
    ['a gzip file', '\u001f\u008b\u0008', /compressed with gzip/, /gunzip/],
  ])('is named: %s', (_, text, message, help) => {
    const bytes = Buffer.from(text, 'latin1');
    expect(() => readGenerator(bytesSource(bytes), {})).toThrow(
      expect.objectContaining({
        code: 'CHECKPOINT_UNSUPPORTED',
        message: expect.stringMatching(message),
        help: expect.stringMatching(help),
      }),
    );
  });
});

const INPUTS = sharedData('inputs');

describe.skipIf(!INPUTS)('files as people have them', () => {
  it.each([
    ...[
      'f_averagedmodel.pth',
      'f_ema_pytorch.pth',
      'l_blocks.pth',
      'l_tconv_bn.pth',
      'l_tconv_ckpt.pth',
      'l_wgan_named.pth',
    ],
    ...['e_spectral_new.pth', 'e_weightnorm_old.pth', 'k_xla_numpy.pth'],
  ])('%s is a DCGAN', (name) => {
    const { spec, contents } = readGenerator(bytesSource(readFileSync(join(INPUTS!, name))), {});
    expect(contents).toMatchObject({ kind: 'weights', family: 'DCGAN', resolution: 32 });
    expect(spec.latent.size).toBe(16);
  });

  it("e4e.pt is rosinality's generator below another network, with its mean latent", () => {
    const { contents, assumptions } = readGenerator(bytesSource(readFileSync(join(INPUTS!, 'e4e.pt'))), {});
    expect(contents).toMatchObject({ kind: 'weights', family: 'StyleGAN2 (rosinality)', resolution: 16 });
    expect(assumptions.find(({ what }) => what === 'truncation')).toBeUndefined();
  });

  it('of a network that was saved with spectral norm, a recipe reads the folded weights', () => {
    const recipe = recipeSchema.parse(
      JSON.parse(readFileSync(join(INPUTS!, 'e_spectral_old.pth.recipe.json'), 'utf8')),
    );
    const { contents } = readGenerator(bytesSource(readFileSync(join(INPUTS!, 'e_spectral_old.pth'))), {}, recipe);
    expect(contents).toMatchObject({ kind: 'weights', family: 'stack of layers, by its recipe' });
  });
});
