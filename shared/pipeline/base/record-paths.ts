/** Which path each record of an audit has. */
import { digest } from './digest.ts';
import type { Stage } from './stages.ts';

export const recordPaths = {
  audit: (audit: string) => `audits/${audit}`,
  /** Marks audits that have not ended, so that the sweep need not look at all that ever were. */
  open: (audit: string) => `open-audits/${audit}`,
  /** Which audit an upload began. */
  upload: (key: string, generation: string) => `uploads/${digest(key, generation)}`,
  done: (audit: string, stage: Stage) => `audits/${audit}/${stage}-shards`,
  lock: (audit: string, stage: Stage) => `audits/${audit}/locks/${stage}`,
} as const;
