import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { RecognizerRequest, Resolution } from '../../shared/engine/compute.ts';
import { localTasks } from '../../shared/engine/tasks.ts';
import { GraphBuilder } from '../../shared/onnx/graph.ts';
import { demoPhoto, people } from '../support/demo.ts';
import { fileOf } from '../support/files.ts';
import { tempDir } from '../support/temp.ts';

const tasks = localTasks({ device: 'cpu', threads: 1 }, () => undefined);
const BUILT_IN: RecognizerRequest = { kind: 'built-in' };
const SMALL: Resolution = { eyeDistance: 12, detect: false };

const enrol = (
  photos: readonly string[],
  resolution: Resolution | null = null,
  recognizer: RecognizerRequest = BUILT_IN,
) => tasks.enrol({ photos: photos.map((path) => ({ path })), recognizer, resolution });

const rows = (embeddings: Float32Array, length = 128) =>
  Array.from({ length: embeddings.length / length }, (_, i) => embeddings.subarray(i * length, (i + 1) * length));
const cosine = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

describe('photos', () => {
  it('that do not decode or show no face are counted, and lie as zeros between the others', async () => {
    const folder = tempDir();
    const blank = join(folder, 'blank.png');
    await sharp({ create: { width: 120, height: 120, channels: 3, background: '#88aacc' } }).toFile(blank);
    const broken = join(folder, 'broken.jpg');
    writeFileSync(broken, 'not a photo');
    const empty = join(folder, 'empty.png');
    writeFileSync(empty, '');
    const photos = [demoPhoto('m000', 0), broken, blank, empty, demoPhoto('m001', 0)];
    const { embeddings, states } = await enrol(photos);
    expect(states).toEqual(['enrolled', 'unreadable', 'undetected', 'unreadable', 'enrolled']);
    expect(rows(embeddings).map((row) => expect.closeTo(cosine(row, row), 4))).toEqual([1, 0, 0, 0, 1]);
  });

  it('that are none at all give nothing', async () => {
    const broken = join(tempDir(), 'broken.jpg');
    writeFileSync(broken, 'not a photo');
    expect(await enrol([broken])).toEqual({ embeddings: new Float32Array(128), states: ['unreadable'] });
    expect(await enrol([])).toEqual({ embeddings: new Float32Array(0), states: [] });
  });

  it('that are gone by now end it: counted as unreadable, they would change the result', async () => {
    const gone = join(tempDir(), 'gone.jpg');
    await expect(enrol([demoPhoto('m000', 0), gone])).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it.each<[string, Resolution | null]>([
    ['as they are', null],
    ['at the size of small faces', SMALL],
    ['at that size, looked at again', { ...SMALL, detect: true }],
  ])('%s embed a person closer to themselves than to others', async (_, resolution) => {
    const names = people('controls', 0, 10);
    const { embeddings, states } = await enrol(
      names.flatMap((name) => [demoPhoto(name, 0), demoPhoto(name, 1)]),
      resolution,
    );
    expect(states.every((state) => state === 'enrolled')).toBe(true);
    const faces = rows(embeddings);
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const same = mean(names.map((_name, i) => cosine(faces[2 * i]!, faces[2 * i + 1]!)));
    const other = mean(names.map((_name, i) => cosine(faces[2 * i]!, faces[(2 * i + 3) % faces.length]!)));
    expect(same).toBeGreaterThan(other + 0.03);
  });

  it('at another resolution are embedded differently', async () => {
    const photo = [demoPhoto('c000', 0)];
    const [full, small] = [await enrol(photo), await enrol(photo, SMALL)];
    expect(cosine(full.embeddings, small.embeddings)).toBeLessThan(0.999);
  });

  it('are embedded the same alone as among others of other sizes', async () => {
    const large = join(tempDir(), 'large.png');
    await sharp(demoPhoto('c001', 0)).resize(300, 300).extend({ top: 40, background: '#000' }).toFile(large);
    const photos = [demoPhoto('c000', 0), large, ...people('controls', 2, 40).map((name) => demoPhoto(name, 0))];
    const together = rows((await enrol(photos)).embeddings);
    for (const i of [0, 1, 2, 41]) {
      const alone = await enrol([photos[i]!]);
      expect(cosine(alone.embeddings, together[i]!)).toBeGreaterThan(0.9999);
    }
  });
});

/** A "recognizer" whose embedding is the mean colour of four bands of the face. */
function bandRecognizer(layout: 'NCHW' | 'NHWC', batch: number | 'n', sign: number): Uint8Array {
  const graph = new GraphBuilder('bands');
  const dims = layout === 'NCHW' ? [batch, 3, 32, 32] : [batch, 32, 32, 3];
  let x = graph.input('face', 'float32', dims);
  if (layout === 'NHWC') x = graph.op('Transpose', [x], { perm: [0, 3, 1, 2] });
  const bands = graph.op('AveragePool', [x], { kernel_shape: [8, 32], strides: [8, 32] });
  graph.output('embedding', graph.op('Mul', [graph.op('Flatten', [bands]), graph.scalar(sign)]), 'float32', ['n', 12]);
  return graph.model();
}

const card = (layout: 'NCHW' | 'NHWC', changes = {}) => ({
  name: 'bands',
  model: 'bands.onnx',
  size: 32,
  layout,
  colour: 'RGB' as const,
  mean: 127.5,
  scale: 1 / 128,
  template: '112' as const,
  embedding: 12,
  licence: 'made for this test',
  ...changes,
});

describe("a user's recognizer", () => {
  const photos = people('controls', 0, 5).map((name) => demoPhoto(name, 0));
  const request = (path: string, layout: 'NCHW' | 'NHWC', changes = {}): RecognizerRequest => ({
    external: [],
    kind: 'card',
    path,
    card: card(layout, changes),
  });

  it.each<['NCHW' | 'NHWC', number | 'n']>([
    ['NHWC', 'n'],
    ['NCHW', 1],
    ['NHWC', 1],
  ])('gives the same, normalised, in %s with a batch of %s', async (layout, batch) => {
    const reference = await enrol(photos, null, request(fileOf(bandRecognizer('NCHW', 'n', 1)), 'NCHW'));
    const other = await enrol(photos, null, request(fileOf(bandRecognizer(layout, batch, 1)), layout));
    rows(reference.embeddings, 12).forEach((row, i) => {
      expect(cosine(row, row)).toBeCloseTo(1, 5);
      expect(cosine(row, rows(other.embeddings, 12)[i]!)).toBeCloseTo(1, 5);
    });
  });

  it('may want its colours the other way round', async () => {
    const path = fileOf(bandRecognizer('NCHW', 'n', 1));
    const [rgb, bgr] = await Promise.all([
      enrol(photos, null, request(path, 'NCHW')),
      enrol(photos, null, request(path, 'NCHW', { colour: 'BGR' })),
    ]);
    const swapped = bgr.embeddings.map(
      (_, i, all) => all[i - (i % 12) + ((2 - Math.floor((i % 12) / 4)) * 4 + (i % 4))]!,
    );
    rgb.embeddings.forEach((value, i) => {
      expect(swapped[i]).toBeCloseTo(value, 5);
    });
  });

  it('may keep its weights in another file, and is read from that alone', async () => {
    const graph = new GraphBuilder('bands');
    const x = graph.input('face', 'float32', ['n', 3, 32, 32]);
    const bands = graph.op('Flatten', [graph.op('AveragePool', [x], { kernel_shape: [8, 32], strides: [8, 32] })]);
    const product = graph.op('Mul', [bands, graph.externalWeight('bands.weights', [1, 12])]);
    graph.output('embedding', product, 'float32', ['n', 12]);
    const path = fileOf(graph.model());
    // Beside the model, where a runtime would look that is given its path.
    writeFileSync(join(dirname(path), 'bands.weights'), new Uint8Array(48));
    expect(await tasks.weightFiles(path)).toEqual(['bands.weights']);
    const external = (sign: number) => ({
      external: [{ location: 'bands.weights', path: fileOf(Buffer.from(new Float32Array(12).fill(sign).buffer)) }],
    });
    const one = await enrol(photos, null, { ...request(path, 'NCHW'), ...external(1) });
    const other = await enrol(photos, null, { ...request(path, 'NCHW'), ...external(-1) });
    expect(other.embeddings).toEqual(one.embeddings.map((value) => -value));
    await expect(enrol(photos, null, request(path, 'NCHW'))).rejects.toMatchObject({ code: 'RECOGNIZER_UNSUPPORTED' });
  });

  it('is read anew where another file has taken its place', async () => {
    const path = fileOf(bandRecognizer('NCHW', 'n', 1));
    const before = await enrol(photos, null, request(path, 'NCHW'));
    writeFileSync(path, bandRecognizer('NCHW', 'n', -1));
    const after = await enrol(photos, null, request(path, 'NCHW'));
    expect(after.embeddings[0]).toBeCloseTo(-before.embeddings[0]!, 5);
  });

  it.each<[string, Uint8Array | string, object]>([
    ['of another size', bandRecognizer('NCHW', 'n', 1), { size: 64 }],
    ['of another layout', bandRecognizer('NCHW', 'n', 1), { layout: 'NHWC' }],
    ['of another length', bandRecognizer('NCHW', 'n', 1), { embedding: 13 }],
    ['with a batch of its own', bandRecognizer('NCHW', 4, 1), {}],
  ])('that is %s than its card says is refused', async (_, model, changes) => {
    await expect(enrol(photos, null, request(fileOf(model), 'NCHW', changes))).rejects.toMatchObject({
      code: 'RECOGNIZER_UNSUPPORTED',
    });
  });
});
