import { describe, expect, it } from 'vitest';
import { readOnnxGenerator } from '../../shared/checkpoint/onnx.ts';
import { type CheckpointCard, checkpointCardSchema } from '../../shared/checkpoint/spec/card.ts';
import { parseJsonFile } from '../../shared/json-file.ts';
import { type BareValue, bareModel } from '../support/bare-model.ts';

const IMAGE: BareValue = ['image', 'float32', ['n', 3, 64, 64]];
const Z: BareValue = ['z', 'float32', ['n', 100]];

const read = (inputs: readonly BareValue[], card: CheckpointCard = {}, outputs: readonly BareValue[] = [IMAGE]) =>
  readOnnxGenerator(bareModel({ inputs, outputs }), card);

const fails = (code: string, part = '') => expect.objectContaining({ code, message: expect.stringContaining(part) });

describe('the latent', () => {
  it('is the only input, whatever its name', () => {
    expect(read([['anything', 'float32', ['n', 100]]]).spec.latent).toEqual({
      input: 'anything',
      dims: [100],
      size: 100,
      distribution: 'normal',
      low: -1,
      high: 1,
    });
  });

  it('may have further dimensions', () => {
    expect(read([['z', 'float32', ['n', 100, 1, 1]]]).spec.latent).toMatchObject({ dims: [100, 1, 1], size: 100 });
  });

  it('may be drawn uniformly, as the card says', () => {
    const card = { latent: { distribution: 'uniform' as const, low: -2, high: 2 } };
    expect(read([Z], card).spec.latent).toMatchObject({ distribution: 'uniform', low: -2, high: 2 });
  });

  it('is not guessed among several inputs', () => {
    expect(() => read([Z, ['noise', 'float32', ['n', 50]]])).toThrow(fails('CHECKPOINT_AMBIGUOUS', '"z", "noise"'));
  });

  it('is the input the card names', () => {
    const inputs: BareValue[] = [Z, ['noise', 'float32', ['n', 50]]];
    expect(read(inputs, { latent: { input: 'noise' } }).spec.latent).toMatchObject({ input: 'noise', size: 50 });
  });

  it('cannot be an input that is not there', () => {
    expect(() => read([Z], { latent: { input: 'w' } })).toThrow(fails('CHECKPOINT_AMBIGUOUS', '"w"'));
  });

  it('of open size needs the card', () => {
    expect(() => read([['z', 'float32', ['n', 'size']]])).toThrow(fails('CHECKPOINT_AMBIGUOUS', 'open'));
    expect(read([['z', 'float32', ['n', 'size', 1]]], { latent: { size: 64 } }).spec.latent.dims).toEqual([64, 1]);
  });

  it('cannot have another size than the model says', () => {
    expect(() => read([Z], { latent: { size: 64 } })).toThrow(fails('CHECKPOINT_AMBIGUOUS', '64'));
  });

  it.each<[string, BareValue[]]>([
    ['no input at all', []],
    ['text', [['prompt', 'string', ['n']]]],
    ['half precision', [['z', 'float16', ['n', 100]]]],
    ['no batch', [['z', 'float32', [100]]]],
    ['no shape', [['z', 'float32']]],
    ['a million values', [['z', 'float32', ['n', 1024, 1025]]]],
  ])('cannot be %s', (_, inputs) => {
    expect(() => read(inputs)).toThrow(fails('CHECKPOINT_UNSUPPORTED'));
  });

  it('cannot be uniform from high to low', () => {
    expect(() => read([Z], { latent: { distribution: 'uniform', low: 1, high: -1 } })).toThrow(
      fails('CHECKPOINT_AMBIGUOUS'),
    );
  });
});

describe('the batch', () => {
  it.each([
    ['free', 'n', null],
    ['unknown, written as -1', -1, null],
    ['fixed', 4, 4],
  ])('is %s', (_, batch, fixed) => {
    expect(read([['z', 'float32', [batch, 100]]]).spec.fixedBatch).toBe(fixed);
  });
});

describe('classes', () => {
  it('are one-hot where the input is as wide as there are classes', () => {
    expect(read([Z, ['label', 'float32', ['n', 10]]]).spec.classes).toEqual({
      input: 'label',
      count: 10,
      encoding: 'onehot',
      type: 'float32',
      dims: [10],
    });
  });

  it('by number need the card to say how many', () => {
    const inputs: BareValue[] = [Z, ['label', 'int64', ['n']]];
    expect(() => read(inputs)).toThrow(fails('CHECKPOINT_AMBIGUOUS', 'how many'));
    const { classes } = read(inputs, { classes: { count: 7, encoding: 'index' } }).spec;
    expect(classes).toMatchObject({ count: 7, encoding: 'index', type: 'int64', dims: [] });
  });

  it('may come in an input of any name the card gives', () => {
    const card: CheckpointCard = { classes: { input: 'who', count: 5, encoding: 'onehot' } };
    const { spec } = read([Z, ['who', 'float32', ['n', 5]]], card);
    expect(spec).toMatchObject({ latent: { input: 'z' }, classes: { input: 'who', count: 5 } });
  });

  it('cannot be more than the input is wide', () => {
    expect(() => read([Z, ['y', 'float32', ['n', 10]]], { classes: { count: 11, encoding: 'onehot' } })).toThrow(
      fails('CHECKPOINT_AMBIGUOUS', '11'),
    );
  });

  it('do not take the only input for a class, even if it is called "c"', () => {
    expect(read([['c', 'float32', ['n', 16]]]).spec).toMatchObject({ latent: { input: 'c' }, classes: null });
  });
});

describe('truncation', () => {
  it.each<[string, BareValue, number[]]>([
    ['a scalar', ['psi', 'float32', []], []],
    ['one value', ['truncation_psi', 'float32', [1]], [1]],
    ['one value a batch', ['trunc', 'float32', ['one']], [1]],
  ])('as %s is 1 unless the card says otherwise', (_, input, dims) => {
    expect(read([Z, input]).spec.psi).toEqual({ input: input[0], value: 1, dims });
    expect(read([Z, input], { psi: 0.7 }).spec.psi?.value).toBe(0.7);
  });

  it('is listed among the assumptions', () => {
    const { assumptions } = read([Z, ['psi', 'float32', [1]]]);
    expect(assumptions).toContainEqual({ what: 'truncation psi', value: '1', source: 'assumed: no truncation' });
  });
});

describe('the image', () => {
  const image = (outputs: readonly BareValue[], card: CheckpointCard = {}) => read([Z], card, outputs).spec.image;

  it.each<[string, (number | string)[], 'NCHW' | 'NHWC']>([
    ['colour planes', ['n', 3, 64, 64], 'NCHW'],
    ['interleaved colours', ['n', 64, 64, 3], 'NHWC'],
    ['a grey plane', ['n', 1, 64, 64], 'NCHW'],
    ['interleaved grey', ['n', 64, 64, 1], 'NHWC'],
    ['free sizes', ['n', 'c', 'h', 'w'], 'NCHW'],
  ])('of %s has its layout', (_, dims, layout) => {
    expect(image([['out', 'float32', dims]])).toEqual({ output: 'out', type: 'float32', layout });
  });

  it('has the layout the card says', () => {
    expect(image([['out', 'float32', ['n', 'a', 'b', 'c']]], { image: { layout: 'NHWC' } }).layout).toBe('NHWC');
  });

  it('is the one output that can be a picture', () => {
    expect(image([['w', 'float32', ['n', 512]], IMAGE, ['map', 'float32', ['n', 512, 4, 4]]]).output).toBe('image');
  });

  it('is not guessed among several', () => {
    const outputs: BareValue[] = [IMAGE, ['mask', 'float32', ['n', 1, 64, 64]]];
    expect(() => image(outputs)).toThrow(fails('CHECKPOINT_AMBIGUOUS', '"image", "mask"'));
    expect(image(outputs, { image: { output: 'mask' } }).output).toBe('mask');
  });

  it('cannot be an output that is not there', () => {
    expect(() => image([IMAGE], { image: { output: 'x' } })).toThrow(fails('CHECKPOINT_AMBIGUOUS', '"x"'));
  });

  it.each<[string, BareValue[]]>([
    ['a vector', [['score', 'float32', ['n', 1]]]],
    ['whole numbers of 64 bits', [['image', 'int64', ['n', 3, 64, 64]]]],
    ['nothing', []],
  ])('cannot be %s', (_, outputs) => {
    expect(() => image(outputs)).toThrow(fails('CHECKPOINT_UNSUPPORTED'));
  });
});

describe('a model', () => {
  it('older than operator set 7 is refused', () => {
    const model = bareModel({ inputs: [Z], outputs: [IMAGE], opset: 6 });
    expect(() => readOnnxGenerator(model, {})).toThrow(fails('CHECKPOINT_UNSUPPORTED', '6'));
  });

  it('is described in words: every assumption says where it comes from', () => {
    const source = 'assumed: most generators; a card or --latent may say otherwise';
    expect(read([Z]).assumptions).toEqual([
      { what: 'latent input', value: 'z', source: 'model file' },
      { what: 'latent distribution', value: 'normal(0, 1)', source },
      { what: 'image output', value: 'image (NCHW)', source: 'model file' },
    ]);
  });
});

describe('a card', () => {
  it('that is not JSON says so', () => {
    expect(() => parseJsonFile(checkpointCardSchema, '{', 'The card')).toThrow(fails('CARD_INVALID', 'The card'));
  });

  it('names the field that is wrong', () => {
    const json = '{"image": {"range": [0]}}';
    expect(() => parseJsonFile(checkpointCardSchema, json, 'The card')).toThrow(fails('CARD_INVALID', 'image.range'));
  });

  it('cannot have a field nobody reads', () => {
    expect(() => parseJsonFile(checkpointCardSchema, '{"latnet": {}}', 'The card')).toThrow(fails('CARD_INVALID'));
  });
});
