import { functions } from '../../../functions/index.ts';
import type { Compute } from '../../../shared/engine/compute.ts';
import { RewoundError } from '../../../shared/errors.ts';
import type { Context } from '../../../shared/pipeline/base/context.ts';
import { TOPICS } from '../../../shared/pipeline/base/messages.ts';
import { STALE_MS } from '../../../shared/pipeline/steps/sweep.ts';
import { toEvent } from '../../../shared/platform/event.ts';
import type { Json, Records } from '../../../shared/platform/ports.ts';
import { MemoryObjects, memoryRecords } from './memory.ts';
import { type Before, stubCompute } from './stub-compute.ts';

/** What goes wrong. All of it is drawn from the seed, so that a failure can be seen again. */
export interface Faults {
  /** 0: everything in the order it was asked for. */
  readonly seed?: number;
  /** Most deliveries of each message, whether or not they succeed. */
  readonly copies?: number;
  /** The call to the world, counted over all processes, after which its process is no more. */
  readonly crashAfter?: number;
  /** How often any call is the last of its process: one in so many. */
  readonly crashOneIn?: number;
  /** The call whose answer is lost: it happened, but its caller is told that the service does not answer. */
  readonly loseAnswer?: number;
  /** The error with which a call, the n-th of all, is refused without having happened. */
  readonly refuses?: (call: number) => RewoundError | undefined;
  /** Whether a publication, the n-th of all, reaches nobody. */
  readonly loses?: (topic: string, n: number) => boolean;
  readonly before?: Before;
  /** Window of the plan. */
  readonly window?: number;
}

interface Delivery {
  readonly topic: string;
  readonly message: Json;
  readonly attempt: number;
}

interface Process {
  dead: boolean;
  readonly delivery: Delivery;
}

/** A call that waits until the scheduler lets it happen. */
interface Parked {
  readonly process: Process;
  readonly happen: () => void;
}

/** Deliveries that are handled at the same time. */
const CONCURRENCY = 4;
/** Attempts before a message goes to the dead letters. */
const ATTEMPTS = 6;
/** Sweeps after which an audit that has not ended never will. */
const SWEEPS = 30;

/**
 * Rewound's functions on a platform in memory, in a time of its own. Every call to the world waits for its turn, and a
 * seed decides whose turn it is: any order that the real world could show. A process that dies simply does not go on,
 * as a killed one does not: no catch or finally of it runs. Its message is delivered again.
 */
export class Simulation {
  readonly objects = new MemoryObjects();
  readonly records: Records = memoryRecords();
  readonly published: { readonly topic: string; readonly message: Json }[] = [];
  readonly delivered = new Map<string, number>();
  /** Calls to the world so far. */
  calls = 0;
  now = Date.UTC(2026, 0, 1);
  private readonly faults: Faults;
  private readonly compute: Compute;
  private readonly waiting: Delivery[] = [];
  private readonly parked: Parked[] = [];
  private running = 0;
  private state: number;

  constructor(faults: Faults = {}) {
    this.faults = faults;
    this.state = faults.seed ?? 0;
    this.compute = stubCompute((path) => this.objects.read(path), faults.before);
  }

  /** The platform as somebody outside sees it, whose calls neither wait nor fail. */
  readonly outside = {
    clock: { now: () => this.now },
    publish: (topic: string, message: Json) => this.put(topic, message),
  };

  count(topic: string): number {
    return this.published.filter((one) => one.topic === topic).length;
  }

  /** Delivers until nothing waits. `meanwhile` is called between two steps, with their number. */
  async run(meanwhile: (step: number) => Promise<void> = async () => undefined): Promise<void> {
    for (let step = 0; ; step++) {
      await new Promise((resolve) => setImmediate(resolve));
      await meanwhile(step);
      const free = this.running < CONCURRENCY ? this.waiting.length : 0;
      if (this.parked.length + free === 0) {
        if (this.running === 0) return;
        continue;
      }
      const choice = this.draw(this.parked.length + free);
      if (choice < this.parked.length) this.parked.splice(choice, 1)[0]?.happen();
      else this.deliver(this.waiting.splice(choice - this.parked.length, 1)[0]!);
    }
  }

  /** Delivers, and sweeps as a schedule would, until no audit is open. Returns how many sweeps that took. */
  async finish(meanwhile?: (step: number) => Promise<void>): Promise<number> {
    await this.run(meanwhile);
    for (let sweeps = 0; ; sweeps++) {
      if ((await this.records.count('open-audits')) === 0) return sweeps;
      if (sweeps === SWEEPS) throw new Error('an audit does not end');
      this.now += STALE_MS;
      this.put(TOPICS.sweep, { version: 1 });
      await this.run();
    }
  }

  private put(topic: string, message: Json): void {
    this.published.push({ topic, message });
    if (this.faults.loses?.(topic, this.published.length)) return;
    const copies = 1 + this.draw(this.faults.copies ?? 1);
    for (let i = 0; i < copies; i++) this.waiting.push({ topic, message, attempt: 1 });
  }

  private deliver(delivery: Delivery): void {
    const { topic, message } = delivery;
    const handle = functions.get(topic);
    if (!handle) return;
    this.delivered.set(topic, (this.delivered.get(topic) ?? 0) + 1);
    const process: Process = { dead: false, delivery };
    this.running++;
    handle(this.contextOf(process), toEvent({ topic, id: '1', message, publishedAt: this.now })).then(
      () => this.end(process),
      () => this.end(process, true),
    );
  }

  private end(process: Process, again = false): void {
    if (process.dead) return;
    process.dead = true;
    this.running--;
    const { topic, message, attempt } = process.delivery;
    if (!again) return;
    if (attempt < ATTEMPTS) this.waiting.push({ topic, message, attempt: attempt + 1 });
    else if (topic !== TOPICS.deadletter) this.put(TOPICS.deadletter, message);
  }

  /** The world as one process sees it. */
  private contextOf(process: Process): Context {
    const { objects, records, compute } = this;
    const call = <T>(work: () => Promise<T>) => this.call(process, work);
    const events = { publish: async (topic: string, message: Json) => this.put(topic, message) };
    const proxy = <P extends object>(port: P): P =>
      new Proxy(port, {
        get: (target, name) => {
          const method: unknown = Reflect.get(target, name);
          if (typeof method !== 'function') return method;
          if (name === 'list') return (...args: unknown[]) => this.list(process, () => method.apply(target, args));
          return (...args: unknown[]) => call(() => method.apply(target, args));
        },
      });
    return {
      objects: proxy<Context['objects']>(objects),
      records: proxy(records),
      events: proxy(events),
      compute: proxy(compute),
      clock: { now: () => this.now },
      device: 'cpu',
      window: this.faults.window ?? 2,
    };
  }

  private call<T>(process: Process, work: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const happen = () => {
        this.calls++;
        const refusal = this.faults.refuses?.(this.calls);
        if (refusal) return reject(refusal);
        const result = work();
        if (this.isLast()) this.die(process);
        else if (this.calls === this.faults.loseAnswer) reject(noAnswer());
        else result.then(resolve, reject);
        result.catch(() => undefined);
      };
      this.parked.push({ process, happen });
    });
  }

  /** A list is read in pages, between which the world goes on. */
  private async *list<T>(process: Process, open: () => AsyncIterable<T>): AsyncGenerator<T> {
    let read = 0;
    for await (const item of open()) {
      if (read++ % PAGE === 0) await this.call(process, async () => undefined);
      yield item;
    }
  }

  private isLast(): boolean {
    const { crashAfter, crashOneIn } = this.faults;
    return this.calls === crashAfter || (crashOneIn !== undefined && this.draw(crashOneIn) === 0);
  }

  private die(process: Process): void {
    this.end(process, true);
    for (let i = this.parked.length - 1; i >= 0; i--) {
      if (this.parked[i]!.process === process) this.parked.splice(i, 1);
    }
  }

  /** A whole number below n: mulberry32, or always 0 without a seed. */
  private draw(n: number): number {
    if (!this.faults.seed) return 0;
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % n;
  }
}

const PAGE = 8;

function noAnswer(): RewoundError {
  return new RewoundError('PLATFORM_UNAVAILABLE', 'The service does not answer.', { help: 'Wait.', transient: true });
}
