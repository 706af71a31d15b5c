import { describe, expect, test } from 'vitest';
import type { Fields, Records } from '../../shared/platform/ports.ts';
import { all } from './objects.contract.ts';

/** What every platform's records must do. `open` gives an empty store for the running test. */
export function recordsContract(name: string, open: () => Promise<Records>): void {
  describe(`records of ${name}`, () => {
    test('what is created can be read, once', async () => {
      const records = await open();
      const fields = {
        state: 'RECEIVED',
        shards: 3,
        done: false,
        error: null,
        at: [1.5, 'x', { deep: [true] }],
        '': 'ü',
      };
      expect(await records.create('audits/1', fields)).toBe(true);
      expect(await records.create('audits/1', { state: 'other' })).toBe(false);
      expect(await records.get('audits/1')).toEqual({ path: 'audits/1', fields, version: expect.any(String) });
      expect(await records.get('audits/2')).toBeUndefined();
    });

    test('of many concurrent creators exactly one wins', async () => {
      const records = await open();
      const won = await Promise.all(
        Array.from({ length: 50 }, (_, i) => records.create('audits/1/locks/merge', { i })),
      );
      expect(won.filter(Boolean)).toHaveLength(1);
      expect((await records.get('audits/1/locks/merge'))?.fields).toEqual({ i: won.indexOf(true) });
    });

    test('replace needs the current version', async () => {
      const records = await open();
      await records.create('audits/1', { state: 'A' });
      const first = await snapshot(records, 'audits/1');
      expect(await records.replace('audits/1', { state: 'B' }, first.version)).toBe(true);
      expect(await records.replace('audits/1', { state: 'C' }, first.version)).toBe(false);
      const second = await snapshot(records, 'audits/1');
      expect(second.fields).toEqual({ state: 'B' });
      expect(second.version).not.toBe(first.version);
      expect(await records.replace('audits/none', { state: 'C' }, second.version)).toBe(false);
      expect(await records.get('audits/none')).toBeUndefined();
    });

    test('of many concurrent replacements of one version exactly one wins', async () => {
      const records = await open();
      await records.create('audits/1', { by: -1 });
      const { version } = await snapshot(records, 'audits/1');
      const won = await Promise.all(
        Array.from({ length: 50 }, (_, by) => records.replace('audits/1', { by }, version)),
      );
      expect(won.filter(Boolean)).toHaveLength(1);
      expect((await snapshot(records, 'audits/1')).fields).toEqual({ by: won.indexOf(true) });
    });

    test('read and replace in a loop loses no update', async () => {
      const records = await open();
      await records.create('counters/1', { n: 0 });
      const add = async () => {
        for (;;) {
          const { fields, version } = await snapshot(records, 'counters/1');
          if (await records.replace('counters/1', { n: Number(fields.n) + 1 }, version)) return;
        }
      };
      await Promise.all(Array.from({ length: 8 }, add));
      expect((await snapshot(records, 'counters/1')).fields).toEqual({ n: 8 });
    });

    test('a version does not come back after delete and create', async () => {
      const records = await open();
      await records.create('audits/1', { n: 1 });
      const { version } = await snapshot(records, 'audits/1');
      await records.delete('audits/1');
      await records.delete('audits/1');
      expect(await records.get('audits/1')).toBeUndefined();
      expect(await records.create('audits/1', { n: 1 })).toBe(true);
      expect(await records.replace('audits/1', { n: 2 }, version)).toBe(false);
    });

    test('a collection is what is directly in it', async () => {
      const records = await open();
      for (const path of ['audits/1', 'audits/2', 'audits/1/shards/a', 'audits/1/shards/b', 'audits/2/shards/c']) {
        await records.create(path, {});
      }
      expect(await records.count('audits')).toBe(2);
      expect(await records.count('audits/1/shards')).toBe(2);
      expect(await records.count('audits/3/shards')).toBe(0);
      expect(await paths(records, 'audits')).toEqual(['audits/1', 'audits/2']);
      await records.delete('audits/1');
      expect(await paths(records, 'audits/1/shards')).toEqual(['audits/1/shards/a', 'audits/1/shards/b']);
    });

    test('list is in order of UTF-8 bytes and can be paged', async () => {
      const records = await open();
      const ids = ['A', 'Z', 'a', 'a b', 'a0', 'a10', 'a9', 'z', 'é', '\u{FF5E}', '\u{1F600}'];
      for (const id of [...ids].reverse()) await records.create(`c/${id}`, { id });
      const inOrder = ids.map((id) => `c/${id}`);
      expect(await paths(records, 'c')).toEqual(inOrder);
      expect(await paths(records, 'c', { limit: 3 })).toEqual(inOrder.slice(0, 3));
      expect(await paths(records, 'c', { after: 'a0', limit: 2 })).toEqual(['c/a10', 'c/a9']);
      expect(await paths(records, 'c', { after: 'a5' })).toEqual(inOrder.slice(6));
      expect(await paths(records, 'c', { after: '\u{1F600}' })).toEqual([]);
      expect(await paths(records, 'c', { limit: 0 })).toEqual([]);
    });

    test('list gives every document once, though others are written meanwhile', async () => {
      const records = await open();
      await Promise.all(
        Array.from({ length: 600 }, (_, i) => records.create(`c/${String(i).padStart(4, '0')}`, { i })),
      );
      const seen: number[] = [];
      for await (const { fields } of records.list('c')) {
        seen.push(Number(fields.i));
        if (seen.length % 200 === 0) await records.create(`c/0000-${seen.length}`, { i: -1 });
      }
      expect(seen).toEqual(Array.from({ length: 600 }, (_, i) => i));
    });

    test.each([
      '',
      'audits',
      'audits/',
      '/audits/1',
      'audits//1',
      'audits/1/shards',
      'audits/..',
      'audits/a\0',
      'audits/__x__',
    ])('the document path %j is refused', async (path) => {
      const records = await open();
      const usage = { code: 'USAGE' };
      await expect(records.create(path, {})).rejects.toMatchObject(usage);
      await expect(records.get(path)).rejects.toMatchObject(usage);
      await expect(records.replace(path, {}, 'v')).rejects.toMatchObject(usage);
      await expect(records.delete(path)).rejects.toMatchObject(usage);
    });

    test.each(['', 'audits/1', 'audits//shards', 'audits/1/'])('the collection path %j is refused', async (path) => {
      const records = await open();
      await expect(records.count(path)).rejects.toMatchObject({ code: 'USAGE' });
      await expect(all(records.list(path))).rejects.toMatchObject({ code: 'USAGE' });
    });

    test.each([{ at: Number.NaN }, { at: new Date(0) }, { at: { deep: undefined } }, { at: [1n] }])(
      'fields that are not JSON are refused: %o',
      async (fields) => {
        const records = await open();
        await expect(records.create('a/1', fields as unknown as Fields)).rejects.toMatchObject({ code: 'INTERNAL' });
        expect(await records.get('a/1')).toBeUndefined();
      },
    );
  });
}

async function snapshot(records: Records, path: string) {
  const found = await records.get(path);
  if (!found) throw new Error(`${path} is missing`);
  return found;
}

async function paths(
  records: Records,
  collection: string,
  options?: Parameters<Records['list']>[1],
): Promise<string[]> {
  return (await all(records.list(collection, options))).map(({ path }) => path);
}
