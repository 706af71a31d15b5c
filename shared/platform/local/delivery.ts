/** Delivers messages of the local queue to functions. */
import { setTimeout as delay, setImmediate as immediate } from 'node:timers/promises';
import { type PubsubEvent, toEvent } from '../event.ts';
import type { Clock } from '../ports.ts';
import type { Lease, Queue } from './queue.ts';

/** A deployed function: resolves when the message is done, throws to get it again. */
export type Handler = (event: PubsubEvent) => Promise<void>;

/** Resolves after `ms`, or as soon as the signal aborts; never rejects. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

export interface DeliveryOptions {
  readonly queue: Queue;
  /** Topic -> what handles its messages. Messages of other topics stay where they are. */
  readonly handlers: ReadonlyMap<string, Handler>;
  /** Topic -> messages handled at the same time; 1 where nothing is said. */
  readonly concurrency?: Readonly<Record<string, number>>;
  readonly clock: Clock;
  /** Stops leasing; messages being handled are waited for. */
  readonly signal?: AbortSignal;
  /** Stops waiting too: what is being handled goes back to the queue at once and its outcome is ignored. */
  readonly abandon?: AbortSignal;
  /** How long a handler may be silent: heartbeats extend the lease while it runs. */
  readonly leaseMs?: number;
  readonly sleep?: Sleep;
  /** Told of each failure before the message goes back. */
  readonly onError?: (error: unknown, lease: Lease) => void;
}

/** How often to look for messages that another process published. */
const POLL_MS = 250;

/** Delivers until these topics hold nothing, waiting or leased by anyone, or until a signal aborts. */
export function deliverUntilIdle(options: DeliveryOptions): Promise<void> {
  return new Delivery(options).run(true);
}

/** Delivers until a signal aborts. */
export function deliverUntilAborted(options: DeliveryOptions & { readonly signal: AbortSignal }): Promise<void> {
  return new Delivery(options).run(false);
}

/** One run of the loop. It ends with an error only if the queue itself fails, for example on a full disk. */
class Delivery {
  readonly #options: DeliveryOptions;
  readonly #leaseMs: number;
  readonly #beatMs: number;
  readonly #bell: Bell;
  readonly #running = new Set<Lease>();
  /** What has been handled and not been acknowledged yet. */
  #handled: { readonly lease: Lease; readonly outcome: Outcome }[] = [];
  /** Topic -> messages that may be taken on now. */
  readonly #free: Map<string, number>;
  #nextBeat: number;

  constructor(options: DeliveryOptions) {
    const { handlers, concurrency = {}, clock, leaseMs = 60_000, sleep = realSleep } = options;
    this.#options = options;
    this.#leaseMs = leaseMs;
    this.#beatMs = Math.floor(leaseMs / 3);
    this.#bell = new Bell(sleep);
    this.#free = new Map([...handlers.keys()].map((topic) => [topic, concurrency[topic] ?? 1]));
    this.#nextBeat = clock.now() + this.#beatMs;
  }

  async run(untilIdle: boolean): Promise<void> {
    const { queue, signal, abandon } = this.#options;
    const ring = () => this.#bell.ring();
    const unsubscribe = queue.onPublish(ring);
    signal?.addEventListener('abort', ring);
    abandon?.addEventListener('abort', ring);
    try {
      while (!this.#isOver(untilIdle)) {
        await this.#bell.wait(this.#pause());
        this.#beat();
      }
    } finally {
      unsubscribe();
      signal?.removeEventListener('abort', ring);
      abandon?.removeEventListener('abort', ring);
      this.#giveBack();
    }
  }

  /** Lets go of what is still being handled. */
  #giveBack(): void {
    const left = [...this.#running];
    this.#running.clear();
    try {
      for (const lease of left) this.#options.queue.giveBack(lease);
    } catch {
      // A queue that fails has ended the run with its own error; leases that cannot be given back end by themselves.
    }
  }

  /** Settles what is done and takes on what it may; says whether the run is over. */
  #isOver(untilIdle: boolean): boolean {
    const { queue, handlers, signal, abandon } = this.#options;
    const stops = abandon?.aborted || signal?.aborted;
    for (const { handler, lease } of this.#turn(!stops)) void this.#handle(handler, lease);
    if (stops) return abandon?.aborted || this.#running.size === 0;
    return untilIdle && this.#running.size === 0 && queue.nextDue([...handlers.keys()]) === undefined;
  }

  /** What is to be handled now. One write for all of it: to write messages one by one is what would take the time. */
  #turn(takesOn: boolean): Task[] {
    const { queue, clock, onError } = this.#options;
    const due = takesOn ? queue.nextDue(this.#freeTopics()) : undefined;
    const isDue = due !== undefined && due <= clock.now();
    if (this.#handled.length === 0 && !isDue) return [];
    const handled = this.#handled;
    this.#handled = [];
    for (const { lease, outcome } of handled) if (!outcome.ok) onError?.(outcome.error, lease);
    return queue.together(() => {
      for (const { lease, outcome } of handled) {
        if (outcome.ok) queue.ack(lease);
        else queue.nack(lease, outcome.error);
      }
      return takesOn ? this.#take() : [];
    });
  }

  #take(): Task[] {
    const { queue, handlers } = this.#options;
    const taken: Task[] = [];
    for (;;) {
      const lease = queue.lease(this.#freeTopics(), this.#leaseMs);
      const handler = lease && handlers.get(lease.topic);
      if (!handler) return taken;
      this.#running.add(lease);
      this.#occupy(lease.topic, 1);
      taken.push({ handler, lease });
    }
  }

  async #handle(handler: Handler, lease: Lease): Promise<void> {
    const outcome = await outcomeOf(handler, lease);
    // An abandoned message is somebody else's by now.
    if (!this.#running.delete(lease)) return;
    this.#occupy(lease.topic, -1);
    this.#handled.push({ lease, outcome });
    this.#bell.ring();
  }

  #occupy(topic: string, by: 1 | -1): void {
    this.#free.set(topic, (this.#free.get(topic) ?? 0) - by);
  }

  #freeTopics(): string[] {
    return [...this.#free].filter(([, free]) => free > 0).map(([topic]) => topic);
  }

  /** Extends what is being handled, when it is time; before anything is leased, as the machine may have slept. */
  #beat(): void {
    const { queue, clock } = this.#options;
    if (clock.now() < this.#nextBeat) return;
    for (const lease of this.#running) queue.extend(lease, this.#leaseMs);
    this.#nextBeat = clock.now() + this.#beatMs;
  }

  /** How long nothing can be to do, if the bell does not ring. */
  #pause(): number {
    const { queue, clock } = this.#options;
    const due = queue.nextDue(this.#freeTopics()) ?? Number.POSITIVE_INFINITY;
    return Math.max(0, Math.min(POLL_MS, Math.min(due, this.#nextBeat) - clock.now()));
  }
}

interface Task {
  readonly handler: Handler;
  readonly lease: Lease;
}

type Outcome = { readonly ok: true } | { readonly ok: false; readonly error: unknown };

async function outcomeOf(handler: Handler, lease: Lease): Promise<Outcome> {
  try {
    await handler(toEvent(lease));
    return { ok: true };
  } catch (error) {
    return { ok: false, error };
  }
}

/** Wakes the loop. A ring while nobody waits is kept for the next one who does. */
class Bell {
  readonly #sleep: Sleep;
  #rung = false;
  #wake: AbortController | undefined;

  constructor(sleep: Sleep) {
    this.#sleep = sleep;
  }

  ring(): void {
    this.#rung = true;
    this.#wake?.abort();
  }

  async wait(ms: number): Promise<void> {
    // Even a loop that never rests must let timers and signals of the process have their turn.
    await immediate();
    if (!this.#rung && ms > 0) {
      this.#wake = new AbortController();
      await this.#sleep(ms, this.#wake.signal);
      this.#wake = undefined;
    }
    this.#rung = false;
  }
}

async function realSleep(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
