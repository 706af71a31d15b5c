import { availableParallelism } from 'node:os';
import { functions, useContext } from '../../functions/index.ts';
import { engineMemory } from '../../shared/engine/memory.ts';
import { EngineProcess } from '../../shared/engine/process.ts';
import type { Task } from '../../shared/engine/protocol.ts';
import { asRewoundError, RewoundError } from '../../shared/errors.ts';
import type { Device } from '../../shared/onnx/runtime.ts';
import type { Context } from '../../shared/pipeline/context.ts';
import { giveUp } from '../../shared/pipeline/give-up.ts';
import { TOPICS } from '../../shared/pipeline/messages.ts';
import { refusingErased } from '../../shared/pipeline/tombstones.ts';
import { type DeliveryOptions, deliverUntilAborted, deliverUntilIdle } from '../../shared/platform/local/delivery.ts';
import { type LocalPlatform, openLocal } from '../../shared/platform/local/index.ts';
import type { Mounts } from '../../shared/platform/local/tree.ts';
import { hostedTenancy } from '../../shared/service/tenancy.ts';

export interface StationOptions {
  readonly folder: string;
  readonly mounts?: Mounts;
  readonly device: Device;
  readonly onProgress?: (task: Task, done: number) => void;
  /** Told of each message before it is handled. */
  readonly onMessage?: (topic: string, event: { readonly data?: unknown }) => Promise<void>;
  /** Ends walks through folders. */
  readonly signal?: AbortSignal;
  readonly onFailure?: (error: RewoundError, attempt: number) => void;
}

/** Attempts before a message is given up; what fails three times on one machine fails again. */
const MAX_ATTEMPTS = 3;
/** What these ask for must come to pass: a hold be released, a photo erased. Nobody else would ask for it again. */
const ENDLESS = [TOPICS.settle, TOPICS.deliver, TOPICS.tend];
/** Webhooks sent at the same time: one that does not answer must not hold up the others. */
const DELIVERIES = 8;
const SILENCE_MS = 300_000;

/** Rewound on one machine: the local platform, the engine, and the functions delivered to in this process. */
export class Station {
  readonly context: Context;
  readonly platform: LocalPlatform;
  private readonly engine: EngineProcess;
  private readonly options: StationOptions;

  constructor(options: StationOptions) {
    this.options = options;
    const { folder, mounts = {}, device, onProgress, signal } = options;
    this.platform = openLocal({
      folder,
      mounts,
      queue: { maxAttempts: MAX_ATTEMPTS, endless: ENDLESS },
      ...(signal ? { signal } : {}),
    });
    this.forgetDead();
    this.engine = new EngineProcess({
      device,
      threads: availableParallelism(),
      memoryBytes: engineMemory(),
      silenceMs: SILENCE_MS,
      ...(onProgress ? { onProgress } : {}),
    });
    const { objects, records, events, clock } = this.platform;
    const tenancy = hostedTenancy({ records, events, clock });
    this.context = { objects, records, events, clock, compute: this.engine.tasks, device, window: 1, tenancy };
    useContext(this.context);
  }

  /** Forgets the messages that earlier runs gave up: audits that are still open are resumed, or begun anew. */
  private forgetDead(): void {
    const { queue } = this.platform;
    for (const { id } of queue.dead()) queue.forget(id);
  }

  /** Drops what is waiting: an earlier run's messages, which `resume` publishes anew from what is there. */
  discardMessages(): void {
    const { queue } = this.platform;
    const topics = Object.values(TOPICS);
    for (let lease = queue.lease(topics, 60_000); lease; lease = queue.lease(topics, 60_000)) queue.ack(lease);
  }

  /** Delivers until nothing is left to do, or the signal aborts. */
  async runUntilIdle(signal: AbortSignal): Promise<void> {
    for (;;) {
      await deliverUntilIdle(this.delivery(signal));
      if (signal.aborted || !(await this.buryDead())) return;
    }
  }

  /** Delivers until the signal aborts. */
  async runUntilAborted(signal: AbortSignal): Promise<void> {
    const burying = setInterval(() => void this.buryDead().catch(() => undefined), 1000);
    try {
      await deliverUntilAborted({ ...this.delivery(signal), signal });
    } finally {
      clearInterval(burying);
    }
  }

  /** Ends the audits of messages that were given up; returns whether there were any. */
  private async buryDead(): Promise<boolean> {
    const { queue } = this.platform;
    const dead = queue.dead();
    for (const { id, message, error } of dead) {
      const help = 'The same command tries again from where it stood.';
      await giveUp(refusingErased(this.context), message, new RewoundError(error.code, error.message, { help }));
      queue.forget(id);
    }
    return dead.length > 0;
  }

  private delivery(signal: AbortSignal): DeliveryOptions {
    const { onMessage, onFailure } = this.options;
    const { queue, clock } = this.platform;
    const handlers = new Map<string, (event: { readonly data?: unknown }) => Promise<void>>(functions);
    if (!handlers.has(TOPICS.finished)) handlers.set(TOPICS.finished, async () => undefined);
    const told = [...handlers].map(([topic, handle]) => {
      const wrapped = async (event: { readonly data?: unknown }) => {
        await onMessage?.(topic, event);
        await handle(event);
      };
      return [topic, wrapped] as const;
    });
    // The engine is ended at once: its shard is done again by the next run.
    signal.addEventListener('abort', () => this.engine.close(), { once: true });
    return {
      queue,
      clock,
      handlers: new Map(told),
      concurrency: { [TOPICS.deliver]: DELIVERIES },
      signal,
      abandon: signal,
      onError: (error, lease) => onFailure?.(asRewoundError(error), lease.attempt),
    };
  }

  close(): void {
    this.engine.close();
    this.platform.close();
  }
}
