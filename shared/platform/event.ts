/** Turns messages into CloudEvents and back. */
import { z } from 'zod';
import { RewoundError } from '../errors.ts';
import type { Json } from './ports.ts';

/**
 * The event a function is called with: a CloudEvent (https://cloudevents.io) as functions-framework makes it of a
 * Pub/Sub push. The local delivery loop makes the same, so that a function cannot tell where it runs.
 */
export interface PubsubEvent {
  readonly specversion: '1.0';
  readonly type: typeof EVENT_TYPE;
  readonly source: string;
  readonly id: string;
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly data: {
    readonly message: {
      readonly '@type': typeof MESSAGE_TYPE;
      /** The message: JSON, UTF-8, base64. */
      readonly data: string;
      readonly messageId: string;
      readonly publishTime: string;
      readonly attributes: Readonly<Record<string, string>>;
    };
    /** Not every way of delivery fills it: for logs only. */
    readonly subscription: string;
  };
}

const EVENT_TYPE = 'google.cloud.pubsub.topic.v1.messagePublished';
const MESSAGE_TYPE = 'type.googleapis.com/google.pubsub.v1.PubsubMessage';

export interface Published {
  readonly topic: string;
  readonly id: string;
  readonly message: Json;
  /** Milliseconds since the epoch. */
  readonly publishedAt: number;
}

/** The event that delivers a message. */
export function toEvent({ topic, id, message, publishedAt }: Published): PubsubEvent {
  const time = new Date(publishedAt).toISOString();
  return {
    specversion: '1.0',
    type: EVENT_TYPE,
    source: `//pubsub.googleapis.com/projects/local/topics/${topic}`,
    id,
    time,
    datacontenttype: 'application/json',
    data: {
      message: {
        '@type': MESSAGE_TYPE,
        data: Buffer.from(JSON.stringify(message)).toString('base64'),
        messageId: id,
        publishTime: time,
        attributes: {},
      },
      subscription: `projects/local/subscriptions/${topic}`,
    },
  };
}

const Envelope = z.object({ message: z.object({ data: z.string() }) });

/**
 * The message in an event's `data`, from whatever delivered it; its schema is for the caller to check.
 * @throws MESSAGE_INVALID if there is no JSON in it.
 */
export function fromEvent(event: { readonly data?: unknown }): unknown {
  try {
    return JSON.parse(Buffer.from(Envelope.parse(event.data).message.data, 'base64').toString());
  } catch (cause) {
    throw new RewoundError('MESSAGE_INVALID', 'An event carries no JSON message.', {
      help: 'Publish JSON to this topic; what else arrives here can be dropped.',
      cause,
    });
  }
}
