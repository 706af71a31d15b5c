import { existsSync, readFileSync } from 'node:fs';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { RandomState } from '../../shared/audit/numbers/random.ts';
import { detectorGraph } from '../../shared/faces/networks/detector.ts';
import { addDlib, DLIB_SIDE } from '../../shared/faces/networks/dlib.ts';
import { LANDMARK_SIDE, landmarkGraph } from '../../shared/faces/networks/landmarks.ts';
import { GraphBuilder } from '../../shared/onnx/graph.ts';
import { sharedData } from '../support/shared-data.ts';

const golden = sharedData('faceapi-golden');

async function run(model: Uint8Array, input: string, side: number): Promise<Float32Array> {
  const session = await InferenceSession.create(model, { intraOpNumThreads: 1 });
  const pixels = new Float32Array(3 * side * side);
  new RandomState(0).uniform(0, 255, pixels);
  const [output] = Object.values(await session.run({ [input]: new Tensor('float32', pixels, [1, 3, side, side]) }));
  await session.release();
  return output!.data as Float32Array;
}

function known(name: string): Float32Array {
  const bytes = readFileSync(`${golden}/${name}.f32`);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i]!)), 0);
}

async function dlibGraph(): Promise<Uint8Array> {
  const graph = new GraphBuilder('dlib');
  const faces = graph.input('faces', 'float32', ['n', 3, DLIB_SIDE, DLIB_SIDE]);
  graph.output('embeddings', await addDlib(graph, faces), 'float32', ['n', 128]);
  return graph.model();
}

describe.skipIf(!golden || !existsSync(golden))('the face networks give the outputs known for their weights', () => {
  it('detector', async () => {
    expect(largestDifference(await run(await detectorGraph(), 'canvas', 160), known('detector'))).toBeLessThan(1e-4);
  });
  it('landmarks', async () => {
    const points = await run(await landmarkGraph(), 'crops', LANDMARK_SIDE);
    expect(largestDifference(points, known('landmarks68'))).toBeLessThan(1e-5);
  });
  it('recognizer', async () => {
    expect(largestDifference(await run(await dlibGraph(), 'faces', DLIB_SIDE), known('recognizer'))).toBeLessThan(1e-5);
  });
});
