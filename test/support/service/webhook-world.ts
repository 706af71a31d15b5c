import { TOPICS } from '../../../shared/pipeline/base/messages.ts';
import { around } from '../../../shared/platform/around.ts';
import type { Json } from '../../../shared/platform/ports.ts';
import { runAgenda } from '../../../shared/service/core/agenda.ts';
import { newId } from '../../../shared/service/core/ids.ts';
import { type DeliverContext, deliver, deliverMessage } from '../../../shared/service/webhooks/deliver.ts';
import { type Delivery, listDeliveries } from '../../../shared/service/webhooks/deliveries.ts';
import { createEndpoint, type Endpoint } from '../../../shared/service/webhooks/endpoints.ts';
import { announce } from '../../../shared/service/webhooks/events.ts';
import { type Outcome, type Shipment, send } from '../../../shared/service/webhooks/send.ts';
import { SECRET, type Service, type TestClock } from './webhook-service.ts';

export const ACCOUNT = newId('account');
export const failed = (status: number): Outcome => ({ status, reason: null });

/** What was sent, and when. */
export interface Sent extends Shipment {
  readonly at: number;
}

/**
 * Deliveries with an account of one endpoint. Messages are kept until a test delivers them, in the order it likes.
 */
export class Webhooks {
  readonly clock: TestClock;
  readonly context: DeliverContext;
  readonly messages: Json[] = [];
  readonly sent: Sent[] = [];
  /** What the receiver answers; real requests are sent where it is `real`. */
  answer: (shipment: Shipment) => Outcome | Promise<Outcome> = () => failed(200);

  constructor(service: Service, { random = () => 0.5 }: { readonly random?: () => number } = {}) {
    this.clock = service.clock;
    const publish = async (topic: string, message: Json) => {
      if (topic !== TOPICS.deliver) throw new Error('only deliveries are expected');
      this.messages.push(message);
    };
    this.context = {
      ...service.context,
      events: { publish },
      secret: SECRET,
      webhookAllow: ['127.0.0.1/32'],
      lookup: async () => ['93.184.216.34'],
      random,
      send: async (shipment) => {
        this.sent.push({ ...shipment, at: this.clock.now() });
        return this.answer(shipment);
      },
    };
  }

  /** Requests are really sent. */
  reach(timeoutMs?: number): void {
    this.answer = (shipment) => send(shipment, this.context, timeoutMs);
  }

  endpoint(url = 'https://hooks.example.com/'): Promise<Endpoint> {
    return createEndpoint(this.context, ACCOUNT, { url, events: ['credits.low'], description: '' });
  }

  announce(at = this.clock.now()): Promise<void> {
    return announce(this.context, ACCOUNT, { type: 'credits.low', at, data: { balance: 1, threshold: 2 } });
  }

  async deliver(message: Json, context: DeliverContext = this.context): Promise<void> {
    await deliver(context, deliverMessage.parse(message));
  }

  /** Delivers what was published until nothing is left. */
  async drain(): Promise<void> {
    for (let message = this.messages.shift(); message; message = this.messages.shift()) await this.deliver(message);
  }

  /** Lets time pass from one entry of the agenda to the next, at most to `until`. */
  async pass(until = Number.POSITIVE_INFINITY): Promise<void> {
    for (;;) {
      await this.drain();
      const next = await this.nextReminder();
      if (next === undefined || next > until) break;
      this.clock.set(Math.max(this.clock.now(), next));
      await runAgenda(this.context);
    }
    if (Number.isFinite(until)) this.clock.set(until);
  }

  /** Until nothing waits; what ended is not deleted yet. */
  async finish(): Promise<void> {
    for (let next: number | undefined = 0; next !== undefined; next = await this.nextReminder()) {
      await this.pass(Math.max(next, this.clock.now()));
      if ((await this.deliveries()).every(({ state }) => state !== 'pending')) return;
    }
  }

  async deliveries(): Promise<readonly Delivery[]> {
    return (await listDeliveries(this.context, ACCOUNT)).deliveries;
  }

  async only(): Promise<Delivery> {
    const [delivery, another] = await this.deliveries();
    if (!delivery || another) throw new Error('one delivery is expected');
    return delivery;
  }

  private async nextReminder(): Promise<number | undefined> {
    for await (const { fields } of this.context.records.list('agenda', { limit: 1 })) return Number(fields.at);
    return undefined;
  }
}

/** A context whose process dies before a write: what it was to do then is never done. */
export function dying(context: DeliverContext, writes: number): DeliverContext {
  let left = writes;
  const alive = () => {
    left -= 1;
    if (left < 0) throw new Error('dead');
  };
  const { records, events } = context;
  return {
    ...context,
    records: around(records, {
      create: async (go) => {
        alive();
        return go();
      },
      replace: async (go) => {
        alive();
        return go();
      },
      delete: async (go) => {
        alive();
        await go();
      },
    }),
    events: around(events, {
      publish: async (go) => {
        alive();
        await go();
      },
    }),
  };
}
