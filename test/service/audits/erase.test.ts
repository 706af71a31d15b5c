import { createHash, webcrypto } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { decodeGallery } from '../../../shared/faces/gallery.ts';
import { galleryOf } from '../../../shared/pipeline/base/layout.ts';
import { TOPICS } from '../../../shared/pipeline/base/messages.ts';
import { around } from '../../../shared/platform/around.ts';
import { eraseAudit } from '../../../shared/service/audits/erase.ts';
import { readHosted } from '../../../shared/service/audits/hosted-audit.ts';
import { projectOf } from '../../../shared/service/core/paths.ts';
import {
  CONTROLS,
  DAY_MS,
  dying,
  HostedWorld,
  MEMBERS,
  SMALL,
  smallFiles,
} from '../../support/service/hosted-world.ts';
import { mentions } from '../../support/service/storage.ts';
import { photoOf } from '../../support/stub-compute.ts';
import { bookedIn, expectSound } from '../books.ts';

/** Longer than anything is kept that an erasure leaves to time. */
const LONG = 400 * DAY_MS;

/** What must be nowhere once an audit is erased. Controls are called like no word of ours. */
function traces(id: string): Record<string, string> {
  return {
    id,
    checkpoint: 'secret-project',
    file: 'portrait of',
    label: 'the label of it',
    ...Object.fromEntries([...MEMBERS, CONTROLS[0]!].map((who) => [who, who])),
    photo: photoOf(CONTROLS[1]!, 0),
  };
}

/** But for the ledger and tombstones, which hold an audit's id: the one with amounts, the other with the time. */
function left(world: HostedWorld, what: Readonly<Record<string, string | Uint8Array>>): string[] {
  return mentions(world.hosted.folder, what).filter(
    (found) => !/"collection":"(accounts\/\w+\/(ledger|transactions)|erased)"/.test(found),
  );
}

const LABELLED = { ...SMALL, label: 'the label of it' };

async function erase(world: HostedWorld, key: string, id: string) {
  const { status, body } = await world.ask(key, 'DELETE', `/v1/audits/${id}`);
  expect(status).toBe(200);
  return { ...body, ...JSON.parse(body.receipt) } as {
    receipt: string;
    signature: string;
    publicKey: string;
    audit: string;
    erasedAt: string;
    objects: { key: string; bytes: number }[];
    records: string[];
  };
}

describe('after an erasure', () => {
  test('the storage that was full of it holds nothing of it', async () => {
    const world = new HostedWorld();
    const { account, key } = await world.account();
    await world.ask(key, 'PATCH', '/v1/account', { retention: { uploads: 'report', workDays: 14 } });
    const id = await world.start(account, key, LABELLED);
    await world.run();
    for (const [label, needle] of Object.entries(traces(id))) {
      expect(left(world, { [label]: needle }), `${label} is there at first`).not.toEqual([]);
    }
    const { planned } = await readHosted(world.context, account, id);
    const gallery = await world.context.objects.get(`work/${planned!.run}/gallery-0.safetensors`);
    const face = decodeGallery(gallery).embeddings.slice(0, 16);
    const embedding = new Uint8Array(face.buffer, face.byteOffset, face.byteLength);
    expect(left(world, { embedding })).not.toEqual([]);
    await erase(world, key, id);
    await world.run();
    // What is still to come names the audit, and nothing else of it.
    const { id: _id, ...others } = traces(id);
    expect(
      left(world, { ...others, embedding, run: planned!.run }).filter((found) => !found.includes('agenda')),
    ).toEqual([]);
    await world.pass(LONG);
    expect(left(world, { ...traces(id), embedding, run: planned!.run, seal: 'pseudonym' })).toEqual([]);
    expectSound(await bookedIn(world.context.records, account));
  });

  test.for([
    'nothing',
    'files',
    TOPICS.plan,
    TOPICS.enrol,
    TOPICS.assemble,
    TOPICS.probe,
    TOPICS.confirm,
    TOPICS.conclude,
    TOPICS.settle,
    'the end',
  ])('nothing of it is left when it had come to: %s', async (stop) => {
    const world = new HostedWorld();
    const { account, key } = await world.account();
    const id = await world.create(key, LABELLED);
    if (stop !== 'nothing') await world.put(account, id);
    if (stop !== 'nothing' && stop !== 'files') {
      await world.ask(key, 'POST', `/v1/audits/${id}/start`, undefined, { 'idempotency-key': 'once' });
      if (stop === 'the end') await world.runUntilEnded();
      else await world.run((topic) => topic === stop);
    }
    await erase(world, key, id);
    expect((await world.ask(key, 'GET', `/v1/audits/${id}`)).status).toBe(404);
    expect((await world.ask(key, 'DELETE', `/v1/audits/${id}`)).status).toBe(404);
    await world.pass(LONG);
    expect(left(world, traces(id))).toEqual([]);
    const entries = await bookedIn(world.context.records, account);
    expect(expectSound(entries).held).toBe(0);
  });

  test('nothing is left of one that was rejected before it was planned', async () => {
    const world = new HostedWorld();
    const { account, key } = await world.account();
    const { 'checkpoints/secret-project.onnx': checkpoint } = smallFiles();
    const id = await world.start(account, key, LABELLED, { 'checkpoints/secret-project.onnx': checkpoint! });
    await world.run();
    expect((await world.ask(key, 'GET', `/v1/audits/${id}`)).body).toMatchObject({ state: 'REJECTED' });
    // Nobody looks at what is left of its end any more.
    await world.pass(2 * DAY_MS);
    await erase(world, key, id);
    await world.pass(LONG);
    expect(left(world, traces(id))).toEqual([]);
    expect(await world.context.records.count('audits')).toBe(0);
    expect(await world.context.records.count('uploads')).toBe(0);
  });

  test.for([TOPICS.plan, TOPICS.enrol, TOPICS.assemble, TOPICS.probe, TOPICS.conclude] as const)(
    'what %s still wrote goes too',
    async (topic) => {
      const world = new HostedWorld();
      const { account, key } = await world.account();
      const id = await world.start(account, key, LABELLED);
      let erased = false;
      // The step has read all it needs; what it writes comes after the erasure.
      world.wrap = (platform) => ({
        ...platform,
        objects: around(platform.objects, {
          put: async (go) => {
            if (!erased && world.delivered.at(-1)?.topic === topic) {
              erased = true;
              await erase(world, key, id);
            }
            return go();
          },
        }),
      });
      await world.run();
      expect(erased).toBe(true);
      await world.pass(LONG);
      expect(left(world, traces(id))).toEqual([]);
      const objects: string[] = [];
      for (const area of ['drop/', 'gallery/', 'work/', 'report/']) {
        for await (const { key: object } of world.context.objects.list(area)) objects.push(object);
      }
      expect(objects).toEqual([]);
      expect(await world.context.records.count('audits')).toBe(0);
      expect(await world.context.records.count('open-audits')).toBe(0);
      expect(expectSound(await bookedIn(world.context.records, account)).held).toBe(0);
    },
  );

  test('a process that dies over any write of it leaves something to erase, and nothing once it is asked again', async () => {
    for (const stop of [TOPICS.probe, undefined]) {
      for (let n = 1; ; n++) {
        const world = new HostedWorld();
        const { account, key } = await world.account();
        const id = await world.start(account, key, LABELLED);
        await world.run((topic) => topic === stop);
        const context = dying(world.context, n);
        await eraseAudit(context, account, id).catch(() => undefined);
        if (!context.died()) break;
        await erase(world, key, id);
        await world.pass(LONG);
        expect(left(world, traces(id)), `write ${n}`).toEqual([]);
        expect(expectSound(await bookedIn(world.context.records, account)).held, `write ${n}`).toBe(0);
      }
    }
  });
});

test('a file whose address was given out before, and used hours after the erasure, goes too', async () => {
  for (const end of ['erased', 'cancelled'] as const) {
    const world = new HostedWorld();
    const { account, key } = await world.account();
    const id = await world.create(key);
    if (end === 'erased') await erase(world, key, id);
    else await world.ask(key, 'POST', `/v1/audits/${id}/cancel`);
    await world.pass(7 * 3_600_000);
    await world.put(account, id);
    await world.pass(DAY_MS);
    for await (const { key: object } of world.context.objects.list('drop/')) expect(object, end).toBe('');
  }
});

describe('the receipt', () => {
  test('verifies with the published key, in WebCrypto', async () => {
    const world = new HostedWorld();
    const { account, key } = await world.account();
    const id = await world.start(account, key, LABELLED);
    await world.run();
    const { receipt, signature, publicKey } = await erase(world, key, id);
    const { body: published } = await world.ask(undefined, 'GET', '/v1/receipt-key');
    expect(published).toEqual({ algorithm: 'ed25519', publicKey, former: [] });
    const bytes = (text: string) => Buffer.from(text, 'base64');
    const imported = await webcrypto.subtle.importKey('raw', bytes(published.publicKey), 'Ed25519', false, ['verify']);
    const verify = (text: string) =>
      webcrypto.subtle.verify('Ed25519', imported, bytes(signature), new TextEncoder().encode(text));
    expect(await verify(receipt)).toBe(true);
    expect(await verify(receipt.replace(id, id.replace('aud', 'auc')))).toBe(false);
    expect(await verify(`${receipt} `)).toBe(false);
  });

  test('lists all there was, with the sizes, and names nobody', async () => {
    const world = new HostedWorld();
    const { account, key } = await world.account();
    await world.ask(key, 'PATCH', '/v1/account', { retention: { uploads: 'report' } });
    const id = await world.start(account, key, LABELLED);
    await world.run();
    const project = projectOf(account, id);
    const { planned } = await readHosted(world.context, account, id);
    const sizes: number[] = [];
    for (const area of [`${project}/`, `${galleryOf(project)}/`, `work/${planned!.run}/`, `report/${planned!.run}/`]) {
      for await (const { size } of world.context.objects.list(area)) sizes.push(size);
    }
    const { receipt, audit, erasedAt, objects, records } = await erase(world, key, id);
    expect(audit).toBe(id);
    expect(erasedAt).toBe(new Date(world.hosted.clock.now()).toISOString());
    expect(objects.map(({ bytes }) => bytes).sort()).toEqual(sizes.sort());
    expect(new Set(objects.map((one) => one.key)).size).toBe(objects.length);
    expect(records).toContain(`accounts/${account}/audits/${id}`);
    expect(records).toContain(`audits/${planned!.run}`);
    expect(records.filter((path) => path.includes('/deliveries/'))).toHaveLength(2);
    for (const word of [...MEMBERS, ...CONTROLS, 'secret-project', 'portrait', 'the label'])
      expect(receipt).not.toContain(word);
  });

  test('does not let names be guessed: digests of them need the key that was erased', async () => {
    const world = new HostedWorld();
    const { account, key } = await world.account();
    const id = await world.create(key);
    await world.put(account, id);
    const { receipt } = await erase(world, key, id);
    const [path] = Object.keys(smallFiles()).filter((one) => one.startsWith('members/'));
    const plain = createHash('sha256').update(path!.slice('members/'.length)).digest('hex');
    expect(receipt).toContain('/members/hmac-sha256:');
    expect(receipt).not.toContain(plain);
  });
});
