/** Tombstones: records, without a name, of projects and runs that were erased, and ports that leave nothing of those behind. */

import { z } from 'zod';
import { RewoundError } from '../../errors.ts';
import { around } from '../../platform/around.ts';
import type { Fields, Json, Platform } from '../../platform/ports.ts';
import { readRecord } from '../../stored-record.ts';
import { digest } from '../base/digest.ts';
import { droppedCheckpoint } from '../base/layout.ts';
import { recordPaths } from '../base/record-paths.ts';
import type { Tenancy } from '../base/tenancy.ts';
import { forgetAudit, forgetProject } from './forget.ts';
import { auditOfUpload } from './run.ts';

type Ports = Pick<Platform, 'objects' | 'records' | 'events'>;
type Stored = Pick<Platform, 'objects' | 'records' | 'clock'>;

const schema = z.object({ at: z.number(), project: z.string() });

/** Where the tombstone of a project (`drop/<tenant>/<project>`) or a run is. Kept for good: a step may be late by any time. */
export function tombstoneOf(subject: string): string {
  return `erased/${digest('erased', subject)}`;
}

/**
 * Marks a project, or a run of it, as erased, before anything of it is deleted. A writer looks for the mark after it has
 * written. So either the writer finds the mark and deletes what it wrote, or it wrote before the mark was made, and what
 * it wrote is found by the erasure.
 */
export async function bury(
  { records, clock }: Pick<Platform, 'records' | 'clock'>,
  project: string,
  subject: string = project,
): Promise<void> {
  await records.create(tombstoneOf(subject), { at: clock.now(), project });
}

export async function isBuried(
  { records }: Pick<Platform, 'records'>,
  ...subjects: readonly string[]
): Promise<boolean> {
  const found = await Promise.all(subjects.map((subject) => records.get(tombstoneOf(subject))));
  return found.some((tombstone) => tombstone !== undefined);
}

/** The tombstone of a project or a run: when it was erased, and what project it belonged to. */
export async function findTombstone(
  { records }: Pick<Platform, 'records'>,
  subject: string,
): Promise<z.infer<typeof schema> | undefined> {
  const tombstone = await records.get(tombstoneOf(subject));
  return tombstone && readRecord(schema, tombstone.fields);
}

/** Runs of which a process remembers whose they are: as many as it may work for at the same time, and more. */
const MOST_RUNS = 1000;

interface Guard {
  readonly ports: Ports;
  /** Run -> its project, as records of audits say. */
  readonly projects: Map<string, string>;
}

const guards = new WeakMap<Ports, Guard>();

/**
 * The same platform for steps: what is written to an erased project or run is deleted again, messages about it are not
 * published, and the step ends with CANCELLED. The same ports each time for the same context, as plans are remembered by
 * the port that they were read from. Without accounts nothing is erased while it runs.
 */
export function refusingErased<C extends Ports & { readonly tenancy?: unknown }>(context: C): C {
  if (!context.tenancy) return context;
  return { ...context, ...guardOf(context).ports };
}

function guardOf(context: Ports): Guard {
  const known = guards.get(context);
  if (known) return known;
  const guard = guardFor(context);
  guards.set(context, guard);
  return guard;
}

function guardFor({ objects, records, events }: Ports): Guard {
  const projects = new Map<string, string>();

  function learn(path: string, { key }: Fields): void {
    const run = /^audits\/([0-9a-f]{32})$/.exec(path)?.[1];
    const place = typeof key === 'string' ? droppedCheckpoint(key) : undefined;
    if (run === undefined || !place) return;
    projects.set(run, place.project);
    for (const oldest of projects.keys()) if (projects.size > MOST_RUNS) projects.delete(oldest);
  }

  async function isErased(path: string): Promise<boolean> {
    const subjects = subjectsOf(path);
    const owners = subjects.map((subject) => projects.get(subject)).filter((project) => project !== undefined);
    return isBuried({ records }, ...subjects, ...owners);
  }

  /** What a write gave, unless what was written belongs to something erased: then that is deleted. */
  async function checked<T>(path: string, write: () => Promise<T>, undo: () => Promise<void>): Promise<T> {
    const written = await write();
    if (!(await isErased(path))) return written;
    await undo();
    throw erased();
  }

  const write = (go: () => Promise<boolean>, path: string, fields: Fields) => {
    learn(path, fields);
    return checked(path, go, () => records.delete(path));
  };
  return {
    projects,
    ports: {
      objects: around(objects, { put: (go, key) => checked(key, go, () => objects.delete(key)) }),
      records: around(records, { create: write, replace: write }),
      events: around(events, {
        async publish(go, _topic, message) {
          const path = pathOf(message);
          if (path !== undefined && (await isErased(path))) throw erased();
          await go();
        },
      }),
    },
  };
}

/** The project and the run that a key, or a record's path, belongs to, as far as it says. */
function subjectsOf(path: string): string[] {
  const project = /^(?:drop|gallery)\/([^/]+\/[^/]+)(?=\/)/.exec(path)?.[1];
  const run = /^(?:work|report|audits|open-audits)\/([0-9a-f]{32})(?=\/|$)/.exec(path)?.[1];
  return [...(project === undefined ? [] : [`drop/${project}`]), ...(run === undefined ? [] : [run])];
}

/** A key, or a record's path, of what a message is about. */
function pathOf(message: Json): string | undefined {
  const { data } = messageSchema.safeParse(message);
  return data?.key ?? (data?.audit === undefined ? undefined : recordPaths.audit(data.audit));
}

/**
 * Has everything deleted that a step left of an erased audit, where the message it was given is about one; returns
 * whether it is. A process that died over a write could not look for the tombstone: its message comes again.
 */
export async function forgetBuried(
  context: Ports & { readonly tenancy?: Pick<Tenancy, 'erased'> },
  message: unknown,
): Promise<boolean> {
  const { data } = messageSchema.safeParse(message);
  if (!data || !context.tenancy) return false;
  const { audit, key, generation } = data;
  const subjects = [...subjectsOf(key ?? ''), ...(audit === undefined ? [] : [audit])];
  const tombstones = await Promise.all(subjects.map((subject) => findTombstone(context, subject)));
  const project = tombstones.find((found) => found !== undefined)?.project;
  if (project === undefined) return false;
  const runs = new Set(audit === undefined ? [] : [audit]);
  for (const [run, owner] of guards.get(context)?.projects ?? []) if (owner === project) runs.add(run);
  if (key !== undefined && generation !== undefined) {
    const begun = await auditOfUpload(context, key, generation);
    if (begun !== undefined) runs.add(begun);
    await context.records.delete(recordPaths.upload(key, generation));
  }
  await context.tenancy.erased(project, [...runs]);
  return true;
}

/** Deletes what was written to an erased project and its runs, and every trace of it that the platform keeps. */
export async function forgetRemains(context: Stored, project: string, runs: readonly string[]): Promise<void> {
  for (const run of runs) {
    await bury(context, project, run);
    await forgetAudit(context, run);
  }
  await forgetProject(context, project);
  await context.records.purge([`${project}/`, ...runs]);
}

const messageSchema = z.looseObject({
  audit: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .optional(),
  key: z.string().optional(),
  generation: z.string().optional(),
});

function erased(): RewoundError {
  return new RewoundError('CANCELLED', 'The audit was erased.', { help: 'Create a new audit.' });
}
