import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate as immediate } from 'node:timers/promises';
import { handlersIn } from '../../functions/bootstrap.ts';
import { functions } from '../../functions/index.ts';
import { RandomState } from '../../shared/audit/numbers/random.ts';
import type { Compute } from '../../shared/engine/compute.ts';
import { asRewoundError, RewoundError } from '../../shared/errors.ts';
import type { Context } from '../../shared/pipeline/base/context.ts';
import { keys } from '../../shared/pipeline/base/layout.ts';
import { TOPICS } from '../../shared/pipeline/base/messages.ts';
import { giveUp } from '../../shared/pipeline/runs/give-up.ts';
import { type AuditRecord, auditOfUpload, readAudit } from '../../shared/pipeline/runs/run.ts';
import { toEvent } from '../../shared/platform/event.ts';
import { type LocalPlatform, openLocal } from '../../shared/platform/local/index.ts';
import type { Lease } from '../../shared/platform/local/queue.ts';
import type { Json } from '../../shared/platform/ports.ts';
import { parseReport } from '../../shared/report/json.ts';
import type { Report } from '../../shared/report/model.ts';
import { generatorOf, photoOf, type StubCompute, stubCompute } from './stub-compute.ts';

export const PROJECT = 'drop/tenant/project';
export const CHECKPOINT = `${PROJECT}/checkpoints/generator.onnx`;
const ATTEMPTS = 3;

export interface WorldOptions {
  readonly folder: string;
  readonly compute?: StubCompute;
  /** Real models in place of the stub. */
  readonly engine?: Compute;
  readonly window?: number;
  /** Puts something between the steps and their ports. */
  readonly wrap?: (context: Context) => Context;
}

/**
 * The functions on the local platform: real objects, records and queue, with a clock that only moves when somebody
 * waits. What is delivered, and how often, is up to the test.
 */
export class World {
  readonly folder: string;
  readonly context: Context;
  readonly compute: StubCompute;
  /** Every message, in the order of publication. */
  readonly published: { topic: string; message: Json }[] = [];
  private readonly platform: LocalPlatform;
  private readonly handlers: ReturnType<typeof handlersIn>;
  private now = Date.UTC(2026, 0, 1);

  constructor({ folder, compute = stubCompute(), engine, window = 1, wrap = (same) => same }: WorldOptions) {
    this.folder = folder;
    this.compute = compute;
    const clock = { now: () => this.now };
    this.platform = openLocal({ folder, clock, queue: { maxAttempts: ATTEMPTS, random: () => 0 } });
    const { objects, records, events } = this.platform;
    const publish = (topic: string, message: Json) => {
      this.published.push({ topic, message });
      return events.publish(topic, message);
    };
    this.context = wrap({
      objects,
      records,
      events: { publish },
      clock,
      compute: engine ?? compute,
      device: 'cpu',
      window,
    });
    this.handlers = handlersIn(functions, this.context);
  }

  /** Says that the checkpoint has landed, as a bucket would. */
  async land(): Promise<void> {
    const info = await this.platform.objects.head(CHECKPOINT);
    await this.context.events.publish(TOPICS.plan, { version: 1, key: CHECKPOINT, generation: info!.generation });
  }

  /** Delivers everything once, in order, again after failures, until nothing is left; stops where a test says so. */
  async run(stopped: () => boolean = () => false): Promise<void> {
    for (;;) {
      const lease = this.lease();
      if (!lease) return;
      await this.handle([lease], stopped);
      if (stopped()) return;
    }
  }

  /** Delivers everything twice, both at the same time or apart, in disorder. */
  async runInDisorder(seed: number): Promise<void> {
    const random = new RandomState(seed);
    for (;;) {
      const waiting: Lease[] = [];
      for (let lease = this.lease(); lease; lease = this.leaseNow()) waiting.push(lease);
      if (waiting.length === 0) return;
      const twice = [...waiting, ...waiting];
      random.shuffle(twice);
      const together = 1 + random.below(3);
      for (let i = 0; i < twice.length; i += together) await this.handle(twice.slice(i, i + together));
    }
  }

  /** The next message, waiting for it where it is to come later. */
  private lease(): Lease | undefined {
    this.now = Math.max(this.now, this.platform.queue.nextDue(Object.values(TOPICS)) ?? 0);
    return this.leaseNow();
  }

  private leaseNow(): Lease | undefined {
    return this.platform.queue.lease(Object.values(TOPICS), 3_600_000);
  }

  private async handle(leases: readonly Lease[], stopped: () => boolean = () => false): Promise<void> {
    const { queue } = this.platform;
    const results = await Promise.allSettled(leases.map((lease) => this.handlers.get(lease.topic)?.(toEvent(lease))));
    await immediate();
    // A process that died can no longer say how it went.
    if (stopped()) return;
    for (const [i, lease] of leases.entries()) {
      const result = results[i]!;
      if (result.status === 'fulfilled') queue.ack(lease);
      else if (lease.attempt < ATTEMPTS) queue.nack(lease, result.reason);
      else {
        queue.nack(lease, result.reason);
        const { code, message, help } = asRewoundError(result.reason);
        await giveUp(this.context, lease.message, new RewoundError(code, message, { help }));
      }
    }
  }

  /** Drops what is waiting, as a command that starts anew does. */
  discardMessages(): void {
    const { queue } = this.platform;
    for (let lease = this.lease(); lease; lease = this.lease()) queue.ack(lease);
  }

  messages(topic: keyof typeof TOPICS): Json[] {
    return this.published.filter((one) => one.topic === TOPICS[topic]).map(({ message }) => message);
  }

  async audit(): Promise<AuditRecord & { readonly id: string }> {
    const { objects, records } = this.platform;
    const { generation } = (await objects.head(CHECKPOINT))!;
    const id = (await auditOfUpload({ records }, CHECKPOINT, generation))!;
    return { ...(await readAudit({ records }, id))!, id };
  }

  /** The report but for what may differ from run to run. */
  async report(): Promise<Omit<Report, 'timing'>> {
    const { id, state } = await this.audit();
    if (state !== 'DONE') throw new Error(`the audit is ${state}`);
    const { timing: _timing, ...report } = parseReport(
      new TextDecoder().decode(await this.platform.objects.get(keys.report(id, 'report.json'))),
    );
    return report;
  }

  close(): void {
    this.platform.close();
  }
}

export interface ProjectOptions {
  /** People the generator shows. */
  readonly shows: readonly string[];
  readonly members?: readonly string[];
  readonly controls?: readonly string[];
  readonly photos?: number;
  readonly settings?: object;
}

export const names = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i + 10}`);

/** A project in the drop area: a checkpoint, people with photos, settings. */
export function makeProject(folder: string, options: ProjectOptions): void {
  const { shows, members = names('m', 12), controls = names('c', 24), photos = 2, settings = {} } = options;
  put(folder, 'checkpoints/generator.onnx', generatorOf(...shows));
  put(folder, 'project.json', JSON.stringify({ samples: 400, batch: 16, k: 5, ...settings }));
  for (const [role, people] of [
    ['members', members],
    ['controls', controls],
  ] as const) {
    for (const person of people) {
      for (let i = 0; i < photos; i++) put(folder, `${role}/${person}/${i}.jpg`, photoOf(person, i));
    }
  }
}

/** A file of the project. */
export function put(folder: string, path: string, content: string | Uint8Array): void {
  const file = join(folder, PROJECT, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}
