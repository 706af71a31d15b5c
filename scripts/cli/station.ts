/** Puts the local platform, the engine and the functions together in one process. */
import { availableParallelism } from 'node:os';
import type { FunctionEvent, Handle, World } from '../../functions/bootstrap.ts';
import { functions } from '../../functions/index.ts';
import { engineMemory } from '../../shared/engine/memory.ts';
import { EnginePool } from '../../shared/engine/pool.ts';
import type { Task } from '../../shared/engine/protocol.ts';
import { asRewoundError, RewoundError } from '../../shared/errors.ts';
import type { Device } from '../../shared/onnx/runtime.ts';
import type { Context } from '../../shared/pipeline/base/context.ts';
import type { Generate } from '../../shared/pipeline/base/generate.ts';
import { TOPICS } from '../../shared/pipeline/base/messages.ts';
import { giveUp } from '../../shared/pipeline/runs/give-up.ts';
import { refusingErased } from '../../shared/pipeline/runs/tombstones.ts';
import { type DeliveryOptions, deliverUntilAborted, deliverUntilIdle } from '../../shared/platform/local/delivery.ts';
import { type LocalPlatform, openLocal } from '../../shared/platform/local/index.ts';
import type { Mounts } from '../../shared/platform/local/tree.ts';
import { hostedTenancy } from '../../shared/service/audits/tenancy.ts';
import { OwnerTurns, ownerOfMessage } from './owners.ts';

export interface StationOptions {
  readonly folder: string;
  readonly mounts?: Mounts;
  readonly device: Device;
  /** Whether audits of several owners are worked on, none of whom may keep another waiting. */
  readonly shared?: boolean;
  readonly onProgress?: (task: Task, done: number) => void;
  /** Told of each message before it is handled. */
  readonly onMessage?: (topic: string, event: { readonly data?: unknown }) => Promise<void>;
  /** Makes samples by a command that the user typed. */
  readonly generate?: Generate;
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
/** What an engine of one of several owners is given at least, where there is enough. */
const ENGINE_BYTES = 8 * 2 ** 30;
/** Steps that use the engine. */
const ENGINE_TOPICS: ReadonlySet<string> = new Set([
  TOPICS.plan,
  TOPICS.enrol,
  TOPICS.assemble,
  TOPICS.probe,
  TOPICS.merge,
  TOPICS.confirm,
  TOPICS.conclude,
]);
/** Messages taken on at the same time, of which each owner's wait for each other. */
const WAITING = 10_000;

/** Rewound on one machine: the local platform, the engine, and the functions delivered to in this process. */
export class Station {
  readonly context: Context;
  readonly platform: LocalPlatform;
  /** What webhooks are sent with, where they are. */
  service: World['service'];
  private readonly engines: EnginePool;
  private readonly options: StationOptions;
  private readonly turns = new OwnerTurns();
  /** By owner: the same for each message, as steps remember by it what they have read. */
  private readonly worlds = new Map<string, World>();

  constructor(options: StationOptions) {
    this.options = options;
    const { folder, mounts = {}, device, shared = false, onProgress, signal, generate } = options;
    this.platform = openLocal({
      folder,
      mounts,
      queue: { maxAttempts: MAX_ATTEMPTS, endless: ENDLESS },
      ...(signal ? { signal } : {}),
    });
    this.forgetDead();
    const memory = engineMemory();
    const most = shared ? Math.min(4, Math.max(2, Math.floor(memory / ENGINE_BYTES))) : 1;
    this.engines = new EnginePool({
      device,
      most,
      threads: availableParallelism(),
      memoryBytes: memory / most,
      silenceMs: SILENCE_MS,
      ...(onProgress ? { onProgress } : {}),
    });
    const { objects, records, events, clock } = this.platform;
    const tenancy = hostedTenancy({ records, events, clock });
    const compute = this.engines.tasksOf('');
    const own = { device, window: 1, tenancy, ...(generate ? { generate } : {}) };
    this.context = { objects, records, events, clock, compute, ...own };
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
    const handlers = [...functions, [TOPICS.finished, async () => undefined] as const].map(([topic, handle]) => {
      const told = async (event: FunctionEvent) => {
        await onMessage?.(topic, event);
        await this.inTurn(topic, event, handle);
      };
      return [topic, told] as const;
    });
    // The engines are ended at once: their shards are done again by the next run.
    signal.addEventListener('abort', () => this.engines.close(), { once: true });
    const many = this.options.shared ? [...ENGINE_TOPICS].map((topic) => [topic, WAITING] as const) : [];
    return {
      queue,
      clock,
      handlers: new Map(handlers),
      concurrency: { ...Object.fromEntries(many), [TOPICS.deliver]: DELIVERIES },
      signal,
      abandon: signal,
      onError: (error, lease) => onFailure?.(asRewoundError(error), lease.attempt),
    };
  }

  /** Handles a message; one that needs the engine waits for its owner's turn. */
  private async inTurn(topic: string, event: FunctionEvent, handle: Handle): Promise<void> {
    if (!this.options.shared || !ENGINE_TOPICS.has(topic)) return handle(this.worldOf(''), event);
    const owner = await ownerOfMessage(this.context, event);
    await this.turns.take(owner, () => handle(this.worldOf(owner), event));
  }

  private worldOf(owner: string): World {
    const { context, service } = this;
    const known = this.worlds.get(owner) ?? {
      ...context,
      compute: this.engines.tasksOf(owner),
      ...(service ? { service } : {}),
    };
    this.worlds.set(owner, known);
    return known;
  }

  close(): void {
    this.engines.close();
    this.platform.close();
  }
}
