/**
 * The API for `api.ts`, in a process of its own: over the local platform, with an account of many audits, some at work.
 * Beside it the floor, a bare server that reads the same records and does nothing else. Says where both are.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { apiServer, openApi } from '../../functions/api.ts';
import { recordPaths } from '../../shared/pipeline/base/record-paths.ts';
import { STAGES } from '../../shared/pipeline/base/stages.ts';
import { openLocal } from '../../shared/platform/local/index.ts';
import type { Fields } from '../../shared/platform/ports.ts';
import { createAccount } from '../../shared/service/accounts/accounts.ts';
import { createKey } from '../../shared/service/accounts/api-keys.ts';
import { changeHosted, createAudit, newAuditSchema } from '../../shared/service/audits/hosted-audit.ts';
import { paths } from '../../shared/service/core/paths.ts';
import { isSecret } from '../../shared/service/core/secret.ts';

export interface ApiReady {
  readonly api: number;
  readonly floor: number;
  readonly key: string;
  readonly working: readonly string[];
  readonly ended: readonly string[];
}

/** In use after a collection of garbage. */
export interface ApiMemory {
  readonly bytes: number;
}

const [folder = '', audits = '100'] = process.argv.slice(2);
const WORKING = 20;
const SHARDS = 200;

const platform = openLocal({ folder });
const secret = new Uint8Array(32);
if (!isSecret(secret)) throw new Error('a secret has 32 bytes');
const answer = openApi({
  ...platform,
  uploads: platform.uploads({ origin: 'http://127.0.0.1', tokenKey: secret }),
  secret,
  settings: {
    origin: 'http://127.0.0.1',
    signUp: 'closed',
    stripe: null,
    webhookAllow: [],
    requestsPerMinute: 1_000_000_000,
    proxied: false,
  },
});

const account = await createAccount(platform, 'benchmark');
const { text: key } = await createKey(platform, account, {
  name: 'benchmark',
  scopes: ['audits:read'],
  expiresAt: null,
});
const order = newAuditSchema.parse({ attestation: 'owner', photos: 1000, label: 'an audit' });
const [working, ended]: [string[], string[]] = [[], []];
for (let i = 0; i < Number(audits); i++) {
  const { id } = await createAudit(platform, account, order, { paid: true });
  const run = i.toString(16).padStart(32, '0');
  const now = platform.clock.now();
  const shards = { enrol: 4, probe: SHARDS, confirm: 20 };
  const isWorking = i < WORKING;
  await changeHosted(platform, account, id, (audit) => ({
    ...audit,
    startedAt: now,
    planned: { run, at: now, msPerSample: 20, shards },
    outcome: isWorking
      ? null
      : {
          state: 'DONE',
          at: now,
          verdict: 'NOT_DETECTED',
          error: null,
          charged: 200,
          reportUntil: now,
          kept: { uploads: 'end', workDays: 1 },
          run,
        },
  }));
  (isWorking ? working : ended).push(id);
  if (!isWorking) continue;
  const record = { state: 'PROBING', key: 'k', generation: '1', createdAt: now, changedAt: now, error: null };
  await platform.records.create(recordPaths.audit(run), record);
  for (const stage of STAGES.slice(0, 2)) {
    for (let shard = 0; shard < shards[stage] / 2; shard++) {
      await platform.records.create(`${recordPaths.done(run, stage)}/${shard}`, { at: now });
    }
  }
}

const api = apiServer(answer);
const portOf = async (server: Server) => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
};
const apiPort = await portOf(api);
const [, apiKey = ''] = /^rwk_[0-9a-z]{16}_([0-9a-z]{16})_/.exec(key) ?? [];

/** What no answer can do without: the key's record, then those of the page or the audit, read and written as JSON. */
async function bare(path: string): Promise<string> {
  const { records: store } = platform;
  await store.get(paths.key(account, `key_${apiKey}`));
  const [, id] = /^\/v1\/audits\/(\w+)$/.exec(path) ?? [];
  if (id === undefined) {
    const page: Fields[] = [];
    for await (const { fields } of store.list(paths.audits(account), { limit: 21 })) page.push(fields);
    return JSON.stringify(page);
  }
  const audit = await store.get(paths.audit(account, id));
  const place = working.indexOf(id);
  if (place < 0) return JSON.stringify(audit?.fields);
  const run = place.toString(16).padStart(32, '0');
  const record = await store.get(recordPaths.audit(run));
  const counts = await Promise.all(STAGES.map((stage) => store.count(recordPaths.done(run, stage))));
  return JSON.stringify([audit?.fields, record?.fields, counts]);
}

const floor = createServer((request, response) => {
  bare(request.url ?? '').then(
    (body) => response.writeHead(200, { 'content-type': 'application/json' }).end(body),
    () => response.destroy(),
  );
});
const ready: ApiReady = { api: apiPort, floor: await portOf(floor), key, working, ended };
process.send?.(ready);
// Whoever measures is gone.
process.on('disconnect', () => process.exit());
process.on('message', () => {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  const memory: ApiMemory = { bytes: heapUsed + external };
  process.send?.(memory);
});
