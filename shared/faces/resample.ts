/**
 * Resampling as a matrix: row i holds the weights of the input samples that make output sample i. Applied to an image
 * as A X B^T it needs MatMul alone, so it means the same in every opset and on every device.
 */

/**
 * f32 [to, from]: `from` samples scaled to `size` samples that start at `offset` of `to`; rows outside are zero.
 * A triangle filter, widened when shrinking so that it averages instead of skipping (as Pillow's BILINEAR does).
 */
export function resampleMatrix(from: number, size: number, to = size, offset = 0): Float32Array {
  const matrix = new Float32Array(to * from);
  const step = from / size;
  const radius = Math.max(step, 1);
  for (let i = 0; i < size; i++) {
    const centre = (i + 0.5) * step - 0.5;
    const first = Math.max(0, Math.ceil(centre - radius));
    const last = Math.min(from - 1, Math.floor(centre + radius));
    let sum = 0;
    for (let j = first; j <= last; j++) sum += Math.max(0, 1 - Math.abs(j - centre) / radius);
    for (let j = first; j <= last; j++) {
      matrix[(offset + i) * from + j] = Math.max(0, 1 - Math.abs(j - centre) / radius) / sum;
    }
  }
  return matrix;
}

/** How an image lies on the detector's square canvas: scaled by `scale`, its corner at (`left`, `top`). */
export interface CanvasPlacement {
  readonly side: number;
  readonly scale: number;
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly top: number;
}

/** Share of the canvas the longer side of the image takes; the black border raises the detector's score. */
const FILL = 0.7;
const CELL = 32;
const LARGEST_CANVAS = 224;
const SMALLEST_CANVAS = 96;

/** The canvas for an image: as large as helps, never enlarging a small face much; or of the given side. */
export function placeOnCanvas(width: number, height: number, given?: number): CanvasPlacement {
  const longest = Math.max(width, height);
  const wanted = Math.ceil(longest / FILL / CELL) * CELL;
  const side = given ?? Math.min(LARGEST_CANVAS, Math.max(SMALLEST_CANVAS, wanted));
  const scale = (FILL * side) / longest;
  const w = Math.max(1, Math.round(width * scale));
  const h = Math.max(1, Math.round(height * scale));
  return { side, scale, width: w, height: h, left: Math.floor((side - w) / 2), top: Math.floor((side - h) / 2) };
}

/** Writes interleaved RGB of the placement's width and height into a black canvas: f32 [3,side,side] at `offset`. */
export function fillCanvas(
  { data }: { readonly data: Uint8Array },
  { side, width, height, left, top }: CanvasPlacement,
  canvas: Float32Array,
  offset: number,
): void {
  const plane = side * side;
  for (let y = 0; y < height; y++) {
    let to = offset + (y + top) * side + left;
    for (let from = y * width * 3; from < (y + 1) * width * 3; from += 3, to++) {
      canvas[to] = data[from]!;
      canvas[to + plane] = data[from + 1]!;
      canvas[to + 2 * plane] = data[from + 2]!;
    }
  }
}
