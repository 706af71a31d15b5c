/** Erasing over the real functions and the emulators: what is written or uploaded after it is removed there too. */
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CollectionReference, Firestore } from '@google-cloud/firestore';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Context } from '../../shared/pipeline/base/context.ts';
import type { Fields } from '../../shared/platform/ports.ts';
import { createAccount } from '../../shared/service/accounts/accounts.ts';
import { createKey, SCOPES } from '../../shared/service/accounts/api-keys.ts';
import { runAgenda } from '../../shared/service/core/agenda.ts';
import { type Cloud, type Deployment, hasCloud, startCloud } from '../support/cloud/deployment.ts';
import { eventually } from '../support/eventually.ts';
import { CONTROLS, MEMBERS, SMALL, smallFiles } from '../support/service/hosted-world.ts';
import { stubCompute } from '../support/stub-compute.ts';
import { tempDir } from '../support/temp.ts';

const NAMES = [...MEMBERS, ...CONTROLS, 'secret-project', 'portrait of', 'the label of it'];
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** All documents of a database, as text. */
async function documentsOf(place: Pick<Firestore, 'listCollections'>): Promise<string[]> {
  const below = async (collection: CollectionReference) => {
    const found = await Promise.all(
      (await collection.listDocuments()).map(async (document) => {
        const text = `${document.path} ${JSON.stringify((await document.get()).data() ?? {})}`;
        return [text, ...(await documentsOf(document))];
      }),
    );
    return found.flat();
  };
  return (await Promise.all((await place.listCollections()).map(below))).flat();
}

/** Where a name is: in keys of the bucket, in its objects, or in documents. */
async function left({ bucket, firestore }: Deployment): Promise<string[]> {
  const [files] = await bucket.getFiles();
  const objects = await Promise.all(
    files.map(async (file) => `${file.name} ${(await file.download())[0].toString('latin1')}`),
  );
  const stored = [...objects, ...(await documentsOf(firestore))];
  return stored.filter((text) => NAMES.some((name) => text.includes(name))).map((text) => text.slice(0, 120));
}

describe.skipIf(!hasCloud())('after an erasure in the cloud', () => {
  let cloud: Cloud;
  beforeAll(async () => {
    cloud = await startCloud({ signer: publicKey });
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await cloud.stop();
  });

  test.each([
    ['plan.json', (path: string) => path.endsWith('/plan.json')],
    ['the record of the run', (path: string) => /^audits\/\w+$/.test(path)],
    ['embeddings', (path: string) => path.startsWith('gallery/')],
    ['the roster', (path: string) => path.endsWith('/roster.json')],
  ])('a step that was about to write %s leaves no name, and no address takes a file for good', async (_, isWrite) => {
    const file = join(tempDir(), 'account.json');
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const signer = { type: 'service_account', project_id: 'p', client_email: 's@p.example', private_key: pem };
    writeFileSync(file, JSON.stringify(signer));
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', file);
    let erase: (() => Promise<unknown>) | undefined;
    let erased = 0;
    /** Erases the audit before the write that was asked for, once. */
    const before = async (path: string) => {
      if (!erase || !isWrite(path)) return;
      const once = erase;
      erase = undefined;
      await once();
      erased += 1;
    };
    const around = (world: Context): Context => {
      const { objects, records } = world;
      return {
        ...world,
        objects: {
          ...objects,
          async put(key, bytes, options) {
            await before(key);
            return objects.put(key, bytes, options);
          },
        },
        records: {
          ...records,
          async create(path: string, fields: Fields) {
            await before(path);
            return records.create(path, fields);
          },
        },
      };
    };
    const deployment = await cloud.deploy({
      around,
      compute: stubCompute(),
      service: { signUp: 'closed', stripe: null, webhookAllow: [], requestsPerMinute: 10_000, proxied: false },
    });
    onTestFinished(() => deployment.stop());
    const { context, origin } = deployment;
    const account = await createAccount(context, 'an account');
    const { text: key } = await createKey(context, account, { name: 'a key', scopes: SCOPES, expiresAt: null });
    const ask = async (method: string, path: string, body?: object) => {
      const response = await fetch(`${origin}${path}`, {
        method,
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      return { status: response.status, body: await response.json() };
    };
    const { body: made } = await ask('POST', '/v1/audits', { ...SMALL, label: 'the label of it' });
    const files = Object.entries(smallFiles());
    const list = files.map(([path, text]) => ({ path, size: Buffer.byteLength(text) }));
    const { uploads } = (await ask('POST', `/v1/audits/${made.id}/uploads`, { files: list })).body;
    const put = (i: number) =>
      fetch(uploads[i].url, { method: 'PUT', headers: uploads[i].headers, body: files[i]![1] });
    for (const i of files.keys()) expect((await put(i)).status).toBe(200);
    expect(await left(deployment)).not.toEqual([]);
    erase = async () => expect((await ask('DELETE', `/v1/audits/${made.id}`)).status).toBe(200);
    expect((await ask('POST', `/v1/audits/${made.id}/start`)).status).toBe(202);
    await eventually(() => expect(erased).toBe(1));
    await eventually(async () => expect(await left(deployment)).toEqual([]));
    // The bucket takes what it is given a signed address for; the next look at what was erased removes it.
    expect((await put(1)).status).toBe(200);
    await runAgenda({ ...context, clock: { now: () => Date.now() + 3_600_000 } });
    await eventually(async () => expect(await left(deployment)).toEqual([]));
    expect((await deployment.bucket.getFiles())[0]).toEqual([]);
  });
});
