/** Builds the graph that turns a generator's output into pictures and face crops. */
import { type CanvasPlacement, placeOnCanvas, resampleMatrix } from '../faces/resample.ts';
import { NodeList, type Value, valueInfo } from '../onnx/graph.ts';
import { extendModel } from '../onnx/model.ts';
import type { GeneratorSpec, Range } from './spec/generator.ts';

/** What the picture graph is built for. All sizes in pixels. */
export interface PictureGeometry {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  /** Size of the picture faces are cut from: the generated one, or smaller where the recognizer needs no more. */
  readonly sourceWidth: number;
  readonly sourceHeight: number;
  readonly canvas: CanvasPlacement;
}

/**
 * Faces are cut from a picture at most this many times as large as the aligned face: of a larger one the recognizer
 * would see no more, and a bilinear cut would skip pixels.
 */
const SOURCE_PER_FACE = 1.7;

/** Geometry for pictures of this size and a recognizer with aligned faces of `faceSize` pixels. */
export function pictureGeometry(width: number, height: number, channels: 1 | 3, faceSize: number): PictureGeometry {
  const shrink = Math.min(1, Math.ceil(SOURCE_PER_FACE * faceSize) / Math.max(width, height));
  const sourceWidth = Math.round(width * shrink);
  const sourceHeight = Math.round(height * shrink);
  return { width, height, channels, sourceWidth, sourceHeight, canvas: placeOnCanvas(sourceWidth, sourceHeight) };
}

/** Names of the outputs that `buildPictureModel` adds. */
export const PICTURE_OUTPUTS = {
  /** f32 [n,3,height,width], whole numbers 0..255: the picture as it would be saved. */
  picture: 'rewound/picture',
  /** f32 [n,3,sourceHeight,sourceWidth], 0..255. */
  source: 'rewound/source',
  /** f32 [n,3,s,s], 0..255: the source on the detector's black canvas. */
  canvas: 'rewound/canvas',
  /** f32 scalars over the batch: least and greatest raw value, and 0 unless a value is NaN or infinite. */
  least: 'rewound/least',
  greatest: 'rewound/greatest',
  finite: 'rewound/finite',
} as const;

/**
 * Extends a generator so that it gives 8-bit RGB pictures ready for the face networks: range to 0..255 and rounding as
 * image files are saved (floor(x + 0.5)), layout, grey to RGB, and resizing by matrices. Only operators that mean the
 * same from operator set 7 on are used, because the host model keeps its own. The canvas is left out where samples are
 * not looked at one by one.
 */
export function buildPictureModel(
  model: Uint8Array,
  spec: GeneratorSpec,
  range: Range,
  geometry: PictureGeometry,
  { canvas: withCanvas }: { readonly canvas: boolean },
): Uint8Array {
  const list = new NodeList('rewound/');
  const { image } = spec;
  let raw: Value = image.output;
  if (image.type !== 'float32') raw = list.op('Cast', [raw], { to: 1 });
  const least = list.op('ReduceMin', [raw], { keepdims: 0 });
  const greatest = list.op('ReduceMax', [raw], { keepdims: 0 });
  // Zero times anything finite is zero; NaN and infinities stay NaN.
  const zero = list.op('Mul', [raw, list.scalar(0)]);
  const finite = list.op('Add', [
    list.op('ReduceMin', [zero], { keepdims: 0 }),
    list.op('ReduceMean', [zero], { keepdims: 0 }),
  ]);

  if (image.layout === 'NHWC') raw = list.op('Transpose', [raw], { perm: [0, 3, 1, 2] });
  const [black, white] = range;
  const gain = 255 / (white - black);
  let picture = list.op('Add', [list.op('Mul', [raw, list.scalar(gain)]), list.scalar(0.5 - black * gain)]);
  // Clipped by Relu at both ends, exactly, for these are whole numbers: Min and Max broadcast from set 8 on only.
  picture = list.op('Relu', [list.op('Floor', [picture])]);
  picture = list.op('Sub', [list.scalar(255), list.op('Relu', [list.op('Sub', [list.scalar(255), picture])])]);
  if (geometry.channels === 1) picture = list.op('Concat', [picture, picture, picture], { axis: 1 });

  const resized = (from: Value, rows: Float32Array, columns: Float32Array, dims: readonly number[]): Value => {
    const [fromHeight, toHeight, fromWidth, toWidth] = dims as [number, number, number, number];
    const transposed = new Float32Array(columns.length);
    for (let i = 0; i < toWidth; i++)
      for (let j = 0; j < fromWidth; j++) transposed[j * toWidth + i] = columns[i * fromWidth + j]!;
    const tall = list.op('MatMul', [list.floats(rows, [toHeight, fromHeight]), from]);
    return list.op('MatMul', [tall, list.floats(transposed, [fromWidth, toWidth])]);
  };
  const { width, height, sourceWidth, sourceHeight, canvas } = geometry;
  const source =
    sourceWidth === width && sourceHeight === height
      ? picture
      : resized(picture, resampleMatrix(height, sourceHeight), resampleMatrix(width, sourceWidth), [
          height,
          sourceHeight,
          width,
          sourceWidth,
        ]);
  const outputs: [string, Value, (number | string)[]][] = [
    [PICTURE_OUTPUTS.picture, picture, ['n', 3, height, width]],
    [PICTURE_OUTPUTS.source, source, ['n', 3, sourceHeight, sourceWidth]],
    [PICTURE_OUTPUTS.least, least, []],
    [PICTURE_OUTPUTS.greatest, greatest, []],
    [PICTURE_OUTPUTS.finite, finite, []],
  ];
  if (withCanvas) {
    const onCanvas = resized(
      source,
      resampleMatrix(sourceHeight, canvas.height, canvas.side, canvas.top),
      resampleMatrix(sourceWidth, canvas.width, canvas.side, canvas.left),
      [sourceHeight, canvas.side, sourceWidth, canvas.side],
    );
    outputs.push([PICTURE_OUTPUTS.canvas, onCanvas, ['n', 3, canvas.side, canvas.side]]);
  }
  const infos = outputs.map(([name, value, dims]) => {
    list.rename(value, name);
    return valueInfo(name, 'float32', dims);
  });
  return extendModel(model, list.nodes, infos);
}
