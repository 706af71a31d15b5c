/**
 * Alignment: where the five points of a face lie, and the similarity that brings them onto a recognizer's template.
 * Points are x0, y0, x1, y1, ... in pixels, with pixel centres at integers: image-left eye, image-right eye, nose,
 * image-left mouth corner, image-right mouth corner.
 */
export type Points = Float64Array;

/** x' = a x - b y + tx, y' = b x + a y + ty. */
export interface Similarity {
  readonly a: number;
  readonly b: number;
  readonly tx: number;
  readonly ty: number;
}

/** The five points of the 112-pixel template that most face recognizers are trained with. */
const TEMPLATE_112 = Float64Array.of(
  ...[38.2946, 51.6963, 73.5318, 51.5014, 56.0252, 71.7366, 41.5493, 92.3655, 70.7299, 92.2041],
);

/** The same for dlib's 150-pixel chips, fitted to its five-point chip geometry. */
const TEMPLATE_150 = TEMPLATE_112.map((value, i) =>
  i % 2 === 0 ? (value - 55.99) * 1.5227 + 75 : (value - 65.16) * 1.5227 + 64.5,
);

export type TemplateName = '112' | '150';

/** Template points for an aligned face of `side` pixels. */
export function templatePoints(name: TemplateName, side: number): Points {
  const [points, size] = name === '112' ? [TEMPLATE_112, 112] : [TEMPLATE_150, 150];
  return points.map((value) => (value * side) / size);
}

/**
 * The similarity that maps `from` onto `to` with the least sum of squares (Umeyama 1991, without reflection). Points
 * that coincide give the translation between the centroids.
 */
export function fitSimilarity(from: Points, to: Points): Similarity {
  const n = from.length / 2;
  let [fx, fy, gx, gy] = [0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    fx += from[2 * i]! / n;
    fy += from[2 * i + 1]! / n;
    gx += to[2 * i]! / n;
    gy += to[2 * i + 1]! / n;
  }
  let [dot, cross, norm] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const x = from[2 * i]! - fx;
    const y = from[2 * i + 1]! - fy;
    const u = to[2 * i]! - gx;
    const v = to[2 * i + 1]! - gy;
    dot += x * u + y * v;
    cross += x * v - y * u;
    norm += x * x + y * y;
  }
  const a = norm > 0 ? dot / norm : 1;
  const b = norm > 0 ? cross / norm : 0;
  return { a, b, tx: gx - a * fx + b * fy, ty: gy - b * fx - a * fy };
}

/** Distance between the eyes, in pixels. */
export function eyeDistance(points: Points): number {
  return Math.hypot(points[2]! - points[0]!, points[3]! - points[1]!);
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** The same points after the image was resized from `from` to `to`. */
export function scalePoints(points: Points, from: Size, to: Size): Points {
  return points.map((value, i) => {
    const factor = i % 2 === 0 ? to.width / from.width : to.height / from.height;
    return (value + 0.5) * factor - 0.5;
  });
}

/**
 * Writes row `index` of the crop graph's `matrix` input (f32 [n,2,3]): from pixels of the crop to GridSample's
 * coordinates (-1..1 over the image's outer edges, align_corners = 0) of a `width` x `height` image.
 */
export function writeCropMatrix(
  matrices: Float32Array,
  index: number,
  cropToImage: Similarity,
  width: number,
  height: number,
): void {
  const { a, b, tx, ty } = cropToImage;
  matrices.set(
    [
      (2 * a) / width,
      (-2 * b) / width,
      (2 * tx + 1) / width - 1,
      (2 * b) / height,
      (2 * a) / height,
      (2 * ty + 1) / height - 1,
    ],
    index * 6,
  );
}
