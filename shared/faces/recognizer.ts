/** Describes, opens and runs a face recognizer. */
import type { Tensor } from 'onnxruntime-node';
import { z } from 'zod';
import { RewoundError } from '../errors.ts';
import { GraphBuilder, type Value } from '../onnx/graph.ts';
import { type ExternalData, floats, floatTensor, type Model, type Runtime } from '../onnx/runtime.ts';
import { fitSimilarity, type Points, templatePoints, writeCropMatrix } from './align.ts';
import { addCrop } from './crop.ts';
import { addDlib, DLIB_EMBEDDING, DLIB_SIDE } from './networks/dlib.ts';

/** The JSON card of a recognizer that the user brings: what an ONNX file cannot say of itself. */
export const recognizerCardSchema = z.strictObject({
  /** What reports call it. */
  name: z.string().min(1).max(80),
  /** The ONNX file, relative to the card. */
  model: z.string().min(1),
  /** Side of the square aligned face, in pixels. */
  size: z.int().min(32).max(512),
  layout: z.enum(['NCHW', 'NHWC']),
  colour: z.enum(['RGB', 'BGR']).default('RGB'),
  /** Network input = (value - mean) * scale for values 0..255. */
  mean: z.number(),
  scale: z.number(),
  /** Landmark template the network was trained with. */
  template: z.enum(['112', '150']),
  embedding: z.int().min(2).max(8192),
  /** Under which terms it may be used, and what it was trained on: printed in every report. */
  licence: z.string().min(1),
});
export type RecognizerCard = z.infer<typeof recognizerCardSchema>;

/** What reports and gallery keys need to know of a recognizer. */
export interface RecognizerInfo {
  readonly name: string;
  readonly embedding: number;
  /** Side of the aligned face in pixels. */
  readonly size: number;
  readonly licence: string;
}

export const BUILT_IN_RECOGNIZER: RecognizerInfo = {
  name: 'dlib face recognition ResNet (weights of @vladmandic/face-api 1.7.15)',
  embedding: DLIB_EMBEDDING,
  size: DLIB_SIDE,
  licence: 'Public domain (CC0). Trained on about 3 million photos of FaceScrub, VGG and web collections.',
};

/** Aligned faces in, L2-normalised embeddings out. */
export interface Recognizer {
  readonly info: RecognizerInfo;
  /**
   * `images` f32 [n,3,height,width], RGB 0..255, with one face each at `points` (pixels of the image) -> f32 [n,d].
   */
  embed(images: Tensor, points: readonly Points[]): Promise<Float32Array>;
  release(): Promise<void>;
}

/** x / |x| along the last axis; a zero embedding stays zero. */
function addNormalise(graph: GraphBuilder, x: Value): Value {
  const norm = graph.op('ReduceL2', [x], { axes: [1], keepdims: 1 });
  return graph.op('Div', [x, graph.op('Max', [norm, graph.scalar(1e-12)])]);
}

function cropMatrices(images: Tensor, points: readonly Points[], template: Points): Tensor {
  const [, , height, width] = images.dims as readonly [number, number, number, number];
  const matrices = new Float32Array(points.length * 6);
  points.forEach((face, i) => {
    writeCropMatrix(matrices, i, fitSimilarity(template, face), width, height);
  });
  return floatTensor(matrices, [points.length, 2, 3]);
}

/** The recognizer that comes with Rewound: cropping and network in one graph. */
export async function openBuiltInRecognizer(runtime: Runtime): Promise<Recognizer> {
  const graph = new GraphBuilder('dlib-recognizer');
  const image = graph.input('image', 'float32', ['n', 3, 'h', 'w']);
  const matrix = graph.input('matrix', 'float32', ['n', 2, 3]);
  const embedding = await addDlib(graph, addCrop(graph, image, matrix, DLIB_SIDE));
  graph.output('embedding', addNormalise(graph, embedding), 'float32', ['n', DLIB_EMBEDDING]);
  const model = await runtime.open('embed', graph.model());
  const template = templatePoints('150', DLIB_SIDE);
  return {
    info: BUILT_IN_RECOGNIZER,
    embed: async (images, points) => {
      const matrices = cropMatrices(images, points, template);
      const { embedding } = await model.run({ image: images, matrix: matrices }, ['embedding']);
      return floats(embedding);
    },
    release: () => model.release(),
  };
}

/** Cuts out, normalises and lays out faces as a user's network wants them: f32 [n,3,size,size] or [n,size,size,3]. */
function inputGraph(card: RecognizerCard): Uint8Array {
  const graph = new GraphBuilder('recognizer-input');
  const image = graph.input('image', 'float32', ['n', 3, 'h', 'w']);
  const matrix = graph.input('matrix', 'float32', ['n', 2, 3]);
  let x = addCrop(graph, image, matrix, card.size);
  x = graph.op('Mul', [graph.op('Sub', [x, graph.scalar(card.mean)]), graph.scalar(card.scale)]);
  if (card.colour === 'BGR') x = graph.op('Gather', [x, graph.ints([2, 1, 0])], { axis: 1 });
  if (card.layout === 'NHWC') x = graph.op('Transpose', [x], { perm: [0, 2, 3, 1] });
  graph.output('face', x, 'float32', ['n', 'a', 'b', 'c']);
  return graph.model();
}

function normaliseGraph(): Uint8Array {
  const graph = new GraphBuilder('normalise');
  const raw = graph.op('Flatten', [graph.input('raw', 'float32', ['n', 'd'])]);
  graph.output('embedding', addNormalise(graph, raw), 'float32', ['n', 'd']);
  return graph.model();
}

export interface RecognizerFile {
  readonly card: RecognizerCard;
  /** The ONNX file, and the files of weights that it names. */
  readonly model: Uint8Array;
  readonly external: readonly ExternalData[];
  readonly input: string;
  readonly output: string;
  /** Whether the file insists on a batch of one. */
  readonly oneByOne: boolean;
}

/** A user's recognizer, by its card. Throws RECOGNIZER_UNSUPPORTED where file and card do not agree. */
export async function openRecognizer(runtime: Runtime, file: RecognizerFile): Promise<Recognizer> {
  const { card } = file;
  const crop = await runtime.open('embed', inputGraph(card));
  const network = await runtime.open('embed', file.model, file.external);
  const normalise = await runtime.open('embed', normaliseGraph());
  const template = templatePoints(card.template, card.size);
  const models: Model[] = [crop, network, normalise];
  return {
    info: { name: card.name, embedding: card.embedding, size: card.size, licence: card.licence },
    embed: async (images, points) => {
      const matrix = cropMatrices(images, points, template);
      const { face } = await crop.run({ image: images, matrix }, ['face']);
      const embeddings = new Float32Array(points.length * card.embedding);
      const step = file.oneByOne ? 1 : points.length;
      const row = floats(face).length / points.length;
      for (let i = 0; i < points.length; i += step) {
        const faces = floatTensor(floats(face).subarray(i * row, (i + step) * row), [step, ...face!.dims.slice(1)]);
        const raw = await network.run({ [file.input]: faces }, [file.output]);
        const { embedding } = await normalise.run({ raw: raw[file.output]! }, ['embedding']);
        if (floats(embedding).length !== step * card.embedding)
          throw wrongLength(card, floats(embedding).length / step);
        embeddings.set(floats(embedding), i * card.embedding);
      }
      return embeddings;
    },
    release: async () => {
      for (const model of models) await model.release();
    },
  };
}

function wrongLength({ embedding }: RecognizerCard, found: number): RewoundError {
  return new RewoundError(
    'RECOGNIZER_UNSUPPORTED',
    `The recognizer gives ${found} values a face; its card says ${embedding}.`,
    { help: 'Correct "embedding" in the card, or name the right model.' },
  );
}
