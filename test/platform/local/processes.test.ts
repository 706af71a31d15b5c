import { expect, onTestFinished, test } from 'vitest';
import { type LocalOptions, openLocal } from '../../../shared/platform/local/index.ts';
import { all } from '../../contract/objects.contract.ts';
import { tempDir } from '../../support/temp.ts';
import { startChild } from './children.ts';

function open(options: LocalOptions) {
  const platform = openLocal(options);
  onTestFinished(() => platform.close());
  return platform;
}

test('a folder is for one process; kill -9 frees it at once', async () => {
  const folder = tempDir();
  const child = await startChild('hold', folder);
  expect(() => openLocal({ folder })).toThrow(
    expect.objectContaining({ code: 'STORAGE_LOCKED', message: expect.stringContaining(`process ${child.pid}`) }),
  );
  await child.kill();
  open({ folder });
});

test('a folder is for one part of a process, until it is closed', () => {
  const folder = tempDir();
  const first = openLocal({ folder });
  expect(() => openLocal({ folder })).toThrow(expect.objectContaining({ code: 'STORAGE_LOCKED' }));
  open({ folder, exclusive: false });
  first.close();
  open({ folder });
});

test('a failed opening does not keep the lock', () => {
  const folder = tempDir();
  expect(() => openLocal({ folder, mounts: { x: `${folder}/missing` } })).toThrow(
    expect.objectContaining({ code: 'NOT_FOUND' }),
  );
  open({ folder });
});

test('a message outlives the process that published it', async () => {
  const folder = tempDir();
  const child = await startChild('publish', folder, 'survivor');
  await child.kill();
  expect(open({ folder }).queue.lease(['t'], 1000)).toMatchObject({ topic: 't', message: 'survivor', attempt: 1 });
});

test('the message of a killed holder is there at once, and that attempt counts', async () => {
  const folder = tempDir();
  const first = openLocal({ folder });
  await first.events.publish('t', 'survivor');
  first.close();
  const child = await startChild('lease', folder);
  expect(child.said).toMatchObject({ message: 'survivor', attempt: 1 });
  await child.kill();
  expect(open({ folder }).queue.lease(['t'], 1000)).toMatchObject({ message: 'survivor', attempt: 2 });
});

test('a process beside the first publishes to it', async () => {
  const folder = tempDir();
  const { queue } = open({ folder });
  expect(queue.lease(['t'], 1000)).toBeUndefined();
  await startChild('publish', folder, 'from beside');
  expect(queue.lease(['t'], 1000)).toMatchObject({ message: 'from beside' });
});

test('of several processes exactly one creates each object and each record', async () => {
  const folder = tempDir();
  const { objects, records } = open({ folder });
  const children = await Promise.all(['one', 'two', 'three'].map((name) => startChild('race', folder, name)));
  const won = children.flatMap(({ said }) => said);
  expect(won).toHaveLength(60);
  expect(new Set(won).size).toBe(60);
  expect(await all(objects.list('race/'))).toHaveLength(30);
  expect(await records.count('race')).toBe(30);
});
