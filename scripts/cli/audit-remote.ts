import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { RewoundError } from '../../shared/errors.ts';
import { auditOfUpload, isFinal, readAudit } from '../../shared/pipeline/audits.ts';
import { keys, records } from '../../shared/pipeline/keys.ts';
import { readPlan, stageShards } from '../../shared/pipeline/plan-file.ts';
import { type GooglePlatform, openGoogle } from '../../shared/platform/google/index.ts';
import { openLocal } from '../../shared/platform/local/index.ts';
import type { ObjectInfo, Platform } from '../../shared/platform/ports.ts';
import type { Ended, Watch } from './audit.ts';
import { type AuditRequest, PROJECT } from './audit-request.ts';
import { usage } from './options.ts';

/** Where the deployment is, as `npm run deploy` prints it. */
const environmentSchema = z.object({
  REWOUND_PROJECT: z.string().min(1),
  REWOUND_BUCKET: z.string().min(1),
  REWOUND_DATABASE: z.string().min(1).optional(),
  /** Tenant and name of the project that is made in the bucket. */
  REWOUND_TENANT: z
    .string()
    .regex(/^[a-z0-9-]+$/)
    .default('cli'),
});

const POLL_MS = 2000;
/** A deployment that has not begun an audit after this long does not hear of uploads. */
const PATIENCE_MS = 10 * 60_000;

/** Uploads the user's files as a project, follows the audit that starts, and gives the platform that holds its report. */
export async function auditRemotely(request: AuditRequest, { progress, signal }: Watch): Promise<Ended | undefined> {
  const environment = environmentSchema.safeParse(process.env);
  if (!environment.success) {
    throw usage(
      '--remote needs to know the deployment.',
      'Set REWOUND_PROJECT and REWOUND_BUCKET to what "npm run deploy" printed.',
    );
  }
  const {
    REWOUND_PROJECT: project,
    REWOUND_BUCKET: bucket,
    REWOUND_DATABASE,
    REWOUND_TENANT: tenant,
  } = environment.data;
  const remote = openGoogle({
    project,
    bucket,
    topicPrefix: '',
    cacheFolder: join(request.work, 'remote-cache'),
    ...(REWOUND_DATABASE ? { databaseId: REWOUND_DATABASE } : {}),
  });
  let over = false;
  try {
    const checkpoint = await upload(request, remote, `drop/${tenant}`, progress);
    const audit = await follow(remote, checkpoint, { progress, signal });
    if (audit === undefined) {
      progress.note('No longer following. The audit goes on; the same command follows it again.');
      over = true;
      return undefined;
    }
    return { audit, context: remote, close: () => remote.close() };
  } catch (error) {
    over = true;
    throw error;
  } finally {
    if (over) await remote.close();
  }
}

/** Uploads what the bucket does not hold yet: everything else first, the checkpoint last. Returns the checkpoint. */
async function upload(
  { key, mounts, settings, work }: AuditRequest,
  { objects }: Platform,
  tenant: string,
  progress: Watch['progress'],
): Promise<ObjectInfo> {
  const local = openLocal({ folder: work, mounts, exclusive: false });
  try {
    const files: ObjectInfo[] = [];
    const prefixes = ['members', 'controls', 'recognizer'].map((folder) => `${PROJECT}/${folder}/`);
    for (const prefix of prefixes.filter((one) => one in mounts)) {
      for await (const file of local.objects.list(prefix)) files.push(file);
    }
    // What lies beside the checkpoint and belongs to it: its card, and weights it keeps in other files.
    const folder = key.slice(0, key.lastIndexOf('/') + 1);
    for await (const file of local.objects.list(folder)) if (file.key.startsWith(`${key}.`)) files.push(file);
    const checkpoint = await local.objects.head(key);
    if (!checkpoint) {
      throw new RewoundError('NOT_FOUND', 'The name of the checkpoint is not one a bucket accepts.', {
        help: 'Names must not begin with a dot or end in .part or .tmp.',
      });
    }
    const name = key
      .slice(folder.length)
      .replace(/\.[^.]*$/, '')
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-');
    const project = `${tenant}/${name || 'audit'}`;
    const target = (file: ObjectInfo) => project + file.key.slice(PROJECT.length);
    await objects.put(`${project}/project.json`, new TextEncoder().encode(JSON.stringify(settings)));
    let done = 0;
    for (const file of [...files, checkpoint]) {
      const there = await objects.head(target(file));
      if (there?.md5 !== file.md5) await objects.put(target(file), await local.objects.get(file.key, file.generation));
      done += 1;
      progress.update('upload', done, files.length + 1, 'files');
    }
    const uploaded = await objects.head(target(checkpoint));
    if (!uploaded) throw new RewoundError('NOT_FOUND', 'The uploaded checkpoint is gone.', { help: 'Try again.' });
    return uploaded;
  } finally {
    local.close();
  }
}

/** Follows the audit of an upload to its end; undefined if the user no longer wants to. */
async function follow(remote: GooglePlatform, { key, generation }: ObjectInfo, { progress, signal }: Watch) {
  const started = remote.clock.now();
  while (!signal.aborted) {
    const audit = await auditOfUpload(remote, key, generation);
    if (audit === undefined && remote.clock.now() - started > PATIENCE_MS) {
      throw new RewoundError('NOT_FOUND', 'The deployment did not begin the audit.', {
        help: 'Check the bucket notification and the logs of the function "plan"; see docs/deploy.md.',
      });
    }
    const record = audit === undefined ? undefined : await readAudit(remote, audit);
    if (record && isFinal(record.state)) return audit;
    if (audit !== undefined && (record?.state === 'ENROLLING' || record?.state === 'PROBING')) {
      const stage = record.state === 'ENROLLING' ? 'enrol' : 'probe';
      if (await remote.objects.head(keys.plan(audit))) {
        const total = stageShards(await readPlan(remote, audit), stage);
        progress.update(stage, await remote.records.count(records.done(audit, stage)), total, 'shards');
      }
    }
    await setTimeout(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
  return undefined;
}
