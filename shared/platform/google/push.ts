/** Reads what Pub/Sub pushes. */
import { z } from 'zod';
import { RewoundError } from '../../errors.ts';
import { fromEvent } from '../event.ts';
import { whyUnlisted } from './resource.ts';

/*
 * Delivery on Google Cloud is a push subscription for each topic, made by the deployment. functions-framework turns a
 * push into the CloudEvent of `event.ts` by itself; here is only what it cannot know.
 */

/**
 * Where a push subscription of a topic must send: functions-framework reads the topic's name from the path.
 * @param service the function's URL, such as `https://probe-x.a.run.app`.
 * @internal
 */
export function pushEndpoint(service: string, { project, topic }: { project: string; topic: string }): string {
  return new URL(`/projects/${project}/topics/${topic}`, service).href;
}

/** An object that was finished in the bucket. */
export interface Dropped {
  readonly bucket: string;
  readonly key: string;
  readonly generation: string;
}

/** The body of a bucket notification, https://cloud.google.com/storage/docs/pubsub-notifications#payload */
const Notification = z.object({
  kind: z.literal('storage#object'),
  bucket: z.string(),
  name: z.string(),
  generation: z.coerce.string(),
});

/**
 * The object that a bucket notification is about, or undefined if it is none for Rewound: the empty object
 * that stands for a folder, or a file still being uploaded. Each may come more than once, and late: ask for the generation.
 * @throws MESSAGE_INVALID if the event is no bucket notification.
 * @internal
 */
export function fromNotification(event: { readonly data?: unknown }): Dropped | undefined {
  const { success, data } = Notification.safeParse(fromEvent(event));
  if (!success) {
    throw new RewoundError('MESSAGE_INVALID', 'An event is not the notification of an object.', {
      help: 'Let the bucket notify this topic with the payload format JSON_API_V1, and publish nothing else to it.',
    });
  }
  const { bucket, name: key, generation } = data;
  return whyUnlisted(key) === undefined ? { bucket, key, generation } : undefined;
}
