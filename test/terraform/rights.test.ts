/** Whether each function gets along with what terraform/functions.tf lets it do: whole audits, each step behind its rights. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { API } from '../../functions/api.ts';
import { ACCOUNT_FUNCTIONS } from '../../functions/settings.ts';
import { parseTerraform } from '../../scripts/check/read-terraform.ts';
import { TOPICS } from '../../shared/pipeline/base/messages.ts';
import { around } from '../../shared/platform/around.ts';
import { ACCOUNT_COLLECTIONS, isOfAccounts } from '../../shared/platform/google/parted.ts';
import type { Platform } from '../../shared/platform/ports.ts';
import { hostedTenancy } from '../../shared/service/audits/tenancy.ts';
import { createApi } from '../../shared/service/http/app.ts';
import { DAY_MS, HostedWorld, SMALL } from '../support/service/hosted-world.ts';
import { folder, terraform } from './files.ts';

const names = z.array(z.string());
const rightsSchema = z.object({
  publishes: names,
  reads: names,
  writes: names,
  creates: names.default([]),
  deletes: names.default([]),
  lists: z.boolean(),
  /** Those on a GPU are as the merge at the table's end says. */
  strangers: z.boolean().default(true),
  audits: z.enum(['read', 'write']).nullable().default('write'),
  accounts: z.enum(['write']).nullable().default(null),
});
type Rights = z.infer<typeof rightsSchema>;

/** The API's row stands inside of an expression. */
const [row = ''] = /^ {6}api = \{\n[\s\S]*?^ {6}\}\n/m.exec(readFileSync(join(folder, 'functions.tf'), 'utf8')) ?? [];
const api = (await parseTerraform({ 'api.tf': `locals {\n${row}}\n` })).locals.get('api');
const table = z
  .record(z.string(), rightsSchema)
  .parse({ ...object('gpu_functions'), ...object('cpu_functions'), [API]: api });

function object(local: string): object {
  return z.record(z.string(), z.unknown()).parse(terraform.locals.get(local));
}

/** A platform that lets through what these rights allow, and notes all else. */
function restricted<P extends Platform>(platform: P, name: string, refused: Set<string>): P {
  const rights: Rights | undefined = table[name];
  const need = (allowed: boolean | undefined, what: string) => {
    if (allowed) return;
    refused.add(`${name}: ${what}`);
    throw new Error(`${name} may not: ${what}`);
  };
  const area = (key: string) => key.slice(0, key.indexOf('/'));
  const read = (key: string) =>
    need(rights?.reads.includes(area(key)) || rights?.writes.includes(area(key)), `read ${area(key)}`);
  const document = (path: string, isWrite: boolean) => {
    const kind = isOfAccounts(path) ? 'accounts' : 'audits';
    const right = rights?.[kind];
    need(right === 'write' || (right === 'read' && !isWrite), `${isWrite ? 'write' : 'read'} ${kind}`);
  };
  const { objects, records, events } = platform;
  return {
    ...platform,
    objects: around(objects, {
      async head(go, key) {
        read(key);
        return go();
      },
      async get(go, key) {
        read(key);
        return go();
      },
      async file(go, key) {
        read(key);
        return go();
      },
      async put(go, key, _bytes, options) {
        const creates = options?.ifAbsent && rights?.creates.includes(area(key));
        need(creates || rights?.writes.includes(area(key)), `put into ${area(key)}`);
        return go();
      },
      list(go) {
        need(rights?.lists, 'list');
        return go();
      },
      async clear(go, folder) {
        need(rights?.lists, 'list');
        need(rights?.deletes.includes(area(folder)), `delete in ${area(folder)}`);
        return go();
      },
      async delete(go, key) {
        const deletes = rights?.deletes.includes(area(key)) || rights?.writes.includes(area(key));
        need(deletes, `delete in ${area(key)}`);
        return go();
      },
    }),
    records: around(records, {
      async get(go, path) {
        document(path, false);
        return go();
      },
      async count(go, path) {
        document(path, false);
        return go();
      },
      list(go, path) {
        document(path, false);
        return go();
      },
      async create(go, path) {
        document(path, true);
        return go();
      },
      async replace(go, path) {
        document(path, true);
        return go();
      },
      async delete(go, path) {
        document(path, true);
        return go();
      },
    }),
    events: around(events, {
      async publish(go, topic) {
        need(rights?.publishes.includes(topic), `publish ${topic}`);
        return go();
      },
    }),
  };
}

/** The hosted service with each function behind its own rights. */
class RestrictedWorld extends HostedWorld {
  readonly refused = new Set<string>();

  override async handle(...args: Parameters<HostedWorld['handle']>): Promise<void> {
    this.wrap = (platform) => {
      const mine = restricted(platform, args[0], this.refused);
      return { ...mine, tenancy: hostedTenancy(mine) };
    };
    await super.handle(...args);
  }

  /** A request to the API. */
  async request(key: string, method: string, path: string): Promise<number> {
    const app = createApi({ ...this.context, ...restricted(this.context, API, this.refused) }, { lookMs: 1 });
    const { status } = await app.request(path, { method, headers: { authorization: `Bearer ${key}` } });
    return status;
  }

  /** An audit with its files, started by the API with its rights. */
  async begin(): Promise<{ readonly key: string; readonly path: string }> {
    const { account, key } = await this.account();
    const id = await this.create(key, SMALL);
    await this.put(account, id);
    const path = `/v1/audits/${id}`;
    expect(await this.request(key, 'POST', `${path}/start`)).toBe(202);
    return { key, path };
  }
}

test('an audit from its start until nothing is left of it', async () => {
  const world = new RestrictedWorld();
  const { key, path } = await world.begin();
  await world.run();
  expect(await world.request(key, 'GET', path)).toBe(200);
  expect(await world.request(key, 'GET', `${path}/report/report.json`)).toBe(200);
  for (let passed = 0; passed < 100; passed += 10) {
    await world.pass(10 * DAY_MS);
    await world.context.events.publish(TOPICS.sweep, { version: 1 });
    await world.run();
  }
  expect(await world.request(key, 'GET', path)).toBe(404);
  expect([...world.refused]).toEqual([]);
});

test.each([
  ['cancelled', 'POST', '/cancel', 200],
  ['erased', 'DELETE', '', 200],
])('an audit that is %s while it runs', async (_, method, more, status) => {
  const world = new RestrictedWorld();
  const { key, path } = await world.begin();
  await world.run((topic) => topic === TOPICS.probe);
  expect(await world.request(key, method, `${path}${more}`)).toBe(status);
  await world.run();
  await world.pass(DAY_MS);
  expect([...world.refused]).toEqual([]);
});

test.each([TOPICS.plan, TOPICS.probe])('an audit that never gets further than %s', async (stuck) => {
  const world = new RestrictedWorld();
  const { key, path } = await world.begin();
  await world.run((topic) => topic === stuck);
  world.hosted.clock.advance(9 * DAY_MS);
  const { queue } = world.hosted.platform;
  for (let lease = queue.lease([stuck], 1000); lease; lease = queue.lease([stuck], 1000)) queue.ack(lease);
  await world.context.events.publish(TOPICS.sweep, { version: 1 });
  await world.run();
  expect((await world.ask(key, 'GET', path)).body.state).toBe('EXPIRED');
  expect([...world.refused]).toEqual([]);
});

test('a right that a function lacks is noticed', async () => {
  const { context } = new RestrictedWorld();
  const refused = new Set<string>();
  const { objects, records } = restricted(context, TOPICS.deliver, refused);
  await expect(objects.get('drop/a/b/members/c.jpg')).rejects.toThrow('deliver may not');
  await expect(records.get('audits/a')).rejects.toThrow('deliver may not');
  expect([...refused]).toEqual(['deliver: read drop', 'deliver: read audits']);
});

describe('a function that works on what strangers uploaded', () => {
  const strangers = Object.entries(table).filter(([, { strangers }]) => strangers);

  test('is every one that is given the engine, or an area of the bucket that holds what they uploaded', () => {
    const names = strangers.map(([name]) => name).sort();
    expect(names).toEqual(['assemble', 'confirm', 'conclude', 'enrol', 'merge', 'plan', 'probe'].sort());
    // The API counts what was uploaded and hands out reports; it reads no file as anything but bytes.
    const readers = Object.entries(table).filter(
      ([, { reads }]) => reads.includes('drop') || reads.includes('gallery'),
    );
    expect(readers.map(([name]) => name).filter((name) => name !== API && !names.includes(name))).toEqual([]);
  });

  test.each(strangers)('%s opens no account', async (name, rights) => {
    expect(rights.accounts).toBeNull();
    expect(ACCOUNT_FUNCTIONS.has(name)).toBe(false);
    const refused = new Set<string>();
    const { records } = restricted(new RestrictedWorld().context, name, refused);
    for (const collection of ACCOUNT_COLLECTIONS) {
      await expect(records.get(`${collection}/x`)).rejects.toThrow('may not: read accounts');
    }
  });

  test('is none that opens accounts, and those that do are told of them', () => {
    const openers = Object.entries(table).filter(([, { accounts }]) => accounts !== null);
    expect(openers.map(([name]) => name).sort()).toEqual([...ACCOUNT_FUNCTIONS].sort());
    expect(openers.filter(([, rights]) => rights.strangers)).toEqual([]);
  });
});

test('no step but those of strangers runs the engine', async () => {
  const world = new RestrictedWorld();
  const { key, path } = await world.begin();
  const handle = world.handle.bind(world);
  const used = new Set<string>();
  const stub = world.compute;
  world.handle = async (topic, lease) => {
    const before = JSON.stringify(stub.calls);
    await handle(topic, lease);
    if (JSON.stringify(stub.calls) !== before) used.add(topic);
  };
  await world.run();
  expect(await world.request(key, 'GET', path)).toBe(200);
  expect([...used]).toEqual(expect.arrayContaining(['plan', 'enrol', 'probe']));
  for (const topic of used) expect(table[topic]?.strangers, topic).toBe(true);
});
