/** How long a task of the engine may be silent, from what its batches took so far. */

/** A batch may take this many times as long as the slowest before it, or as calibration measured. */
const SLACK = 20;
/** Nothing is ended sooner: machines pause, and first batches are slow. */
const LEAST_MS = 30_000;

/**
 * The pace of one task. Until its models are loaded and the first sign of progress is there, it may be silent for
 * `mostMs`; then a batch has its own limit, so that a model that begins to hang does not cost all of that.
 */
export class Pace {
  private readonly mostMs: number;
  private slowestMs: number | undefined;
  private loaded = false;

  /** `batchMs`: what calibration says a batch takes; undefined while nothing is known. */
  constructor(mostMs: number, batchMs?: number) {
    this.mostMs = mostMs;
    this.slowestMs = batchMs;
  }

  /** A sign of progress: `done` items are finished, `ms` after the sign before. With 0, the models are loaded. */
  progressed(done: number, ms: number): void {
    if (this.loaded && done > 0) this.slowestMs = Math.max(this.slowestMs ?? 0, ms);
    this.loaded = true;
  }

  /** Milliseconds of silence after which the task has lost its pace. */
  limitMs(): number {
    if (!this.loaded || this.slowestMs === undefined) return this.mostMs;
    return Math.min(this.mostMs, Math.max(LEAST_MS, SLACK * this.slowestMs));
  }
}
