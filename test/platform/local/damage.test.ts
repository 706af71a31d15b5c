import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { RandomState } from '../../../shared/audit/numbers/random.ts';
import { asRewoundError } from '../../../shared/errors.ts';
import { type LocalPlatform, openLocal } from '../../../shared/platform/local/index.ts';
import type { Json } from '../../../shared/platform/ports.ts';
import { earlierState } from '../../support/earlier-state.ts';
import { tempDir } from '../../support/temp.ts';

const TOPICS = ['probe', 'merge'];
const state = (folder: string) => join(folder, '.rewound-state/state.sqlite');

/** Everything that is in a store, as a program that uses it would read it. */
async function contents(folder: string) {
  const platform = openLocal({ folder, clock: { now: () => 1000 } });
  try {
    return { ...(await contentsOf(platform)), lostCommits: platform.lostCommits };
  } finally {
    platform.close();
  }
}

async function contentsOf({ records, queue }: LocalPlatform) {
  const documents: Json[] = [];
  for (const collection of ['audits', 'audits/a/shards']) {
    for await (const { path, fields } of records.list(collection)) documents.push([path, fields]);
  }
  const messages: Json[] = [];
  for (let lease = queue.lease(TOPICS, 10); lease; lease = queue.lease(TOPICS, 10)) {
    messages.push([lease.topic, lease.message, lease.attempt, lease.publishedAt]);
    queue.ack(lease);
  }
  // What is due later must be known, too.
  messages.push(queue.nextDue(TOPICS) ?? null, queue.depth().pending);
  const dead = queue.dead().map(({ message, error, attempts }): Json => [message, error.code, attempts]);
  return { documents, messages, dead };
}

async function fill(folder: string): Promise<LocalPlatform> {
  const platform = openLocal({ folder, clock: { now: () => 1000 }, queue: { maxAttempts: 1 } });
  const { records, queue } = platform;
  await queue.publish('merge', { gone: true });
  queue.nack(queue.lease(['merge'], 10)!, new Error('no'));
  for (let i = 0; i < 40; i++) {
    await records.create(`audits/a${i}`, { n: i, text: 'x'.repeat(60) });
    await records.create(`audits/a/shards/${i}`, { at: i });
    await queue.publish(TOPICS[i % 2]!, { shard: i }, i % 7 === 0 ? { delayMs: 5000 } : {});
  }
  return platform;
}

function flip(file: string, random: RandomState): void {
  const bytes = readFileSync(file);
  bytes[random.below(bytes.length)]! ^= 1 << random.below(8);
  writeFileSync(file, bytes);
}

test('a flipped bit in the state is STATE_DAMAGED, or changes nothing', async () => {
  const folder = tempDir();
  (await fill(folder)).close();
  const expected = await contents(copyOf(folder));
  const random = new RandomState(3);
  let noticed = 0;
  for (let n = 0; n < 150; n++) {
    const copy = copyOf(folder);
    flip(state(copy), random);
    const found = await contents(copy).catch((error: unknown) => asRewoundError(error).code);
    if (found === 'STATE_DAMAGED') noticed += 1;
    else expect(found, `flip ${n}`).toEqual(expected);
  }
  expect(noticed).toBeGreaterThan(30);
});

test('a flipped bit in the log takes back the latest commits, in order, and changes no other', async () => {
  const folder = tempDir();
  const platform = await fill(folder);
  const killed = copyOf(folder);
  platform.close();
  const { documents: full, lostCommits } = await contents(copyOf(killed));
  expect(lostCommits).toBe(false);
  const random = new RandomState(4);
  let lost = 0;
  for (let n = 0; n < 60; n++) {
    const copy = copyOf(killed);
    flip(`${state(copy)}-wal`, random);
    const { documents, lostCommits } = await contents(copy);
    for (const one of documents) expect(full).toContainEqual(one);
    // They were made in turns, each by a commit of its own: what is left is what was there at some time.
    const shards = documents.filter((one) => JSON.stringify(one).includes('shards')).length;
    expect([0, 1], `flip ${n}`).toContain(documents.length - 2 * shards);
    if (documents.length === full.length) continue;
    lost += 1;
    expect(lostCommits, `flip ${n}`).toBe(true);
  }
  expect(lost).toBeGreaterThan(20);
});

test('a digest that is damaged is computed again', async () => {
  const folder = tempDir();
  writeFileSync(join(folder, 'a.txt'), 'content');
  const first = openLocal({ folder });
  const { md5 } = (await first.objects.head('a.txt'))!;
  first.close();
  const sql = new DatabaseSync(state(folder));
  expect(sql.prepare("UPDATE file_digests SET md5 = 'another'").run().changes).toBe(1);
  sql.close();
  const second = openLocal({ folder });
  expect((await second.objects.head('a.txt'))!.md5).toBe(md5);
  second.close();
});

test('a table under another name is noticed, and not made again empty', async () => {
  const folder = tempDir();
  (await fill(folder)).close();
  const sql = new DatabaseSync(state(folder));
  sql.exec('ALTER TABLE documents RENAME TO dncuments');
  sql.close();
  expect(() => openLocal({ folder })).toThrow(expect.objectContaining({ code: 'STATE_DAMAGED' }));
});

test('the state of a version without checksums is taken over, and is guarded from then on', async () => {
  const folder = tempDir();
  const made = tempDir();
  (await fill(made)).close();
  earlierState(folder, (sql) =>
    sql.exec(`ATTACH '${state(made)}' AS made;
      INSERT INTO documents SELECT collection, id, version, fields FROM made.documents;
      INSERT INTO messages SELECT id, topic, message, published_at, due, attempt, token FROM made.messages;
      INSERT INTO dead_letters SELECT id, topic, message, published_at, died_at, attempts, error_code, error_message
        FROM made.dead_letters;
      INSERT INTO digests VALUES ('a', 'b', 'c');`),
  );
  expect(await contents(folder)).toEqual(await contents(made));

  const again = new DatabaseSync(state(folder));
  again.exec("UPDATE documents SET fields = '{}' WHERE id = 'a7'");
  again.close();
  await expect(contents(folder)).rejects.toMatchObject({ code: 'STATE_DAMAGED' });
});

function copyOf(from: string): string {
  const copy = tempDir();
  cpSync(from, copy, { recursive: true });
  return copy;
}
