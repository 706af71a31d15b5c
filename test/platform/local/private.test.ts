/** Who may read the work folder, and what its database keeps of what was deleted. */
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '../../../shared/platform/local/database.ts';
import { openLocal } from '../../../shared/platform/local/index.ts';
import { defineSum, sumOf } from '../../../shared/platform/local/integrity.ts';
import { RECORDS_SCHEMA } from '../../../shared/platform/local/records.ts';
import { bytes } from '../../contract/objects.contract.ts';
import { earlierState } from '../../support/earlier-state.ts';
import { rawMentions } from '../../support/service/storage.ts';
import { tempDir } from '../../support/temp.ts';

function open(folder: string) {
  const platform = openLocal({ folder });
  onTestFinished(() => platform.close());
  return platform;
}

/** Everything in a folder that others may read, write or enter. */
function openToOthers(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => (statSync(join(folder, name)).mode & 0o077) !== 0,
  );
}

test('no other user may read what is written, whatever the umask', async () => {
  const before = process.umask(0);
  try {
    const folder = join(tempDir(), 'work');
    const platform = open(folder);
    await platform.objects.put('drop/t/p/members/ada/1.jpg', bytes('face'));
    await platform.records.create('a/b', { name: 'ada' });
    expect(openToOthers(folder)).toEqual([]);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(folder, '.rewound-state'))).toContain('state.sqlite-wal');
  } finally {
    process.umask(before);
  }
});

test('what an earlier version left readable in its state is closed; the folder itself stays as its owner made it', () => {
  const folder = tempDir();
  mkdirSync(join(folder, '.rewound-state'), { mode: 0o755 });
  new DatabaseSync(join(folder, '.rewound-state/state.sqlite')).close();
  for (const path of ['', '.rewound-state', '.rewound-state/state.sqlite']) chmodSync(join(folder, path), 0o755);
  open(folder);
  expect(openToOthers(folder)).toEqual([]);
  expect(statSync(folder).mode & 0o777).toBe(0o755);
});

test('paths of files are in no byte of the database', async () => {
  const folder = tempDir();
  const { objects } = open(folder);
  await objects.put('drop/t/p/members/boris-godunov/1.jpg', bytes('face'));
  const info = await objects.head('drop/t/p/members/boris-godunov/1.jpg');
  expect(info?.md5).toBe(createHash('md5').update('face').digest('base64'));
  const state = readdirSync(join(folder, '.rewound-state')).filter((name) => name.startsWith('state.'));
  for (const name of state) {
    expect(readFileSync(join(folder, '.rewound-state', name)).includes('boris-godunov'), name).toBe(false);
  }
});

test('paths that an earlier version kept, or had deleted, are in no byte once its state is taken over', async () => {
  const folder = tempDir();
  const names = { kept: 'anna-karenina', deleted: 'konstantin-levin', freed: 'stepan-oblonsky' };
  earlierState(folder, (sql) => {
    const insert = sql.prepare("INSERT INTO digests VALUES (?, '1', 'x')");
    for (const name of [names.kept, names.deleted]) {
      for (let i = 0; i < 500; i++) insert.run(`/photos/${name}/${i}.jpg`);
    }
    sql.prepare('DELETE FROM digests WHERE path LIKE ?').run(`%${names.deleted}%`);
    const document = sql.prepare("INSERT INTO documents VALUES ('a', ?, 'v', ?)");
    for (let i = 0; i < 50; i++) document.run(`b${i}`, JSON.stringify({ path: `/photos/${names.freed}/${i}.jpg` }));
    sql.exec("DELETE FROM documents WHERE id <> 'b0'");
    sql.exec(`UPDATE documents SET fields = '{"at":1}'`);
  });
  for (const [label, name] of Object.entries(names)) expect(rawMentions(folder, { [label]: name })).not.toEqual([]);
  const platform = openLocal({ folder });
  expect(rawMentions(folder, names)).toEqual([]);
  expect((await platform.records.get('a/b0'))?.fields).toEqual({ at: 1 });
  platform.close();
  expect(rawMentions(folder, names)).toEqual([]);
});

test('a digest is found again by the next process, and read no second time', async () => {
  const folder = tempDir();
  const first = openLocal({ folder });
  const put = await first.objects.put('a', bytes('x'));
  first.close();
  const sql = new DatabaseSync(join(folder, '.rewound-state/state.sqlite'));
  expect(sql.prepare('SELECT md5 FROM file_digests').all()).toMatchObject([{ md5: put.md5 }]);
  // Only a row that fits its checksum is believed.
  defineSum(sql);
  const sum = sumOf('file_digests', ['path_hmac', 'generation', "'as remembered'"]);
  sql.exec(`UPDATE file_digests SET md5 = 'as remembered', sum = ${sum}`);
  sql.close();
  expect((await open(folder).objects.head('a'))?.md5).toBe('as remembered');
});

test('what was deleted or replaced is in no byte after a purge, in whatever order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(40), fc.constantFrom('put', 'drop'), fc.integer({ min: 1, max: 400 })), {
        minLength: 20,
        maxLength: 300,
      }),
      async (steps) => {
        const folder = tempDir();
        const database = openDatabase(join(folder, 'state.sqlite'), RECORDS_SCHEMA);
        try {
          const put = database.sql.prepare(
            "INSERT INTO documents VALUES (?, ?, ?, ?, '') ON CONFLICT DO UPDATE SET fields = excluded.fields",
          );
          const drop = database.sql.prepare('DELETE FROM documents WHERE id = ?');
          const live = new Map<number, string>();
          const gone: string[] = [];
          for (const [step, [n, action, size]] of steps.entries()) {
            const before = live.get(n);
            if (before !== undefined) gone.push(before);
            live.delete(n);
            if (action === 'put') live.set(n, `<${n} in step ${step}>`);
            await database.durably(() => {
              if (action === 'put') put.run('c', `id${n}`, 'v', `<${n} in step ${step}>`.repeat(size));
              else drop.run(`id${n}`);
            });
          }
          await database.scrub();
          expect(rawMentions(folder, Object.fromEntries(gone.map((text) => [text, text])))).toEqual([]);
          for (const text of live.values()) expect(rawMentions(folder, { text })).toEqual(['text in state.sqlite']);
        } finally {
          database.close();
        }
      },
    ),
    { numRuns: 15 },
  );
});

test('a purge deletes messages that hold a text, waiting or leased', async () => {
  const folder = tempDir();
  const { queue, records } = open(folder);
  await queue.publish('plan', { key: 'drop/t/p/checkpoints/anna "karenina".onnx' });
  await queue.publish('plan', { key: 'drop/t/other/checkpoints/a.onnx' });
  expect(queue.lease(['plan'], 1000)).toBeDefined();
  await records.purge(['/anna "karenina"']);
  expect(queue.depth()).toMatchObject({ pending: 1, leased: 0 });
  expect(rawMentions(folder, { name: 'karenina' })).toEqual([]);
});
