/** Refuses to go on with an audit that was planned for another device. */
import { RewoundError } from '../../errors.ts';
import type { Context } from '../base/context.ts';
import type { Plan } from '../planning/plan/schema.ts';

/**
 * Devices round differently, and an audit's identity says which one did its arithmetic: shards of two would make a
 * result that none of them gives. Throws DEVICE_MISMATCH where this machine is not what the audit was planned for.
 */
export function refuseOtherDevice({ device }: Context, plan: Plan): void {
  if (device === plan.device) return;
  throw new RewoundError(
    'DEVICE_MISMATCH',
    `The audit was planned for ${plan.device}; this machine works on ${device}.`,
    {
      help: 'Let plan, enrol and probe work on the same device (REWOUND_DEVICE), then put the checkpoint into the project again.',
    },
  );
}
