import { type CloudEvent, cloudEvent } from '@google-cloud/functions-framework';
import type { z } from 'zod';
import { RewoundError } from '../shared/errors.ts';
import type { Context } from '../shared/pipeline/context.ts';
import { fromEvent } from '../shared/platform/event.ts';

/** Handles one delivery of a message; a throw makes the platform deliver it again. */
export type Subscriber = (event: { readonly data?: unknown }) => Promise<void>;

let current: Context | undefined;

/** Gives the functions of this process the world they work in. */
export function useContext(context: Context): void {
  current = context;
}

function context(): Context {
  if (current) return current;
  throw new RewoundError('INTERNAL', 'No platform was chosen before a function was called.', {
    help: 'Call useContext first.',
  });
}

/**
 * Registers a step as a CloudEvent function: decodes the event, checks the message against its schema, calls the step.
 * A message that fits no schema can never succeed: it is acknowledged and dropped.
 */
export function subscriber<T extends z.ZodType>(
  name: string,
  schema: T,
  step: (context: Context, message: z.infer<T>) => Promise<unknown>,
): Subscriber {
  const handle: Subscriber = async (event) => {
    const message = decode(schema, event);
    if (message !== undefined) await step(context(), message);
  };
  cloudEvent(name, (event: CloudEvent<unknown>) => handle(event));
  return handle;
}

function decode<T extends z.ZodType>(schema: T, event: { readonly data?: unknown }): z.infer<T> | undefined {
  try {
    return schema.safeParse(fromEvent(event)).data;
  } catch {
    return undefined;
  }
}
