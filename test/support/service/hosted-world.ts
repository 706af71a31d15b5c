import { setImmediate as immediate } from 'node:timers/promises';
import { functions } from '../../../functions/index.ts';
import { type SettleMessage, settleMessage, TOPICS } from '../../../shared/pipeline/base/messages.ts';
import { around } from '../../../shared/platform/around.ts';
import { toEvent } from '../../../shared/platform/event.ts';
import type { Json, Platform } from '../../../shared/platform/ports.ts';
import { hostedTenancy } from '../../../shared/service/audits/tenancy.ts';
import { runAgenda } from '../../../shared/service/core/agenda.ts';
import type { ServiceContext, ServiceSettings } from '../../../shared/service/core/context.ts';
import { projectOf } from '../../../shared/service/core/paths.ts';
import { listDeliveries } from '../../../shared/service/webhooks/deliveries.ts';
import { createEndpoint } from '../../../shared/service/webhooks/endpoints.ts';
import { EVENT_TYPES } from '../../../shared/service/webhooks/event-types.ts';
import { generatorOf, photoOf, type StubCompute, stubCompute } from '../stub-compute.ts';
import { names } from '../world.ts';
import { type Hosted, type HostedOptions, hosted } from './hosted.ts';

export const DAY_MS = 24 * 3_600_000;

/** The least that an audit takes: two people who are remembered, and those they are compared with. */
export const MEMBERS = ['anna-karenina', 'boris-godunov'];
export const CONTROLS = names('control', 20);
export const PHOTOS = MEMBERS.length + CONTROLS.length;
/** Few samples, so that an audit takes no time. */
export const SMALL = { attestation: 'owner', photos: PHOTOS, settings: { samples: 64, fresh: 32, batch: 16 } };

/** What each file of a small audit holds. */
export function smallFiles(...shows: readonly string[]): Record<string, string> {
  return {
    'checkpoints/secret-project.onnx': generatorOf(...(shows.length > 0 ? shows : MEMBERS)),
    ...Object.fromEntries(MEMBERS.map((who) => [`members/${who}/portrait of ${who}.jpg`, photoOf(who, 0)])),
    ...Object.fromEntries(CONTROLS.map((who) => [`controls/${who}/1.jpg`, photoOf(who, 0)])),
  };
}

export interface WorldOptions extends HostedOptions {
  readonly compute?: StubCompute;
}

/** The API, the functions behind it and the pipeline, on one local platform whose clock a test moves. */
export class HostedWorld {
  readonly hosted: Hosted;
  readonly compute: StubCompute;
  /** Every message that was delivered, in order. */
  readonly delivered: { readonly topic: string; readonly message: Json }[] = [];
  /** Put between the steps and their ports. */
  wrap: <P extends Platform>(platform: P) => P = (same) => same;

  constructor(settings: Partial<ServiceSettings> = {}, { compute = stubCompute(), ...options }: WorldOptions = {}) {
    this.hosted = hosted({ webhookAllow: ['127.0.0.1/32'], ...settings }, options);
    this.compute = compute;
  }

  get context(): ServiceContext {
    return this.hosted.context;
  }

  get ask(): Hosted['ask'] {
    return this.hosted.ask;
  }

  /** An account with an endpoint for every event. */
  async account(): Promise<{ readonly account: string; readonly key: string }> {
    const made = await this.hosted.account();
    const input = { url: 'http://127.0.0.1:9/', events: [...EVENT_TYPES], description: '' };
    await createEndpoint({ ...this.context, webhookAllow: this.context.settings.webhookAllow }, made.account, input);
    return made;
  }

  /** A new audit, by its id. */
  async create(key: string, body: object = SMALL): Promise<string> {
    const { status, body: made } = await this.ask(key, 'POST', '/v1/audits', body);
    if (status !== 201) throw new Error(`the audit was not created: ${made.detail}`);
    return made.id;
  }

  /** Files as they lie after they were uploaded. */
  async put(account: string, audit: string, files: Readonly<Record<string, string>> = smallFiles()): Promise<void> {
    await Promise.all(
      Object.entries(files).map(([path, text]) =>
        this.context.objects.put(`${projectOf(account, audit)}/${path}`, new TextEncoder().encode(text)),
      ),
    );
  }

  /** An audit with its files, started. */
  async start(account: string, key: string, body: object = SMALL, files = smallFiles()): Promise<string> {
    const audit = await this.create(key, body);
    await this.put(account, audit, files);
    const { status, body: started } = await this.ask(key, 'POST', `/v1/audits/${audit}/start`);
    if (status !== 202) throw new Error(`the audit was not started: ${started.detail}`);
    return audit;
  }

  /** Says that a file landed, as a bucket does. */
  async land(key: string): Promise<void> {
    const info = await this.context.objects.head(key);
    if (!info) throw new Error('nothing landed');
    await this.context.events.publish(TOPICS.plan, { version: 1, key, generation: info.generation });
  }

  /** Delivers what is published until nothing is left, or one comes that a test stops at: that one waits. */
  async run(stop: (topic: string, message: Json) => boolean = () => false): Promise<void> {
    const { queue } = this.hosted.platform;
    const topics = Object.values(TOPICS);
    for (;;) {
      const due = queue.nextDue(topics);
      if (due === undefined) return;
      this.hosted.clock.advance(Math.max(0, due - this.hosted.clock.now()));
      const lease = queue.lease(topics, 3_600_000);
      if (!lease) return;
      if (stop(lease.topic, lease.message)) {
        queue.giveBack(lease);
        return;
      }
      this.delivered.push({ topic: lease.topic, message: lease.message });
      try {
        await this.handle(lease.topic, lease);
        queue.ack(lease);
      } catch (error) {
        if (lease.attempt >= 3) throw error;
        queue.nack(lease, error);
      }
      await immediate();
    }
  }

  /** Delivers until an audit's run has ended and is to be settled; returns that message, which waits. */
  async runUntilEnded(): Promise<SettleMessage> {
    let settle: SettleMessage | undefined;
    await this.run((topic, message) => {
      // The same topic tells before that a run was planned.
      if (topic !== TOPICS.settle || !this.delivered.some((one) => one.topic === TOPICS.notify)) return false;
      settle = settleMessage.parse(message);
      return true;
    });
    if (!settle) throw new Error('no run has ended');
    return settle;
  }

  /** One message, as its function is given it. Webhooks go nowhere: what was announced lies in the deliveries. */
  async handle(topic: string, lease: Parameters<typeof toEvent>[0]): Promise<void> {
    if (topic === TOPICS.deliver) return;
    await functions.get(topic)?.({ ...this.wrap(this.steps()) }, toEvent(lease));
  }

  private steps() {
    const { objects, records, events, clock } = this.context;
    const platform = { objects, records, events, clock };
    return { ...platform, compute: this.compute, device: 'cpu' as const, window: 2, tenancy: hostedTenancy(platform) };
  }

  /** Lets time pass from one entry of the agenda to the next. */
  async pass(ms: number): Promise<void> {
    const until = this.hosted.clock.now() + ms;
    for (;;) {
      await this.run();
      const next = await this.nextReminder();
      if (next === undefined || next > until) break;
      this.hosted.clock.advance(Math.max(0, next - this.hosted.clock.now()));
      await runAgenda(this.context);
    }
    this.hosted.clock.advance(Math.max(0, until - this.hosted.clock.now()));
  }

  private async nextReminder(): Promise<number | undefined> {
    for await (const { fields } of this.context.records.list('agenda', { limit: 1 })) return Number(fields.at);
    return undefined;
  }

  /** Types of the events that were announced, in order of time. */
  async announced(account: string): Promise<string[]> {
    const { deliveries } = await listDeliveries(this.context, account, { limit: 100 });
    return deliveries.map(({ type }) => type).reverse();
  }
}

/**
 * A platform whose process dies before its nth write: nothing of what it would do then happens. Of objects deleted in a
 * row only the first two count: one more or less makes no difference.
 */
export function dying<P extends Platform>(platform: P, n: number): P & { readonly died: () => boolean } {
  let [writes, deleted] = [0, 0];
  const write = <T>(work: () => Promise<T>, isDelete = false): Promise<T> => {
    deleted = isDelete ? deleted + 1 : 0;
    if (deleted <= 2) writes += 1;
    return writes < n ? work() : Promise.reject(new Error('dead'));
  };
  const { objects, records, events } = platform;
  return {
    ...platform,
    objects: around(objects, {
      put: (go) => write(go),
      delete: (go) => write(go, true),
      clear: (go) => write(go),
    }),
    records: around(records, {
      create: (go) => write(go),
      replace: (go) => write(go),
      delete: (go) => write(go),
    }),
    events: around(events, { publish: (go) => write(go) }),
    died: () => writes >= n,
  };
}
