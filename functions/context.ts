/** Opens what the functions of a deployed service work in: the Google platform and the engine. */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { engineMemory } from '../shared/engine/memory.ts';
import { EngineProcess } from '../shared/engine/process.ts';
import type { Context } from '../shared/pipeline/base/context.ts';
import { openGoogle } from '../shared/platform/google/index.ts';
import type { Uploads } from '../shared/platform/ports.ts';
import { hostedTenancy } from '../shared/service/audits/tenancy.ts';
import type { ServerSettings } from './settings.ts';

/** The world of a service: the Google platform and the engine, opened once and kept for all messages. */
export interface ServerContext {
  readonly context: Context;
  readonly uploads: Uploads;
  /** Resolves when messages can be taken on. Throws DEVICE_UNAVAILABLE where the asked-for device is not there. */
  ready(): Promise<void>;
  close(): Promise<void>;
}

/** Shorter than a push waits, so that a model that hangs ends with its own error. */
const SILENCE_MS = 240_000;

export function openContext(settings: ServerSettings): ServerContext {
  const { project, bucket, topicPrefix, database, accountsDatabase, device, window } = settings;
  // A folder of its own: a cache belongs to one process, and whoever starts the next one may not own this one's.
  const cacheFolder = mkdtempSync(join(tmpdir(), 'rewound-cache-'));
  const clear = () => rmSync(cacheFolder, { recursive: true, force: true });
  process.once('exit', clear);
  const platform = openGoogle({
    project,
    bucket,
    topicPrefix,
    cacheFolder,
    ...(database === undefined ? {} : { databaseId: database }),
    ...(accountsDatabase === undefined ? {} : { accountsDatabaseId: accountsDatabase }),
  });
  const engine = new EngineProcess({
    device,
    threads: availableParallelism(),
    memoryBytes: engineMemory(),
    silenceMs: SILENCE_MS,
  });
  const { objects, records, events, clock } = platform;
  return {
    context: {
      objects,
      records,
      events,
      clock,
      compute: engine.tasks,
      device,
      window,
      tenancy: hostedTenancy({ records, events, clock }),
    },
    uploads: platform.uploads,
    async ready() {
      // The CPU needs no proof.
      if (device === 'cpu') return;
      // The engine asserts its device before it looks for a face. Of no photos that is all it does, besides loading
      // the networks, which the first message would wait for.
      await engine.tasks.enrol({ photos: [], recognizer: { kind: 'built-in' }, resolution: null });
    },
    async close() {
      engine.close();
      await platform.close();
      process.off('exit', clear);
      clear();
    },
  };
}
