import type { GeneratorNetwork } from '../../../shared/checkpoint/formats/generator-network.ts';
import { GraphBuilder } from '../../../shared/onnx/graph.ts';
import { floats, floatTensor } from '../../../shared/onnx/runtime.ts';
import { openModel } from '../runtime.ts';

export interface RunInputs {
  readonly z: readonly (readonly number[])[];
  readonly c?: readonly (readonly number[])[];
  readonly psi?: number;
}

/** The images of a generator, run by the real runtime, one after another. */
export async function runNetwork(network: GeneratorNetwork, { z, c, psi }: RunInputs): Promise<Float32Array[]> {
  const graph = new GraphBuilder('network');
  const { latentSize, classes, channels, resolution } = network;
  const image = network.build(graph, {
    z: graph.input('z', 'float32', ['n', latentSize]),
    c: c ? graph.input('c', 'float32', ['n', classes]) : null,
    psi: psi === undefined ? null : graph.input('psi', 'float32', [1]),
  });
  graph.output('image', image, 'float32', ['n', channels, resolution, resolution]);
  const model = await openModel(graph.model());
  const feeds = {
    z: floatTensor(Float32Array.from(z.flat()), [z.length, latentSize]),
    ...(c ? { c: floatTensor(Float32Array.from(c.flat()), [z.length, classes]) } : {}),
    ...(psi === undefined ? {} : { psi: floatTensor(Float32Array.of(psi), [1]) }),
  };
  const results = await model.run(feeds, ['image']);
  const all = floats(results.image);
  const each = channels * resolution ** 2;
  if (all.length !== z.length * each) throw new Error(`${all.length} values are not ${z.length} images`);
  return z.map((_, n) => all.subarray(n * each, (n + 1) * each));
}

/** The largest difference between two lists of numbers. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new Error(`${a.length} numbers cannot be compared to ${b.length}`);
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!);
    // NaN is as far off as can be.
    if (!(difference <= largest)) largest = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  }
  return largest;
}
