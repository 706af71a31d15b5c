import { beforeAll, describe, expect, it } from 'vitest';
import { localTasks } from '../../shared/engine/tasks.ts';
import type { Enrolment } from '../../shared/faces/enrolled.ts';
import { ORL, photosOf } from './orl.ts';

const PEOPLE = 40;
const PHOTOS = 10;
const LENGTH = 128;

describe.skipIf(!ORL)('the built-in networks on the ORL faces, at their own resolution', () => {
  let enrolment: Enrolment;
  let same: Float64Array;
  let different: Float64Array;

  beforeAll(async () => {
    const tasks = localTasks({ device: 'cpu', threads: 1 }, () => undefined);
    const photos = Array.from({ length: PEOPLE }, (_, i) => photosOf(i + 1)).flat();
    enrolment = await tasks.enrol({
      photos: photos.map((path) => ({ path })),
      recognizer: { kind: 'built-in' },
      resolution: null,
    });
    const pairs = { same: [] as number[], different: [] as number[] };
    for (let a = 0; a < photos.length; a++) {
      for (let b = 0; b < a; b++) {
        const kind = Math.floor(a / PHOTOS) === Math.floor(b / PHOTOS) ? 'same' : 'different';
        pairs[kind].push(cosine(enrolment.embeddings, a, b));
      }
    }
    same = Float64Array.from(pairs.same).sort();
    different = Float64Array.from(pairs.different).sort();
  }, 240_000);

  it('find a face in every photo', () => {
    expect(enrolment.states).toEqual(new Array(PEOPLE * PHOTOS).fill('enrolled'));
  });

  it('tell the same person from others with an area under the curve of 0.9995', () => {
    expect(areaUnderCurve(same, different)).toBeGreaterThanOrEqual(0.9995);
  });

  it('err equally often either way in at most 0.6% of the pairs', () => {
    expect(equalErrorRate(same, different)).toBeLessThanOrEqual(0.006);
  });
});

function cosine(embeddings: Float32Array, a: number, b: number): number {
  let sum = 0;
  for (let i = 0; i < LENGTH; i++) sum += embeddings[a * LENGTH + i]! * embeddings[b * LENGTH + i]!;
  return sum;
}

/** How many values of a sorted list are below `limit`. */
function below(sorted: Float64Array, limit: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Share of pairs of pairs in which the same person is nearer. */
function areaUnderCurve(same: Float64Array, different: Float64Array): number {
  const nearer = same.reduce((sum, value) => sum + below(different, value), 0);
  return nearer / (same.length * different.length);
}

/** The error where misses and false matches are equally frequent. */
function equalErrorRate(same: Float64Array, different: Float64Array): number {
  let best = 1;
  for (const threshold of same) {
    const misses = below(same, threshold) / same.length;
    const falseMatches = 1 - below(different, threshold) / different.length;
    best = Math.min(best, Math.max(misses, falseMatches));
  }
  return best;
}
