import { generateKeyPairSync, verify } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { tombstoneOf } from '../../shared/pipeline/runs/tombstones.ts';
import { parseReport } from '../../shared/report/json.ts';
import { createAccount } from '../../shared/service/accounts/accounts.ts';
import { createKey, SCOPES } from '../../shared/service/accounts/api-keys.ts';
import { runAgenda } from '../../shared/service/core/agenda.ts';
import { projectOf } from '../../shared/service/core/paths.ts';
import { type Cloud, hasCloud, startCloud } from '../support/cloud/deployment.ts';
import { DEMO, demoPhoto, people } from '../support/demo.ts';
import { eventually } from '../support/eventually.ts';
import { fakeStripe } from '../support/service/fake-stripe.ts';
import { receiver, status } from '../support/service/webhook-receiver.ts';
import { tempDir } from '../support/temp.ts';

/* The way of a customer, over the real functions and the emulators: buys credits, makes a key, asks for a quote, uploads,
   audits, gets signed webhooks, reads the report, and has everything erased. */

const STRIPE_SECRET = 'whsec_of_stripe';
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** As few people as an audit takes, a photo each, and the demo's generator. */
function files(): [path: string, content: Buffer][] {
  const photos = [...people('members', 0, 4), ...people('controls', 0, 20)].map((name): [string, Buffer] => [
    `${name.startsWith('m') ? 'members' : 'controls'}/${name}/1.jpg`,
    readFileSync(demoPhoto(name, 0)),
  ]);
  return [
    ...photos,
    ['checkpoints/generator.onnx.card.json', readFileSync(join(DEMO, 'generator.onnx.card.json'))],
    ['checkpoints/generator.onnx', readFileSync(join(DEMO, 'generator.onnx'))],
  ];
}

describe.skipIf(!hasCloud())('a customer', () => {
  let cloud: Cloud;
  beforeAll(async () => {
    cloud = await startCloud({ signer: publicKey });
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await cloud.stop();
  });

  test('buys credits, audits a generator, is told of it, reads the report, and has it erased', async () => {
    const account = join(tempDir(), 'account.json');
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const email = 'signer@p.iam.gserviceaccount.com';
    writeFileSync(
      account,
      JSON.stringify({ type: 'service_account', project_id: 'p', client_email: email, private_key: pem }),
    );
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', account);
    const hook = await receiver(status(200));
    const checkout = { id: 'cs_test_1', url: 'https://checkout.stripe.com/c/pay/cs_test_1' };
    const stripe = await fakeStripe({ status: 200, body: checkout });
    const deployment = await cloud.deploy({
      window: 2,
      service: {
        signUp: 'closed',
        stripe: { apiKey: 'sk_test_key', webhookSecret: STRIPE_SECRET, api: stripe.api },
        webhookAllow: ['127.0.0.1/32'],
        requestsPerMinute: 10_000,
        proxied: false,
      },
    });
    onTestFinished(() => deployment.stop());
    const { context, firestore, accounts, origin } = deployment;

    async function ask(
      key: string,
      method: string,
      path: string,
      body?: unknown,
      headers: Record<string, string> = {},
    ) {
      const response = await fetch(`${origin}${path}`, {
        method,
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      // biome-ignore lint/suspicious/noExplicitAny: what is expected of an answer is said below
      return { status: response.status, body: (text.startsWith('{') ? JSON.parse(text) : text) as any };
    }

    // An account from the operator, and a key for the machine that audits.
    const owner = await createAccount(context, 'Acme');
    const first = (await createKey(context, owner, { name: 'first', scopes: SCOPES, expiresAt: null })).text;
    const made = await ask(first, 'POST', '/v1/keys', { name: 'ci', scopes: ['audits:read', 'audits:write'] });
    expect(made.status).toBe(201);
    const key: string = made.body.text;
    expect((await ask(key, 'POST', '/v1/checkouts', { pack: 'small' }, { 'idempotency-key': 'k' })).status).toBe(403);

    // A quote, and too few credits for it.
    const order = {
      attestation: 'owner',
      photos: 24,
      label: 'snapshot 7',
      msPerSample: 1000,
      settings: { samples: 80, batch: 32, fresh: 40 },
    };
    const quoted = (await ask(key, 'POST', '/v1/quotes', order)).body.credits;
    const created = await ask(key, 'POST', '/v1/audits', order, { 'idempotency-key': 'audit-1' });
    expect(created).toMatchObject({ status: 201, body: { state: 'CREATED', quote: { credits: quoted } } });
    expect((await ask(key, 'POST', '/v1/audits', order, { 'idempotency-key': 'audit-1' })).body.id).toBe(
      created.body.id,
    );
    const audit = `/v1/audits/${created.body.id}`;

    const all = files();
    const list = all.map(([path, content]) => ({ path, size: content.length }));
    const { uploads } = (await ask(key, 'POST', `${audit}/uploads`, { files: list })).body;
    for (const [i, { url, headers }] of uploads.entries()) {
      const put = await fetch(url, { method: 'PUT', headers, body: new Uint8Array(all[i]![1]) });
      expect(put.status).toBe(200);
    }
    const again = (await ask(key, 'POST', `${audit}/uploads`, { files: list })).body.uploads;
    expect(again.every(({ there }: { there: boolean }) => there)).toBe(true);
    expect(await ask(key, 'POST', `${audit}/start`)).toMatchObject({
      status: 402,
      body: { code: 'CREDITS_INSUFFICIENT' },
    });

    // Bought at Stripe, who says so twice.
    const bought = await ask(first, 'POST', '/v1/checkouts', { pack: 'small' }, { 'idempotency-key': 'buy-1' });
    expect(bought).toMatchObject({ status: 201, body: { url: checkout.url } });
    const payload = JSON.stringify({
      type: 'checkout.session.completed',
      data: {
        object: {
          id: checkout.id,
          object: 'checkout.session',
          mode: 'payment',
          payment_status: 'paid',
          client_reference_id: stripe.asked[0]?.form.get('client_reference_id'),
          metadata: { account: owner, pack: 'small' },
          amount_total: 1000,
          currency: 'usd',
        },
      },
    });
    const pay = (secret: string) =>
      fetch(`${origin}/v1/stripe/webhook`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'stripe-signature': Stripe.webhooks.generateTestHeaderString({ payload, secret }),
        },
        body: payload,
      });
    expect((await pay('whsec_of_somebody')).status).toBe(400);
    expect([(await pay(STRIPE_SECRET)).status, (await pay(STRIPE_SECRET)).status]).toEqual([204, 204]);
    expect((await ask(first, 'GET', '/v1/account')).body.credits).toEqual({ available: 1000, held: 0, spent: 0 });

    // Told of by webhook, started twice, followed to its end.
    const endpoint = (
      await ask(first, 'POST', '/v1/webhooks', {
        url: hook.url,
        events: ['audit.planned', 'audit.finished', 'audit.failed', 'credits.low'],
      })
    ).body;
    const starts = await Promise.all([ask(key, 'POST', `${audit}/start`), ask(key, 'POST', `${audit}/start`)]);
    expect(starts.map((start) => start.status)).toEqual([202, 202]);
    const finished = () => hook.received.find(({ body }) => body.includes('"audit.finished"'));
    await eventually(async () => {
      expect((await ask(key, 'GET', audit)).body.error).toBeNull();
      expect(finished()).toBeDefined();
    });
    const done = (await ask(key, 'GET', audit)).body;
    expect(done).toMatchObject({ state: 'DONE', verdict: 'NOT_DETECTED', progress: null });
    expect(done.charged).toBeGreaterThan(0);
    expect(done.charged).toBeLessThanOrEqual(quoted);
    expect((await ask(first, 'GET', '/v1/account')).body.credits).toEqual({
      available: 1000 - done.charged,
      held: 0,
      spent: done.charged,
    });
    const webhook = new Webhook(endpoint.secret);
    const told = hook.received.map(({ body, headers }) => {
      const flat = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
      return webhook.verify(body, flat);
    });
    expect(told).toContainEqual(expect.objectContaining({ type: 'audit.planned' }));
    expect(told).toContainEqual(
      expect.objectContaining({
        type: 'audit.finished',
        data: expect.objectContaining({ audit: done.id, verdict: 'NOT_DETECTED', credits: done.charged }),
      }),
    );

    // The report names nobody, and what was uploaded is gone.
    const report = parseReport(JSON.stringify((await ask(key, 'GET', `${audit}/report/report.json`)).body));
    expect(report.verdict).toBe('NOT_DETECTED');
    const page = (await ask(key, 'GET', `${audit}/report/report.html`)).body;
    for (const name of [...people('members', 0, 4), ...people('controls', 0, 20)]) expect(page).not.toContain(name);
    const left = async () => {
      const found: string[] = [];
      for (const area of ['drop/', 'gallery/'])
        for await (const { key: object } of context.objects.list(area)) found.push(object);
      return found;
    };
    // The webhook is sent before the uploads are erased.
    await eventually(async () => expect(await left()).toEqual([]));

    // Money and keys are in one database, and what strangers' models are run by is in the other.
    const collections = async (database: FirebaseFirestore.Firestore) =>
      (await database.listCollections()).map(({ id: name }) => name).sort();
    expect(await collections(accounts)).toEqual(['accounts', 'agenda']);
    expect(await collections(firestore)).toEqual(['admissions', 'audits', 'uploads']);
    const runs = (await firestore.collection('audits').listDocuments()).map(({ id: run }) => run);
    expect(runs).toHaveLength(1);
    const admission = JSON.stringify((await firestore.doc(`admissions/${owner}-${done.id}`).get()).data());
    for (const secret of ['snapshot 7', done.pseudonymKey, key]) expect(admission).not.toContain(secret);

    // Erased, with a receipt.
    const { receipt, signature } = (await ask(key, 'DELETE', audit)).body;
    const { publicKey: receiptKey } = (await ask(key, 'GET', '/v1/receipt-key')).body;
    const x = Buffer.from(receiptKey, 'base64').toString('base64url');
    expect(
      verify(
        null,
        Buffer.from(receipt),
        { key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' },
        Buffer.from(signature, 'base64'),
      ),
    ).toBe(true);
    expect(JSON.parse(receipt).objects.length).toBeGreaterThan(4);
    expect((await ask(key, 'GET', audit)).status).toBe(404);
    const objects: string[] = [];
    for await (const { key: object } of context.objects.list('')) objects.push(object);
    expect(objects).toEqual([]);
    // Reminders wait for their time and then find nothing. Besides the ledger, its tombstones know the audit's id, and
    // the next look for uploads that come late, which by the clock of the deployed functions is in an hour.
    const project = projectOf(owner, done.id);
    const tombstones = [project, ...runs].map(tombstoneOf).sort();
    const later = { ...context, clock: { now: () => Date.now() + 400 * 24 * 3_600_000 } };
    await runAgenda(later);
    const look = expect.stringMatching(new RegExp(`^agenda/\\d+-remains-${done.id}-`));
    const known = async () => expect((await knowing(done.id)).sort()).toEqual([look, ...tombstones]);
    await eventually(known);
    for (const path of tombstones) {
      expect((await firestore.doc(path).get()).get('fields')).toEqual({ at: expect.any(Number), project });
    }

    async function knowing(id: string): Promise<string[]> {
      const found: string[] = [];
      async function walk(collections: FirebaseFirestore.CollectionReference[]): Promise<void> {
        for (const collection of collections) {
          for (const document of await collection.listDocuments()) {
            const text = JSON.stringify((await document.get()).data() ?? {}) + document.path;
            if (text.includes(id) && !/\/(ledger|transactions)\//.test(document.path)) found.push(document.path);
            await walk(await document.listCollections());
          }
        }
      }
      for (const database of [firestore, accounts]) await walk(await database.listCollections());
      return found;
    }
    const names = people('members', 0, 4);
    expect(names.some((name) => JSON.stringify(deployment.log).includes(`"${name}"`))).toBe(false);
    expect(JSON.stringify(deployment.log)).not.toContain(key);
  });
});
