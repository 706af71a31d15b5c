import { z } from 'zod';
import { RewoundError } from '../shared/errors.ts';
import { giveUp } from '../shared/pipeline/give-up.ts';
import { planMessage } from '../shared/pipeline/messages.ts';
import { subscriber } from './bootstrap.ts';

const deadMessage = z.union([z.looseObject({ audit: z.string(), hops: z.int().min(0).default(0) }), planMessage]);

/** Any message of any step, delivered here after its last attempt: its audit ends as FAILED. */
export const onDeadletter = subscriber('deadletter', deadMessage, (context, message) =>
  giveUp(
    context,
    message,
    new RewoundError('GIVEN_UP', 'A step of the audit failed again and again.', {
      help: 'Put the checkpoint into the project again; finished work is reused. The logs of the step say why it failed.',
    }),
  ),
);
