/** What every step is given besides its message. */
import type { Compute } from '../../engine/compute.ts';
import type { Device } from '../../onnx/runtime.ts';
import type { Platform } from '../../platform/ports.ts';
import type { Generate } from './generate.ts';
import type { Tenancy } from './tenancy.ts';

/** What every step is given besides its message. */
export interface Context extends Platform {
  readonly compute: Compute;
  readonly device: Device;
  /** Shards of one audit that may be worked on at the same time. */
  readonly window: number;
  /** Makes samples by the command that the user typed: on the user's own machine alone. */
  readonly generate?: Generate;
  /** Where audits belong to accounts. */
  readonly tenancy?: Tenancy;
}
