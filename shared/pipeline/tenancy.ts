import type { DropPlace } from './keys.ts';
import type { Plan } from './plan-file.ts';

/**
 * Whose audits these are, where they are somebody's: a hosted service stands behind it. Without one, everything that
 * lands in the drop area is audited.
 */
export interface Tenancy {
  /** Asked before anything is spent: whether the project's owner wants this audit now. What is not admitted is ignored. */
  admit(place: DropPlace): Promise<boolean>;
  /** Told what an audit will do before its first shard, as often as it is planned. What it throws ends the audit. */
  planned(plan: Plan): Promise<void>;
}
