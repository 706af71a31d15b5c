/** Finds the one face of each image and its landmarks. */
import type { Tensor } from 'onnxruntime-node';
import { GraphBuilder } from '../onnx/graph.ts';
import { floats, floatTensor, type Model, type Runtime } from '../onnx/runtime.ts';
import { type Points, writeCropMatrix } from './align.ts';
import { addCrop } from './crop.ts';
import { bestBox, detectorGraph, gridCells } from './networks/detector.ts';
import { addLandmarks, fivePoints, LANDMARK_SIDE } from './networks/landmarks.ts';
import type { CanvasPlacement } from './resample.ts';

/** A face in an image: its five points in pixels of the image, and how sure the detector is (0..1). */
export interface LocatedFace {
  readonly score: number;
  readonly points: Points;
}

/** Finds the one face of each image: the best box of the detector, then the landmarks inside it. */
export class FaceLocator {
  private readonly detector: Model;
  private readonly landmarks: Model;

  private constructor(detector: Model, landmarks: Model) {
    this.detector = detector;
    this.landmarks = landmarks;
  }

  static async open(runtime: Runtime): Promise<FaceLocator> {
    const graph = new GraphBuilder('locate');
    const image = graph.input('image', 'float32', ['n', 3, 'h', 'w']);
    const matrix = graph.input('matrix', 'float32', ['n', 2, 3]);
    const points = await addLandmarks(graph, addCrop(graph, image, matrix, LANDMARK_SIDE));
    graph.output('points', points, 'float32', ['n', 136]);
    return new FaceLocator(
      await runtime.open('align', await detectorGraph()),
      await runtime.open('align', graph.model()),
    );
  }

  /**
   * `images` f32 [n,3,h,w] and the same images on their canvases, f32 [n,3,s,s], RGB 0..255; images smaller than h x w
   * lie in the upper left corner. Every image gets a face; whether it is one says its score.
   */
  async locate(images: Tensor, canvases: Tensor, placements: readonly CanvasPlacement[]): Promise<LocatedFace[]> {
    const [count, , height, width] = images.dims as readonly [number, number, number, number];
    const { grid } = await this.detector.run({ canvas: canvases }, ['grid']);
    const boxes = Array.from({ length: count }, (_, i) => {
      const placement = placements[i]!;
      const { x, y, width: w, height: h, score } = bestBox(floats(grid), gridCells(placement.side), i);
      // Canvas fractions to image pixels, and the box made square about its centre, as the landmark network wants it.
      const side = (Math.max(w, h) * placement.side) / placement.scale;
      const centreX = ((x + w / 2) * placement.side - placement.left) / placement.scale;
      const centreY = ((y + h / 2) * placement.side - placement.top) / placement.scale;
      return { score, left: centreX - side / 2, top: centreY - side / 2, side };
    });
    const matrices = new Float32Array(count * 6);
    boxes.forEach(({ left, top, side }, i) => {
      const a = side / LANDMARK_SIDE;
      writeCropMatrix(matrices, i, { a, b: 0, tx: left + a / 2 - 0.5, ty: top + a / 2 - 0.5 }, width, height);
    });
    const { points } = await this.landmarks.run({ image: images, matrix: floatTensor(matrices, [count, 2, 3]) }, [
      'points',
    ]);
    return boxes.map(({ score, left, top, side }, i) => ({
      score,
      points: fivePoints(floats(points), i).map((value, j) => (j % 2 === 0 ? left : top) + value * side - 0.5),
    }));
  }

  async release(): Promise<void> {
    await this.detector.release();
    await this.landmarks.release();
  }
}
