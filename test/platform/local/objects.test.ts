import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type LocalOptions, openLocal } from '../../../shared/platform/local/index.ts';
import type { Mounts } from '../../../shared/platform/local/tree.ts';
import { bytes, keys } from '../../contract/objects.contract.ts';
import { tempDir } from '../../support/temp.ts';

function open(options: LocalOptions) {
  const platform = openLocal(options);
  onTestFinished(() => platform.close());
  return platform.objects;
}

/** A new folder with these files in it. */
function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = tempDir();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

async function content(objects: ReturnType<typeof open>, key: string): Promise<string> {
  return Buffer.from(await objects.get(key)).toString();
}

test('a folder says what is in it and is no object, and why', async () => {
  const folder = folderOf({
    'a/1.jpg': '',
    'a/.DS_Store': '',
    'a/2.jpg.part': '',
    'a/back\\slash.jpg': '',
    'b/.git/x': '',
  });
  writeFileSync(Buffer.from([...Buffer.from(join(folder, 'a/Ren')), 0xe9, ...Buffer.from('.jpg')]), '');
  writeFileSync(join(folder, 'a/line\nbreak.jpg'), '');
  symlinkSync('/nowhere', join(folder, 'a/broken.jpg'));
  execFileSync('mkfifo', [join(folder, 'a/pipe')]);
  const objects = open({ folder: tempDir(), mounts: { 'drop/p/members/': folder } });
  const unlisted: [string, string][] = [];
  const found: string[] = [];
  for await (const { key } of objects.list('drop/p/members/', (name, reason) => unlisted.push([name, reason])))
    found.push(key);
  expect(found).toEqual(['drop/p/members/a/1.jpg']);
  expect(unlisted.sort()).toEqual([
    ['a/.DS_Store', 'hidden'],
    ['a/2.jpg.part', 'unfinished'],
    ['a/Ren\\xe9.jpg', 'name'],
    ['a/back\\slash.jpg', 'name'],
    ['a/broken.jpg', 'link'],
    ['a/line\\nbreak.jpg', 'name'],
    ['a/pipe', 'special'],
    ['b/.git', 'hidden'],
  ]);
});

describe('the work folder', () => {
  test('a file copied in is an object; hidden and unfinished ones and pipes are not', async () => {
    const folder = folderOf({ 'drop/a.onnx': 'model', 'drop/.DS_Store': '', 'drop/b.onnx.part': 'mod', '.git/x': '' });
    execFileSync('mkfifo', [join(folder, 'drop/pipe')]);
    const objects = open({ folder });
    expect(await keys(objects, '')).toEqual(['drop/a.onnx']);
    expect(await content(objects, 'drop/a.onnx')).toBe('model');
    expect(await objects.head('drop/pipe')).toBeUndefined();
    cpSync(join(folder, 'drop/a.onnx'), join(folder, 'drop/b.onnx'));
    expect(await keys(objects, 'drop/')).toEqual(['drop/a.onnx', 'drop/b.onnx']);
  });

  test('a file written over in place has another generation', async () => {
    const folder = folderOf({ a: 'first' });
    const objects = open({ folder });
    const before = await objects.head('a');
    writeFileSync(join(folder, 'a'), 'then another');
    await expect(objects.get('a', before?.generation)).rejects.toMatchObject({ code: 'OBJECT_CHANGED' });
    expect((await objects.head('a'))?.md5).not.toBe(before?.md5);
  });

  test('links are followed inside the folder and nowhere else', async () => {
    const outside = folderOf({ 'secret.jpg': 'secret' });
    const folder = folderOf({ 'in/a.jpg': 'a' });
    symlinkSync(join(folder, 'in/a.jpg'), join(folder, 'link.jpg'));
    symlinkSync('in', join(folder, 'folder'));
    symlinkSync(outside, join(folder, 'out'));
    symlinkSync(join(outside, 'secret.jpg'), join(folder, 'out.jpg'));
    symlinkSync('/nowhere', join(folder, 'broken'));
    symlinkSync(join(folder, '.rewound-state'), join(folder, 'state'));
    symlinkSync('..', join(folder, 'in/loop'));
    const objects = open({ folder });
    expect(await keys(objects, '')).toEqual(['folder/a.jpg', 'in/a.jpg', 'link.jpg']);
    for (const key of ['out.jpg', 'out/secret.jpg', 'state/state.sqlite', 'broken']) {
      expect(await objects.head(key)).toBeUndefined();
      await expect(objects.get(key)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
    await expect(objects.put('out/new/x', bytes('x'))).rejects.toMatchObject({ code: 'USAGE' });
    expect(readdirSync(outside)).toEqual(['secret.jpg']);
  });

  test('an object is neither a folder nor in another object', async () => {
    const objects = open({ folder: folderOf({ 'a/b': 'x' }) });
    for (const key of ['a', 'a/b/c']) {
      await expect(objects.put(key, bytes('y'))).rejects.toMatchObject({ code: 'USAGE' });
      await expect(objects.put(key, bytes('y'), { ifAbsent: true })).rejects.toMatchObject({ code: 'USAGE' });
    }
    expect(await keys(objects, '')).toEqual(['a/b']);
  });

  test('unfinished writes of ended processes are cleared at the start, those of living ones kept', async () => {
    const folder = tempDir();
    const temporary = join(folder, '.rewound-state/tmp');
    mkdirSync(temporary, { recursive: true });
    const living = `${process.pid}-x`;
    for (const name of [living, '999999999-x', 'strange']) writeFileSync(join(temporary, name), 'half');
    const objects = open({ folder });
    expect(readdirSync(temporary)).toEqual([living]);
    await objects.put('a', bytes('x'));
    await objects.put('a', bytes('y'), { ifAbsent: true }).catch(() => {});
    expect(readdirSync(temporary)).toEqual([living]);
  });
});

test('what is deleted leaves no folder behind that was called like it', async () => {
  const folder = folderOf({});
  const objects = open({ folder });
  for (const key of ['drop/a/p/members/anna/1.jpg', 'drop/a/p/members/anna/2.jpg', 'drop/a/q/x']) {
    await objects.put(key, bytes('x'));
  }
  await objects.delete('drop/a/p/members/anna/1.jpg');
  expect(readdirSync(join(folder, 'drop/a/p/members'))).toEqual(['anna']);
  await objects.delete('drop/a/p/members/anna/2.jpg');
  expect(readdirSync(join(folder, 'drop/a'))).toEqual(['q']);
  await objects.delete('drop/a/q/x');
  expect(readdirSync(join(folder, 'drop'))).toEqual([]);
  await objects.put('drop/a/q/x', bytes('x'));
  expect(await keys(objects, 'drop/')).toEqual(['drop/a/q/x']);
});

describe('digests', () => {
  test('an unchanged file is read once, also after a restart', async () => {
    const folder = folderOf({ a: 'one' });
    const at = new Date('2026-01-01T00:00:00Z');
    utimesSync(join(folder, 'a'), at, at);
    const first = openLocal({ folder });
    const { md5 } = (await first.objects.head('a')) ?? {};
    first.close();
    // To the file system nothing changes, so only reading it again could tell.
    writeFileSync(join(folder, 'a'), 'two');
    utimesSync(join(folder, 'a'), at, at);
    const objects = open({ folder });
    expect((await objects.head('a'))?.md5).toBe(md5);
    utimesSync(join(folder, 'a'), at, new Date('2026-01-02T00:00:00Z'));
    expect((await objects.head('a'))?.md5).not.toBe(md5);
  });
});

describe('mounts', () => {
  const work = () => folderOf({ 'drop/local/demo/checkpoints/g.onnx': 'g', 'drop/local/demo/members/own.jpg': 'own' });
  const mounted = (mounts: Mounts, folder = work()) => open({ folder, mounts });

  test('an outside folder appears in place of the one in the work folder', async () => {
    const photos = folderOf({ 'ann/1.jpg': 'ann', 'bob/1.jpg': 'bob', 'Zoe/1.jpg': 'zoe', '.thumbs/1.jpg': '' });
    const objects = mounted({ 'drop/local/demo/members/': photos });
    const members = ['Zoe/1.jpg', 'ann/1.jpg', 'bob/1.jpg'].map((name) => `drop/local/demo/members/${name}`);
    expect(await keys(objects, '')).toEqual(['drop/local/demo/checkpoints/g.onnx', ...members]);
    expect(await keys(objects, 'drop/local/demo/members/a')).toEqual([members[1]]);
    expect(await keys(objects, 'drop/local/demo/mem')).toEqual(members);
    expect(await content(objects, 'drop/local/demo/members/ann/1.jpg')).toBe('ann');
    expect(await objects.file('drop/local/demo/members/ann/1.jpg')).toBe(join(photos, 'ann/1.jpg'));
  });

  test('a single file', async () => {
    const outside = folderOf({ 'downloaded.tmp': 'weights' });
    const key = 'drop/local/other/checkpoints/model.pkl';
    const objects = mounted({ [key]: join(outside, 'downloaded.tmp') });
    expect(await keys(objects, 'drop/local/other/')).toEqual([key]);
    expect(await keys(objects, `${key}/`)).toEqual([]);
    expect(await content(objects, key)).toBe('weights');
    expect(await objects.file(key)).toBe(join(outside, 'downloaded.tmp'));
  });

  test('where the work folder has nothing, and one mount in another', async () => {
    const [outer, inner] = [folderOf({ 'a/1': 'outer', 'b/1': 'outer' }), folderOf({ '2': 'inner' })];
    const objects = mounted({ 'x/y': outer, 'x/y/a/': inner, 'x/y/c/d': inner });
    expect(await keys(objects, 'x/')).toEqual(['x/y/a/2', 'x/y/b/1', 'x/y/c/d/2']);
    expect(await content(objects, 'x/y/a/2')).toBe('inner');
    expect(await objects.head('x/y/a/1')).toBeUndefined();
  });

  test('nothing is ever written', async () => {
    const photos = folderOf({ 'ann/1.jpg': 'ann' });
    const objects = mounted({ members: photos });
    for (const key of ['members/ann/1.jpg', 'members/new/2.jpg']) {
      await expect(objects.put(key, bytes('x'))).rejects.toMatchObject({ code: 'USAGE' });
      await expect(objects.delete(key)).rejects.toMatchObject({ code: 'USAGE' });
    }
    expect(readdirSync(photos, { recursive: true }).sort()).toEqual(['ann', 'ann/1.jpg']);
  });

  test('no link leads out of a closed folder, but for a file that is mounted itself', async () => {
    const secrets = folderOf({ 'key.pem': 'secret', 'more/x.pem': 'secret' });
    const model = folderOf({ 'inside.bin': 'weights', 'deep/w.bin': 'weights' });
    symlinkSync(join(secrets, 'key.pem'), join(model, 'w.bin'));
    symlinkSync(join(secrets, 'more'), join(model, 'folder'));
    symlinkSync('inside.bin', join(model, 'alias.bin'));
    symlinkSync('../inside.bin', join(model, 'deep/alias.bin'));
    const named = join(folderOf({}), 'model.onnx');
    symlinkSync(join(secrets, 'key.pem'), named);
    const objects = mounted({ 'c/': { closed: model }, 'c/model.onnx': named });
    const found = ['alias.bin', 'deep/alias.bin', 'deep/w.bin', 'inside.bin', 'model.onnx'].map((name) => `c/${name}`);
    expect(await keys(objects, 'c/')).toEqual(found);
    for (const name of ['w.bin', 'folder/x.pem']) {
      expect(await objects.head(`c/${name}`)).toBeUndefined();
      await expect(objects.get(`c/${name}`)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await expect(objects.file(`c/${name}`)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
    expect(await content(objects, 'c/alias.bin')).toBe('weights');
  });

  test('links are followed wherever they lead, but not in circles', async () => {
    const store = folderOf({ 'x1.jpg': 'one', 'more/x2.jpg': 'two' });
    const photos = folderOf({ 'ann/0.jpg': 'zero' });
    symlinkSync(join(store, 'x1.jpg'), join(photos, 'ann/1.jpg'));
    symlinkSync(join(store, 'more'), join(photos, 'bob'));
    for (const loop of ['.', '..', '/']) symlinkSync(loop, join(photos, `ann/loop${loop.length}${loop === '/'}`));
    symlinkSync(photos, join(store, 'more/back'));
    symlinkSync('self', join(photos, 'self'));
    const objects = mounted({ members: photos });
    expect(await keys(objects, 'members/')).toEqual(['members/ann/0.jpg', 'members/ann/1.jpg', 'members/bob/x2.jpg']);
    expect(await content(objects, 'members/ann/1.jpg')).toBe('one');
    expect((await objects.head('members/bob/x2.jpg'))?.size).toBe(3);
  });

  test('a target that is missing, or goes missing, is an error and not an empty gallery', async () => {
    const photos = folderOf({ 'ann/1.jpg': 'ann' });
    const objects = mounted({ 'drop/members/': photos });
    rmSync(photos, { recursive: true });
    await expect(keys(objects, 'drop/')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(keys(objects, 'drop/members/')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(() => mounted({ members: photos })).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
  });

  test('a bad mount is refused', () => {
    const photos = folderOf({ '1.jpg': 'x' });
    const usage = expect.objectContaining({ code: 'USAGE' });
    expect(() => mounted({ '../x': photos })).toThrow(usage);
    expect(() => mounted({ '': photos })).toThrow(usage);
    expect(() => mounted({ 'members/': join(photos, '1.jpg') })).toThrow(usage);
  });
});
