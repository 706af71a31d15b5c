/** The port by which a hosted service admits audits and is told of their work. */
import { type DroppedCheckpoint, isCommandMarker, isCompanion } from './layout.ts';
import type { Stage } from './stages.ts';

/** Nothing; that it is planned; or that the run that was planned from it goes on. */
export type Admission = 'ignore' | 'plan' | { readonly run: string };

/** What an audit will do, as it was planned. */
export interface PlannedWork {
  readonly audit: string;
  readonly project: string;
  readonly photos: number;
  readonly samples: number;
  /** Samples that confirm whoever is named. */
  readonly fresh: number;
  /** Gallery faces kept for each sample. */
  readonly k: number;
  readonly recognizers: number;
  /** Milliseconds for a sample, as planning measured them. */
  readonly sampleMs: number;
  readonly shards: Readonly<Record<Stage, number>>;
  /** How the photos of each side were read; null where there are none, or embeddings in their place. */
  readonly read: Readonly<Record<'members' | 'controls', SideRead | null>> & {
    /** Pictures in the place of a generator; null where there are none. */
    readonly pictures: SetRead | null;
  };
}

/** What was found in a set of pictures, without a name of a file. */
export interface SetRead {
  readonly pictures: number;
  readonly summary: string;
  readonly passedOver: string | null;
}

/** How the photos of a side were read, without a name of a file or a person. */
export interface SideRead {
  readonly people: number;
  readonly photos: number;
  /** In a line: how many people and photos, and how it was told who is in them. */
  readonly summary: string;
  /** In a line: what was passed over, and why; null where nothing was. */
  readonly passedOver: string | null;
}

/**
 * Whose audits these are, where they are somebody's: a hosted service stands behind it. Without one, everything that
 * lands in the drop area is audited.
 */
export interface Tenancy {
  /** Asked before anything is spent: what the project's owner wants of this file now. */
  admit(place: DroppedCheckpoint): Promise<Admission>;
  /** Told what an audit will do before its first shard, as often as it is planned. What it throws ends the audit. */
  planned(work: PlannedWork): Promise<void>;
  /** Has everything deleted that a step may have left of a project that was erased, and of these runs of it. */
  erased(project: string, runs: readonly string[]): Promise<void>;
}

/** What to do about a file. Without accounts, whatever lies beside checkpoints and is none by its name is ignored. */
export async function admissionOf(
  { tenancy, generate }: { readonly tenancy?: Tenancy; readonly generate?: unknown },
  place: DroppedCheckpoint,
): Promise<Admission> {
  if (generate !== undefined && isCommandMarker(place.file)) return 'plan';
  if (tenancy) return tenancy.admit(place);
  return isCompanion(place.file) ? 'ignore' : 'plan';
}
