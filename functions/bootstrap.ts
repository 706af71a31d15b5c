import { type CloudEvent, cloudEvent } from '@google-cloud/functions-framework';
import type { z } from 'zod';
import { asRewoundError, RewoundError } from '../shared/errors.ts';
import type { Context } from '../shared/pipeline/context.ts';
import { giveUp } from '../shared/pipeline/give-up.ts';
import { following } from '../shared/pipeline/hops.ts';
import { ownObjects } from '../shared/pipeline/own-objects.ts';
import { forgetBuried, refusingErased } from '../shared/pipeline/tombstones.ts';
import { fromEvent } from '../shared/platform/event.ts';
import type { Platform } from '../shared/platform/ports.ts';
import type { ServiceContext } from '../shared/service/context.ts';

/** Handles one delivery of a message; a throw makes the platform deliver it again. */
export type Subscriber = (event: { readonly data?: unknown }) => Promise<void>;

/** Stands around a delivery that came through functions-framework: for logs. */
export type Observer = (name: string, event: CloudEvent<unknown>, deliver: () => Promise<void>) => Promise<void>;

let current: Context | undefined;
let currentService: ServiceContext | undefined;
let observe: Observer = (_name, _event, deliver) => deliver();

/** Gives the functions of this process the world they work in, and whoever is to watch them. */
export function useContext(context: Context, observer: Observer = observe): void {
  current = context;
  observe = observer;
}

/** Gives the functions of the hosted service what they need besides. */
export function useService(service: ServiceContext): void {
  currentService = service;
}

/** Throws INTERNAL where a function of the hosted service is called in a process that is none. */
export function service(): ServiceContext {
  if (currentService) return currentService;
  throw new RewoundError('INTERNAL', 'No service was set up before a function of it was called.', {
    help: 'Call useService first.',
  });
}

function context(): Context {
  if (current) return current;
  throw new RewoundError('INTERNAL', 'No platform was chosen before a function was called.', {
    help: 'Call useContext first.',
  });
}

/**
 * Registers a step as a CloudEvent function: decodes the event, checks the message against its schema, calls the step.
 * What the step publishes is counted as a consequence of the message (hops.ts). A message that fits no schema can never succeed: it is acknowledged and dropped.
 */
export function subscriber<T extends z.ZodType<{ readonly hops: number }>>(
  name: string,
  schema: T,
  step: (context: Context, message: z.infer<T>) => Promise<unknown>,
): Subscriber {
  const handle: Subscriber = async (event) => {
    const message = decode(schema, event);
    if (message === undefined) return;
    const world = context();
    if (await forgetBuried(world, message)) return;
    const guarded = refusingErased(world);
    const own = following({ ...guarded, objects: ownObjects(guarded.objects) }, message.hops);
    await ending(guarded, message, async () => {
      try {
        await step(own, message);
      } catch (error) {
        // Erased while it ran.
        if (!(await forgetBuried(world, message))) throw error;
      }
    });
  };
  cloudEvent(name, (event: CloudEvent<unknown>) => observe(name, event, () => handle(event)));
  return handle;
}

/**
 * The same for a step of the hosted service, which is about an account and not about the pipeline's audit: whatever it
 * throws goes to the platform, and it is delivered again.
 */
export function serviceSubscriber<T extends z.ZodType<{ readonly hops: number }>>(
  name: string,
  schema: T,
  step: (context: Platform, message: z.infer<T>) => Promise<unknown>,
): Subscriber {
  const handle: Subscriber = async (event) => {
    const message = decode(schema, event);
    // Of a newer version perhaps, while one takes the place of the other: it must not be lost.
    if (message === undefined) {
      throw new RewoundError('MESSAGE_INVALID', `A message for "${name}" does not fit its schema.`, {
        help: 'Run the version that published it.',
        transient: true,
      });
    }
    await step(following(context(), message.hops), message);
  };
  cloudEvent(name, (event: CloudEvent<unknown>) => observe(name, event, () => handle(event)));
  return handle;
}

/**
 * Steps record what can never succeed and return. What they still throw for good (an unreadable plan, a defect) would
 * fail at every attempt: its audit ends now, with the reason, and the message is done. A message that names no audit
 * goes the way of all failures, so that it ends where somebody looks.
 */
async function ending(context: Context, message: unknown, step: () => Promise<unknown>): Promise<void> {
  try {
    await step();
  } catch (cause) {
    const error = asRewoundError(cause);
    if (error.transient || !namesAudit(message)) throw error;
    await giveUp(context, message, error);
  }
}

function namesAudit(message: unknown): boolean {
  return typeof message === 'object' && message !== null && 'audit' in message;
}

function decode<T extends z.ZodType>(schema: T, event: { readonly data?: unknown }): z.infer<T> | undefined {
  try {
    return schema.safeParse(fromEvent(event)).data;
  } catch {
    return undefined;
  }
}
