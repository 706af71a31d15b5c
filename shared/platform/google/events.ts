/** Publishes events on Pub/Sub. */
import type { PubSub, Topic } from '@google-cloud/pubsub';
import { toJsonText } from '../json.ts';
import type { Events } from '../ports.ts';
import { googleError } from './errors.ts';

export interface GoogleEventsOptions {
  readonly pubsub: PubSub;
  /** Before each topic's name, so that several deployments can share a project. */
  readonly prefix: string;
}

export interface GoogleEvents extends Events {
  /** Resolves when everything handed over has been sent or refused. */
  flush(): Promise<void>;
}

/** How long messages are gathered into one request: a step that publishes its shards at once sends few requests. */
const BATCHING = { maxMessages: 100, maxMilliseconds: 5 };

/** Events on Pub/Sub. `publish` resolves when the service has stored the message; topics are made by the deployment. */
export function googleEvents({ pubsub, prefix }: GoogleEventsOptions): GoogleEvents {
  const topics = new Map<string, Topic>();

  function topicOf(name: string): Topic {
    const known = topics.get(name);
    if (known) return known;
    const topic = pubsub.topic(prefix + name, { batching: BATCHING });
    topics.set(name, topic);
    return topic;
  }

  return {
    async publish(topic, message) {
      const data = Buffer.from(toJsonText(message));
      try {
        await topicOf(topic).publishMessage({ data });
      } catch (error) {
        throw googleError(error, `The topic ${prefix}${topic}`);
      }
    },
    async flush() {
      await Promise.all([...topics.values()].map((topic) => topic.flush()));
    },
  };
}
