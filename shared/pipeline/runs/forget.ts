/** Erases what audits and projects have left. */
import { forEachAtOnce } from '../../at-once.ts';
import { RewoundError } from '../../errors.ts';
import type { ObjectInfo, Platform } from '../../platform/ports.ts';
import { galleryOf } from '../base/layout.ts';
import { recordPaths } from '../base/record-paths.ts';
import { STAGES } from '../base/stages.ts';

type Stored = Pick<Platform, 'objects' | 'records'>;
type Deleted = Pick<ObjectInfo, 'key' | 'size'>;

/** Erases all that one audit left: work, report and records. Enrolled photos are the project's and stay. */
export async function forgetAudit(context: Stored, audit: string): Promise<void> {
  await forgetWork(context, audit);
  await context.objects.clear(`report/${audit}`);
  await context.records.delete(recordPaths.open(audit));
  await context.records.delete(recordPaths.audit(audit));
}

/** Erases what an audit has done so far, so that it starts over. */
export async function forgetWork(context: Stored, audit: string): Promise<void> {
  const { records: store } = context;
  await context.objects.clear(`work/${audit}`);
  for (const collection of [...STAGES.map((stage) => recordPaths.done(audit, stage)), `audits/${audit}/locks`]) {
    const found: string[] = [];
    for await (const { path } of store.list(collection)) found.push(path);
    await forEachAtOnce(found, TOGETHER, (path) => store.delete(path));
  }
}

/** Erases the embeddings that an audit searched: what is left of its work holds similarities and names, and no faces. */
export async function forgetEmbeddings(context: Pick<Platform, 'objects'>, audit: string): Promise<void> {
  for (const kind of ['gallery', 'placebo']) await deleteBelow(context, `work/${audit}/${kind}-`);
}

/**
 * Erases what was put into a project (`drop/<tenant>/<project>`), and the embeddings that were made of its photos. What
 * its audits left is each audit's own: see `forgetAudit`. Returns what it deleted.
 */
export async function forgetProject({ objects }: Pick<Platform, 'objects'>, project: string): Promise<Deleted[]> {
  // A shorter path would name all projects of a tenant, or of all.
  if (!/^drop\/[^/]+\/[^/]+$/.test(project)) {
    throw new RewoundError('INTERNAL', 'What was to be erased is not a project.', {
      help: 'This is a defect in Rewound. Nothing was erased.',
    });
  }
  return [...(await objects.clear(project)), ...(await objects.clear(galleryOf(project)))];
}

async function deleteBelow({ objects }: Pick<Platform, 'objects'>, prefix: string): Promise<void> {
  const found: string[] = [];
  for await (const { key } of objects.list(prefix)) found.push(key);
  await forEachAtOnce(found, TOGETHER, (key) => objects.delete(key));
}

/** Objects and records deleted at the same time: of ten thousand photos one by one somebody would wait for minutes. */
const TOGETHER = 32;
