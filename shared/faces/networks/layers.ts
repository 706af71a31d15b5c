/** Builds layers over the weights of one network. */
import type { GraphBuilder, Value } from '../../onnx/graph.ts';
import { type Weight, weightOf } from './weights.ts';

/** Kernel layout of the package, [height, width, in, out], to ONNX's [out, in, height, width]. */
function convolutionKernel({ shape, data }: Weight): { dims: number[]; data: Float32Array } {
  const [height, width, inputs, outputs] = shape as readonly [number, number, number, number];
  const kernel = new Float32Array(data.length);
  for (let o = 0; o < outputs; o++)
    for (let i = 0; i < inputs; i++)
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++)
          kernel[((o * inputs + i) * height + y) * width + x] = data[((y * width + x) * inputs + i) * outputs + o]!;
  return { dims: [outputs, inputs, height, width], data: kernel };
}

/** Padding as ONNX orders it: top, left, bottom, right. */
export type Pads = readonly [number, number, number, number];

/** Layers over one network's weights, by the names the package gives them. */
export class Layers {
  private readonly graph: GraphBuilder;
  private readonly weights: ReadonlyMap<string, Weight>;

  constructor(graph: GraphBuilder, weights: ReadonlyMap<string, Weight>) {
    this.graph = graph;
    this.weights = weights;
  }

  weight(name: string): Weight {
    return weightOf(this.weights, name);
  }

  convolution(x: Value, kernel: Weight, bias: Float32Array | undefined, stride: number, pads: Pads): Value {
    const { dims, data } = convolutionKernel(kernel);
    const inputs = [x, this.graph.weight(data, dims)];
    if (bias) inputs.push(this.graph.weight(bias, [bias.length]));
    return this.graph.op('Conv', inputs, {
      kernel_shape: dims.slice(2),
      strides: [stride, stride],
      pads: [...pads],
    });
  }

  /** Depthwise convolution followed by a pointwise one with bias. */
  separable(x: Value, name: string, stride: number, pads: Pads): Value {
    const { shape, data } = this.weight(`${name}/depthwise_filter`);
    const [height, width, channels] = shape as readonly [number, number, number, number];
    const depthwise = new Float32Array(data.length);
    for (let c = 0; c < channels; c++)
      for (let p = 0; p < height * width; p++) depthwise[c * height * width + p] = data[p * channels + c]!;
    const spread = this.graph.op('Conv', [x, this.graph.weight(depthwise, [channels, 1, height, width])], {
      kernel_shape: [height, width],
      strides: [stride, stride],
      pads: [...pads],
      group: channels,
    });
    return this.convolution(
      spread,
      this.weight(`${name}/pointwise_filter`),
      this.weight(`${name}/bias`).data,
      1,
      [0, 0, 0, 0],
    );
  }

  /** (x - mean) / range for RGB 0..255 in NCHW. */
  normalised(x: Value, mean: readonly [number, number, number], range = 255): Value {
    const centred = this.graph.op('Sub', [x, this.graph.floats(mean, [1, 3, 1, 1])]);
    return this.graph.op('Mul', [centred, this.graph.scalar(1 / range)]);
  }
}
