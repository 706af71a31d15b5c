/** Engines of several owners on one machine: an owner's tasks wait for each other, and not for another owner's. */
import type { Compute } from './compute.ts';
import { type EngineOptions, EngineProcess } from './process.ts';
import { computeOf, type Task, type TaskRequest } from './protocol.ts';

export interface PoolOptions extends EngineOptions {
  /** Processes at the same time; with one, all owners share it. */
  readonly most: number;
}

interface Place {
  readonly engine: EngineProcess;
  /** Tasks given to it that have not ended. */
  tasks: number;
}

/**
 * One engine process for each owner that has work. A process at rest is kept until another owner needs its place. An
 * owner whose model hangs occupies one place until a time limit ends the task; other owners go on in theirs.
 */
export class EnginePool {
  private readonly options: PoolOptions;
  /** By owner, the least recently used first. */
  private readonly places = new Map<string, Place>();
  /** Tasks that wait for a place, in the order they came. */
  private waiting: (() => void)[] = [];
  private closed = false;

  constructor(options: PoolOptions) {
    this.options = options;
  }

  /** The engine as one owner uses it. */
  tasksOf(owner: string): Compute {
    return computeOf((task, request) => this.run(owner, task, request));
  }

  /** Ends all processes at once; their tasks, and those that wait, fail with CANCELLED. */
  close(): void {
    this.closed = true;
    for (const { engine } of this.places.values()) engine.close();
    this.wake();
  }

  private async run(owner: string, task: Task, request: TaskRequest): Promise<unknown> {
    const place = await this.occupy(owner);
    try {
      return await (place.engine.tasks[task] as (request: TaskRequest) => Promise<unknown>)(request);
    } finally {
      place.tasks -= 1;
      if (place.tasks === 0) this.wake();
    }
  }

  /** Takes a place for one task, which must give it back. */
  private async occupy(owner: string): Promise<Place> {
    for (;;) {
      const own = this.places.get(owner) ?? this.newPlace();
      if (own) {
        // The most recently used last.
        this.places.delete(owner);
        this.places.set(owner, own);
        // At once: a place without a task may be given to another owner.
        own.tasks += 1;
        return own;
      }
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  /** A place for an owner that has none; undefined while all are at work. */
  private newPlace(): Place | undefined {
    if (this.places.size >= this.options.most) {
      const resting = [...this.places].find(([, { tasks }]) => tasks === 0);
      if (!resting) return undefined;
      const [owner, { engine }] = resting;
      engine.close();
      this.places.delete(owner);
    }
    const engine = new EngineProcess(this.options);
    if (this.closed) engine.close();
    return { engine, tasks: 0 };
  }

  /** Lets all that wait look again: those for whom there is still no place wait in the same order. */
  private wake(): void {
    const woken = this.waiting;
    this.waiting = [];
    for (const look of woken) look();
  }
}
