/** What is left in any byte of the storage at the moment of the receipt, and after whatever steps still write. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { TOPICS } from '../../shared/pipeline/base/messages.ts';
import { STALE_MS } from '../../shared/pipeline/steps/sweep.ts';
import type { Platform } from '../../shared/platform/ports.ts';
import { readHosted } from '../../shared/service/audits/hosted-audit.ts';
import { projectOf } from '../../shared/service/core/paths.ts';
import { hostedServer } from '../support/service/hosted-server.ts';
import { CONTROLS, HostedWorld, MEMBERS, SMALL, smallFiles } from '../support/service/hosted-world.ts';
import { rawMentions } from '../support/service/storage.ts';
import { photoOf } from '../support/stub-compute.ts';

const LABEL = 'the label of it';
const BODY = { ...SMALL, label: LABEL };

/** What must be in no byte: names of people, photos and files, what was uploaded, and what pseudonyms are made with. */
async function planted(world: HostedWorld, account: string, id: string): Promise<Record<string, string>> {
  const { pseudonymKey } = await readHosted(world.context, account, id);
  return {
    ...Object.fromEntries([...MEMBERS, ...CONTROLS].map((who) => [`name ${who}`, who])),
    photo: photoOf(MEMBERS[0]!, 0),
    file: 'portrait of',
    checkpoint: 'secret-project',
    label: LABEL,
    pseudonymKey,
  };
}

async function erase(world: HostedWorld, key: string, id: string): Promise<void> {
  expect((await world.ask(key, 'DELETE', `/v1/audits/${id}`)).status).toBe(200);
}

test('no byte of the storage holds a name at the moment of the receipt', async () => {
  const world = new HostedWorld();
  const { account, key } = await world.account();
  await world.ask(key, 'PATCH', '/v1/account', { retention: { uploads: 'report', workDays: 14 } });
  const id = await world.start(account, key, BODY);
  await world.run();
  const needles = await planted(world, account, id);
  for (const [label, needle] of Object.entries(needles)) {
    expect(rawMentions(world.hosted.folder, { [label]: needle }), `${label} is there at first`).not.toEqual([]);
  }
  await erase(world, key, id);
  expect(rawMentions(world.hosted.folder, needles)).toEqual([]);
});

/** How a step ends that was about to write when its audit was erased. */
const ENDS = {
  'goes on': false,
  'dies before it can look for the tombstone, and its message comes again': true,
} as const;

test.for(Object.entries(ENDS))('a step that %s: no byte holds a name, whichever write it was at', async ([, dies]) => {
  for (let at = 1; ; at++) {
    const world = new HostedWorld();
    const { account, key } = await world.account();
    const id = await world.start(account, key, BODY);
    const needles = await planted(world, account, id);
    let writes = 0;
    let interrupted: string | undefined;
    world.wrap = (platform) => {
      let dead = false;
      const writing =
        <A extends unknown[], R>(write: (...args: A) => Promise<R>) =>
        async (...args: A): Promise<R> => {
          if (dead) throw new Error('dead');
          writes += 1;
          if (writes !== at) return write(...args);
          interrupted = world.delivered.at(-1)?.topic;
          await erase(world, key, id);
          expect(rawMentions(world.hosted.folder, needles), `write ${at}, at the receipt`).toEqual([]);
          const written = await write(...args);
          dead = dies;
          if (dead) throw new Error('dead');
          return written;
        };
      const alive =
        <A extends unknown[], R>(call: (...args: A) => R) =>
        (...args: A): R => {
          if (dead) throw new Error('dead');
          return call(...args);
        };
      const { objects, records, events } = platform;
      const ports: Pick<Platform, 'objects' | 'records' | 'events'> = {
        objects: {
          ...objects,
          put: writing(objects.put),
          head: alive(objects.head),
          get: alive(objects.get),
          delete: alive(objects.delete),
          clear: alive(objects.clear),
        },
        records: {
          ...records,
          create: writing(records.create),
          replace: writing(records.replace),
          get: alive(records.get),
          delete: alive(records.delete),
          purge: alive(records.purge),
        },
        events: { publish: writing(events.publish) },
      };
      return { ...platform, ...ports };
    };
    await world.run();
    if (dies) {
      // A process that starts again, or the clock, sweeps.
      world.hosted.clock.advance(STALE_MS);
      await world.context.events.publish(TOPICS.sweep, { version: 1 });
      await world.run();
    }
    if (interrupted === undefined) break;
    expect(rawMentions(world.hosted.folder, needles), `write ${at}, by ${interrupted}`).toEqual([]);
  }
});

test('a process that dies over an erasure: it is finished when it is looked at again', async () => {
  const world = new HostedWorld();
  const { account, key } = await world.account();
  const id = await world.start(account, key, BODY);
  const needles = await planted(world, account, id);
  await world.run((topic) => topic === TOPICS.probe);
  const { objects } = world.context;
  const clear = objects.clear;
  Object.assign(objects, { clear: () => Promise.reject(new Error('dead')) });
  expect((await world.ask(key, 'DELETE', `/v1/audits/${id}`)).status).toBe(500);
  Object.assign(objects, { clear });
  await world.pass(STALE_MS);
  expect(rawMentions(world.hosted.folder, needles)).toEqual([]);
  expect((await world.ask(key, 'GET', `/v1/audits/${id}`)).status).toBe(404);
});

test('photos that an earlier version took 440 folders deep are erased, and are on the receipt', async () => {
  const world = new HostedWorld();
  const { account, key } = await world.account();
  const id = await world.create(key);
  const person = join(world.hosted.folder, projectOf(account, id), 'members/anna-karenina');
  const deep = join(person, 'd/'.repeat(440));
  mkdirSync(deep, { recursive: true });
  for (let photo = 0; photo < 30; photo++) writeFileSync(join(deep, `${photo}.jpg`), 'photo');
  const { status, body } = await world.ask(key, 'DELETE', `/v1/audits/${id}`);
  expect(status).toBe(200);
  expect(JSON.parse(body.receipt).objects).toHaveLength(30);
  expect(rawMentions(world.hosted.folder, { name: 'anna-karenina', photo: 'photo' })).toEqual([]);
});

test('an address that was used, or not, takes nothing after the erasure; an upload under way is broken off', async () => {
  const { hosted } = await hostedServer();
  const { key } = await hosted.account();
  const { body: made } = await hosted.ask(key, 'POST', '/v1/audits', SMALL);
  const [path, text] = Object.entries(smallFiles())[1]!;
  const bytes = new TextEncoder().encode(text);
  const files = [path, `${path}2.jpg`, `${path}3.jpg`].map((one) => ({ path: one, size: bytes.length }));
  const { status, body } = await hosted.ask(key, 'POST', `/v1/audits/${made.id}/uploads`, { files });
  expect(status).toBe(200);
  const [used, unused, half] = body.uploads;
  const put = ({ url, headers }: { url: string; headers: Record<string, string> }, content: BodyInit) =>
    fetch(url, { method: 'PUT', headers, body: content, ...(content instanceof Uint8Array ? {} : { duplex: 'half' }) });
  expect((await put(used, bytes)).status).toBe(200);
  const rest = Promise.withResolvers<void>();
  const slow = put(
    half,
    new ReadableStream({
      async start(controller) {
        controller.enqueue(bytes.subarray(0, 8));
        await rest.promise;
        controller.enqueue(bytes.subarray(8));
        controller.close();
      },
    }),
  );
  while (rawMentions(hosted.folder, { half: bytes.subarray(0, 8) }).length < 2) await delay(5);
  expect((await hosted.ask(key, 'DELETE', `/v1/audits/${made.id}`)).status).toBe(200);
  expect(rawMentions(hosted.folder, { half: bytes.subarray(0, 8) })).toEqual([]);
  rest.resolve();
  for (const answer of [await put(used, bytes), await put(unused, bytes), await slow]) {
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({ code: 'SIGNATURE_INVALID' });
  }
  expect(rawMentions(hosted.folder, { name: path.split('/')[1]!, bytes: bytes.subarray(0, 8) })).toEqual([]);
});
