/** Makes functions of steps: decodes an event, checks its message, and calls the step in the world it is given. */
import type { z } from 'zod';
import { asRewoundError, RewoundError } from '../shared/errors.ts';
import type { Context } from '../shared/pipeline/base/context.ts';
import { giveUp } from '../shared/pipeline/runs/give-up.ts';
import { following } from '../shared/pipeline/runs/hops.ts';
import { ownObjects } from '../shared/pipeline/runs/own-objects.ts';
import { forgetBuried, refusingErased } from '../shared/pipeline/runs/tombstones.ts';
import { fromEvent } from '../shared/platform/event.ts';
import type { ServiceContext } from '../shared/service/core/context.ts';

/** What a function works in: its context, and in a process that sends webhooks the service. */
export interface World extends Context {
  readonly service?: Pick<ServiceContext, 'secret' | 'settings'>;
}

/** An event as Pub/Sub pushes it, or the local queue delivers it. */
export interface FunctionEvent {
  readonly data?: unknown;
}

/** Handles one delivery of a message; a throw makes the platform deliver it again. */
export type Handle = (world: World, event: FunctionEvent) => Promise<void>;

type Message = z.ZodType<{ readonly hops: number }>;

/** The functions as handlers of events, all in one world. */
export function handlersIn(
  functions: ReadonlyMap<string, Handle>,
  world: World,
): Map<string, (event: FunctionEvent) => Promise<void>> {
  return new Map([...functions].map(([topic, handle]) => [topic, (event) => handle(world, event)]));
}

/**
 * A function of the pipeline. What its step publishes is counted as a consequence of the message (hops.ts). A message
 * that fits no schema can never succeed: it is acknowledged and dropped.
 */
export function pipelineFunction<T extends Message>(
  schema: T,
  step: (world: World, message: z.infer<T>) => Promise<unknown>,
): Handle {
  return async (world, event) => {
    const message = decode(schema, event);
    if (message === undefined) return;
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
}

/**
 * A function of the hosted service, which is about an account and not about the pipeline's audit: whatever its step
 * throws goes to the platform, and the message is delivered again.
 */
export function accountFunction<T extends Message>(
  schema: T,
  step: (world: World, message: z.infer<T>) => Promise<unknown>,
): Handle {
  return async (world, event) => {
    const message = decode(schema, event);
    // It may be of a newer version, while one takes the place of the other: it must not be lost.
    if (message === undefined) {
      throw new RewoundError('MESSAGE_INVALID', 'A message for a function of the service does not fit its schema.', {
        help: 'Run the version that published it.',
        transient: true,
      });
    }
    await step(following(world, message.hops), message);
  };
}

/**
 * Steps record what can never succeed and return. What they still throw for good (an unreadable plan, a defect) would
 * fail at every attempt: its audit ends now, with the reason, and the message is done. A message that names no audit
 * fails as all failures do, so that it ends where an operator looks.
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

function decode<T extends z.ZodType>(schema: T, event: FunctionEvent): z.infer<T> | undefined {
  try {
    return schema.safeParse(fromEvent(event)).data;
  } catch {
    return undefined;
  }
}
