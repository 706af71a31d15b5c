import { randomUUID } from 'node:crypto';
import { DocumentReference, Firestore, Timestamp } from '@google-cloud/firestore';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { googleRecords } from '../../../shared/platform/google/records.ts';
import type { Json } from '../../../shared/platform/ports.ts';
import { all } from '../../contract/objects.contract.ts';
import { type Emulator, hasEmulator, startFirestore } from '../../support/emulators/index.ts';

describe.skipIf(!hasEmulator('firestore'))('records in Firestore', () => {
  let emulator: Emulator;
  beforeAll(async () => {
    emulator = await startFirestore();
  });
  afterAll(() => emulator.stop());

  function open() {
    const firestore = new Firestore({ projectId: `test-${randomUUID()}` });
    onTestFinished(() => firestore.terminate());
    return { firestore, records: googleRecords(firestore) };
  }

  test('fields that Firestore cannot hold come back as they were', async () => {
    const { records } = open();
    let deep: Json = 'bottom';
    for (let i = 0; i < 30; i++) deep = [{ deep }];
    const fields = { nested: [[1, [2]], [[]]], '': 1, 'a.b': 2, __x__: 3, half: '\ud800', big: 2 ** 60, deep };
    await records.create('a/1', fields);
    expect((await records.get('a/1'))?.fields).toEqual(fields);
  });

  test('replace leaves nothing of the old fields', async () => {
    const { records } = open();
    await records.create('a/1', { old: 1, list: [1] });
    const version = (await records.get('a/1'))?.version ?? '';
    expect(await records.replace('a/1', { new: 1 }, version)).toBe(true);
    expect((await records.get('a/1'))?.fields).toEqual({ new: 1 });
  });

  test('a replacement by the same fields has its own version, so that only one of two wins', async () => {
    const { records } = open();
    await records.create('a/1', { n: 1 });
    const version = (await records.get('a/1'))?.version ?? '';
    expect(await records.replace('a/1', { n: 1 }, version)).toBe(true);
    expect(await records.replace('a/1', { n: 1 }, version)).toBe(false);
  });

  test.each(['', 'v', '1', '1.5', '99999999999999.000000000'])('no document has the version %j', async (version) => {
    const { records } = open();
    await records.create('a/1', {});
    expect(await records.replace('a/1', {}, version)).toBe(false);
  });

  test('a write whose answer was lost is known again when the client repeats it', async () => {
    const { records } = open();
    const { create, update } = DocumentReference.prototype;
    onTestFinished(() => void vi.restoreAllMocks());
    vi.spyOn(DocumentReference.prototype, 'create').mockImplementation(async function (
      this: DocumentReference,
      ...args
    ) {
      await create.apply(this, args);
      return create.apply(this, args);
    });
    expect(await records.create('a/1', { n: 1 })).toBe(true);
    expect(await records.create('a/1', { n: 1 })).toBe(false);

    const version = (await records.get('a/1'))?.version ?? '';
    vi.spyOn(DocumentReference.prototype, 'update').mockImplementation(async function (
      this: DocumentReference,
      ...args: unknown[]
    ) {
      await Reflect.apply(update, this, args);
      return Reflect.apply(update, this, args);
    });
    expect(await records.replace('a/1', { n: 2 }, version)).toBe(true);
    expect(await records.replace('a/1', { n: 2 }, version)).toBe(false);
  });

  test('expiresAt is there for a time-to-live policy', async () => {
    const { records, firestore } = open();
    await records.create('a/1', { expiresAt: 1_000 });
    expect((await firestore.doc('a/1').get()).get('expiresAt')).toEqual(Timestamp.fromMillis(1_000));
    expect((await records.get('a/1'))?.fields).toEqual({ expiresAt: 1_000 });
  });

  test('an id after which nothing can be listed is refused', async () => {
    const { records } = open();
    await expect(all(records.list('a', { after: 'b/c' }))).rejects.toMatchObject({ code: 'USAGE' });
  });

  test('what is too large is an error that tells nothing of it', async () => {
    const { records } = open();
    const error = await records.create('a/1', { secret: 'Jane'.repeat(300_000) }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'INTERNAL', transient: false });
    expect(String(error)).not.toContain('Jane');
  });
});
