import { z } from 'zod';
import type { Change } from './bucket.ts';

/** How a message gets to a topic, given as `projects/P/topics/T`. */
export type Publish = (topic: string, data: Buffer, attributes: Record<string, string>) => Promise<void>;

const Config = z.object({
  topic: z.string(),
  payload_format: z.enum(['JSON_API_V1', 'NONE']),
  event_types: z.array(z.string()).optional(),
  object_name_prefix: z.string().optional(),
});

/** The notification configurations of one bucket, https://cloud.google.com/storage/docs/pubsub-notifications */
export class Notifications {
  readonly #bucket: string;
  readonly #publish: Publish;
  readonly #configs: Array<z.infer<typeof Config> & { readonly id: string }> = [];
  readonly #sending = new Set<Promise<void>>();

  constructor(bucket: string, publish: Publish) {
    this.#bucket = bucket;
    this.#publish = publish;
  }

  add(body: Buffer): unknown {
    const config = { ...Config.parse(JSON.parse(body.toString())), id: String(this.#configs.length + 1) };
    this.#configs.push(config);
    return { kind: 'storage#notification', ...config };
  }

  list(): unknown {
    return { kind: 'storage#notifications', items: this.#configs };
  }

  /** Publishes a change to the topics that want it. As in the cloud, nobody waits for that. */
  tell({ type, object, overwrote, overwrittenBy }: Change, resource: unknown): void {
    for (const config of this.#configs) {
      if (config.event_types && !config.event_types.includes(type)) continue;
      if (!object.name.startsWith(config.object_name_prefix ?? '')) continue;
      const data = config.payload_format === 'NONE' ? Buffer.alloc(0) : Buffer.from(JSON.stringify(resource));
      const sending = this.#publish(config.topic.replace(/^\/\/pubsub\.googleapis\.com\//, ''), data, {
        notificationConfig: `projects/_/buckets/${this.#bucket}/notificationConfigs/${config.id}`,
        eventType: type,
        payloadFormat: config.payload_format,
        bucketId: this.#bucket,
        objectId: object.name,
        objectGeneration: String(object.generation),
        eventTime: object.created.toISOString(),
        ...(overwrote === undefined ? {} : { overwroteGeneration: String(overwrote) }),
        ...(overwrittenBy === undefined ? {} : { overwrittenByGeneration: String(overwrittenBy) }),
      });
      this.#sending.add(sending);
      void sending.finally(() => this.#sending.delete(sending));
    }
  }

  /** Resolves when everything so far is published. */
  async settled(): Promise<void> {
    await Promise.all(this.#sending);
  }
}
