import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { keys } from '../../shared/pipeline/base/layout.ts';
import { TOPICS } from '../../shared/pipeline/base/messages.ts';
import { identifyKey, usable } from '../../shared/pipeline/planning/identify.ts';
import { readReportFile } from '../../shared/pipeline/results/report-files.ts';
import { pseudonymOf } from '../../shared/report/pseudonyms.ts';
import { open } from '../support/audited.ts';
import { parquetOf, tarOf, zipOf } from '../support/collection/archives.ts';
import { photoOf } from '../support/stub-compute.ts';
import { tempDir } from '../support/temp.ts';
import { CHECKPOINT, makeProject, names, PROJECT, put, type World } from '../support/world.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const member = (i: number) => `m${i + 10}`;

interface Picture {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A set in folders of ten: each folder is an invented person, and those of `shown` show a member now and then. */
function setOf(count: number, shown: readonly string[], every = 3): Picture[] {
  return Array.from({ length: count }, (_, i) => {
    const folder = Math.floor(i / 10);
    const person = i % every === 0 && shown.length > 0 ? shown[folder % shown.length]! : `stranger${i}`;
    return {
      name: `id${String(folder).padStart(3, '0')}/${String(i % 10).padStart(2, '0')}.jpg`,
      bytes: bytes(photoOf(person, `made${i}`)),
    };
  });
}

interface Auditing {
  readonly settings?: object;
  readonly before?: (folder: string) => void;
}

async function auditOf(archive: Uint8Array, { settings = {}, before }: Auditing = {}): Promise<World> {
  const folder = tempDir();
  makeProject(folder, { shows: [], settings: { samples: undefined, ...settings } });
  put(folder, 'checkpoints/generator.onnx', archive);
  before?.(folder);
  const world = open(folder);
  await world.land();
  await world.run();
  return world;
}

const csvOf = async (world: World) =>
  new TextDecoder().decode(await readReportFile(world.context, (await world.audit()).id, 'matches.csv'));

function counted(matches: readonly { readonly role: string }[]): Record<string, number> {
  return Object.fromEntries([...Map.groupBy(matches, ({ role }) => role)].map(([role, of]) => [role, of.length]));
}

const LEAKING = setOf(1500, names('m', 8));

describe('a set of pictures in the place of a checkpoint', () => {
  it('is searched as a whole, and gives its members away by name of picture', async () => {
    const world = await auditOf(zipOf(LEAKING));
    const report = await world.report();
    expect(report.verdict).toBe('LEAKAGE');
    const { published, generator, audit } = report;
    expect(published).toMatchObject({ pictures: 1500, drawn: 1500, distinct: 1500, folders: 150, unreadable: 0 });
    expect(audit.samples + published!.apart).toBe(1500);
    expect(published!.apart).toBeGreaterThan(240);
    expect(published!.apart).toBeLessThan(360);
    expect(report.discoveries.fresh).toBe(published!.apart);
    expect(generator).toMatchObject({ format: 'pictures, zip', latent: null, range: null });
    expect(report.matches.every(({ picture }) => LEAKING.some(({ name }) => name === picture))).toBe(true);
    // Every folder of such pictures shows one member and no other.
    expect(published!.byFolder.length).toBe(150);
    for (const { folder, identity, role } of published!.byFolder) {
      expect([role, identity]).toEqual(['members', member(Number(folder.slice(2)) % 8)]);
    }
  });

  it('says of every picture above the threshold whom it resembles, and of no other', async () => {
    const world = await auditOf(zipOf(LEAKING));
    const { published } = await world.report();
    const [head, ...rows] = (await csvOf(world)).trim().split('\n');
    expect(head).toBe('picture,recognizer,similarity,role,identity,photo');
    expect(rows).toHaveLength(published!.above!);
    const found = rows.filter((row) => row.split(',')[3] === 'member').map((row) => row.split(',')[0]);
    const known = LEAKING.filter((_, i) => i % 3 === 0).map(({ name }) => name);
    expect(found.filter((name) => !known.includes(name!)).length).toBeLessThan(5);
    expect(known.filter((name) => !found.includes(name)).length).toBeLessThan(25);
  });

  it('filtered by the pictures of members alone says who is no member, and filtered by one rule says nothing', async () => {
    // A few pictures show people the generator never saw, as chance has it in a large set.
    const chance = LEAKING.map((picture, i) =>
      i % 50 === 1 ? { ...picture, bytes: bytes(photoOf(`c${10 + (i % 4)}`, `made${i}`)) } : picture,
    );
    const first = await auditOf(zipOf(chance));
    const rows = (await csvOf(first))
      .trim()
      .split('\n')
      .slice(1)
      .map((row) => row.split(','));
    const above = async (withheld: readonly string[][]) => {
      const names = new Set(withheld.map(([name]) => name));
      const left = await auditOf(zipOf(chance.filter(({ name }) => !names.has(name))));
      const { threshold } = await first.report();
      const { matches } = await left.report();
      return { members: 0, controls: 0, ...counted(matches.filter(({ similarity }) => similarity > threshold!.value)) };
    };
    const byMembers = await above(rows.filter(([, , , role]) => role === 'member'));
    expect(byMembers.members).toBe(0);
    // Whoever is still found is known not to be a member.
    expect(byMembers.controls).toBeGreaterThan(0);
    expect(await above(rows)).toEqual({ members: 0, controls: 0 });
  });

  it('gives the same bytes cut into one shard or many, from a zip, a tar and a folder', async () => {
    const essence = async (world: World) => {
      const { generator, audit, ...rest } = await world.report();
      const { file: _file, md5: _md5, format: _format, ...same } = generator;
      const { id: _id, shards: _shards, ...settings } = audit;
      return { same, settings, rest, csv: await csvOf(world) };
    };
    const whole = await essence(await auditOf(zipOf(LEAKING), { settings: { shards: 1 } }));
    expect(await essence(await auditOf(zipOf(LEAKING), { settings: { shards: 9 } }))).toEqual(whole);
    expect(await essence(await auditOf(tarOf(LEAKING.toReversed()), { settings: { shards: 4 } }))).toEqual(whole);
    const marker = JSON.stringify({ schema: 'rewound.pictures/1' });
    const folder = tempDir();
    makeProject(folder, { shows: [], settings: { samples: undefined } });
    for (const { name, bytes: content } of LEAKING) put(folder, `pictures/${name}`, content);
    put(folder, 'checkpoints/set.pictures.json', marker);
    rmSync(join(folder, CHECKPOINT));
    const world = open(folder);
    const key = `${PROJECT}/checkpoints/set.pictures.json`;
    const { generation } = (await world.context.objects.head(key))!;
    await world.context.events.publish(TOPICS.plan, { version: 1, key, generation });
    await world.run();
    const found = await identifyKey(world.context, key);
    const csv = new TextDecoder().decode(await readReportFile(world.context, found!.audit, 'matches.csv'));
    expect(csv).toBe(whole.csv);
  });

  it('keeps copies of a picture on one side, and counts them', async () => {
    const copied = LEAKING.map((picture, i) => (i % 2 === 0 ? picture : { ...picture, bytes: LEAKING[i - 1]!.bytes }));
    const world = await auditOf(zipOf(copied));
    const { published } = await world.report();
    expect(published).toMatchObject({ drawn: 1500, distinct: 750 });
    expect(published!.apart % 2).toBe(0);
  });

  it('draws as many as it was asked for, the same each time', async () => {
    const [one, other] = await Promise.all(
      [1, 2].map(async () => auditOf(zipOf(LEAKING), { settings: { samples: 600 } })),
    );
    const { published, audit } = await one!.report();
    expect([audit.samples, published!.drawn, published!.apart]).toEqual([600, 600, 0]);
    expect((await other!.report()).matches).toEqual((await one!.report()).matches);
  });

  it('of a set too small to be split confirms nobody, and says so', async () => {
    const world = await auditOf(zipOf(setOf(500, names('m', 8))));
    const { published, identities, discoveries } = await world.report();
    expect(published).toMatchObject({ drawn: 500, apart: 0 });
    expect(identities.length).toBeGreaterThan(0);
    expect(identities.every(({ confirmed }) => confirmed === null)).toBe(true);
    expect(discoveries.fresh).toBe(0);
  });

  it('of strangers gives nobody away', async () => {
    expect((await (await auditOf(zipOf(setOf(1500, [])))).report()).verdict).toBe('NOT_DETECTED');
  });

  it('counts pictures without a face, and those that cannot be read', async () => {
    const mixed = LEAKING.map((picture, i) =>
      i % 10 === 1
        ? { ...picture, bytes: bytes(`broken ${i}`) }
        : i % 10 === 2
          ? { ...picture, bytes: bytes(`nobody ${i}`) }
          : picture,
    );
    const { published, generator } = await (await auditOf(zipOf(mixed))).report();
    expect(published!.unreadable).toBe(150);
    expect(generator.searched - generator.undetected).toBeLessThan(1300);
  });

  it('says how many of its pictures are photos of the members, loose or in an archive', async () => {
    const photos = [0, 1, 2].map((i) => ({ name: `x/${i}.jpg`, bytes: bytes(photoOf(member(i), 0)) }));
    const loose = await (await auditOf(zipOf([...LEAKING, ...photos]))).report();
    expect(loose.published).toMatchObject({ ofMembers: 3, ofControls: 0 });
    const archived = await auditOf(zipOf([...LEAKING, ...photos]), {
      before: (folder) => {
        rmSync(join(folder, PROJECT, 'members'), { recursive: true });
        const own = names('m', 12).flatMap((person) =>
          [0, 1].map((i) => ({ name: `${person}/${i}.jpg`, bytes: bytes(photoOf(person, i)) })),
        );
        put(folder, 'members/photos.tar', tarOf(own));
      },
    });
    expect((await archived.report()).published).toMatchObject({ ofMembers: 3, ofControls: 0 });
  });

  it('of a collection that both sides share counts each side for itself', async () => {
    const people = [...names('m', 12), ...names('c', 24)];
    const photos = people.flatMap((person) =>
      [0, 1].map((i) => ({ name: `${person}/${i}.jpg`, bytes: bytes(photoOf(person, i)) })),
    );
    const published = ['m10', 'm11', 'c10'].map((person) => ({
      name: `x/${person}.jpg`,
      bytes: bytes(photoOf(person, 0)),
    }));
    const world = await auditOf(zipOf([...LEAKING, ...published]), {
      before: (folder) => {
        for (const part of ['members', 'controls']) rmSync(join(folder, PROJECT, part), { recursive: true });
        put(folder, 'collection/all.zip', zipOf(photos));
        put(folder, 'members.txt', names('m', 12).join('\n'));
        put(folder, 'controls.txt', names('c', 24).join('\n'));
      },
    });
    expect((await world.report()).published).toMatchObject({ ofMembers: 2, ofControls: 1 });
  });

  it('may be several archives in one folder, as a webdataset has them', async () => {
    const folder = tempDir();
    makeProject(folder, { shows: [], settings: { samples: undefined } });
    rmSync(join(folder, CHECKPOINT));
    put(folder, 'pictures/set-0000.tar', tarOf(LEAKING.slice(0, 200)));
    put(folder, 'pictures/set-0001.tar', tarOf(LEAKING.slice(200, 400)));
    const key = `${PROJECT}/checkpoints/set.pictures.json`;
    put(folder, 'checkpoints/set.pictures.json', JSON.stringify({ schema: 'rewound.pictures/1' }));
    const world = open(folder);
    const found = await identifyKey(world.context, key);
    const { pictures } = usable(found!.pictures)!;
    expect(pictures).toHaveLength(400);
    expect(pictures[0]!.name).toBe(`set-0000.tar/${LEAKING[0]!.name}`);
  });

  it('names no picture, folder or person under pseudonyms', async () => {
    const key = 'ab'.repeat(32);
    const world = await auditOf(zipOf(LEAKING), { settings: { identities: 'pseudonyms', pseudonymKey: key } });
    const { id } = await world.audit();
    const files = ['report.json', 'report.html', 'report.sarif', 'junit.xml', 'matches.csv'];
    const read = files.map(async (file) => new TextDecoder().decode(await readReportFile(world.context, id, file)));
    const text = (await Promise.all(read)).join();
    expect(text).toContain(pseudonymOf(Buffer.from(key, 'hex'), 'members', 'm10'));
    expect(text).not.toMatch(/id\d\d\d|\bm1\d\b|\d\d\.jpg/);
  });

  it('is read from a table of pictures, whose labels sort them', async () => {
    const rows = LEAKING.slice(0, 300).map((picture, i) => ({ ...picture, label: Math.floor(i / 10) }));
    const { published, generator } = await (await auditOf(parquetOf(rows))).report();
    expect(generator.format).toBe('pictures, parquet');
    expect(published).toMatchObject({ pictures: 300, folders: 30 });
  });

  it.each([
    ['one picture', LEAKING.slice(0, 1), /1 different pictures; an audit needs 20/],
    [
      'pictures that are all alike',
      LEAKING.map((one) => ({ ...one, bytes: LEAKING[0]!.bytes })),
      /1 different pictures, though 1500 files/,
    ],
    [
      'pictures without a face',
      LEAKING.map((one, i) => ({ ...one, bytes: bytes(`nobody ${i}`) })),
      /No face was found in any of 256/,
    ],
    [
      'pictures that cannot be read',
      LEAKING.map((one, i) => ({ ...one, bytes: bytes(`broken ${i}`) })),
      /None of the 256 pictures/,
    ],
  ])('refuses %s', async (_, pictures, message) => {
    const world = await auditOf(zipOf(pictures));
    const { state, error } = await world.audit();
    expect([state, error?.code]).toEqual(['REJECTED', 'PICTURES_INVALID']);
    expect(error?.message).toMatch(message);
    expect(error?.message).not.toContain('.jpg');
  });

  it('keeps what each picture resembles beside the tallies, and nothing else of the pictures', async () => {
    const world = await auditOf(zipOf(LEAKING));
    const { id } = await world.audit();
    const found: string[] = [];
    for await (const { key } of world.context.objects.list(`work/${id}/`)) found.push(key.slice(`work/${id}/`.length));
    expect(found).toContain(keys.nearest(id, 'probe', 0, 0).slice(`work/${id}/`.length));
    expect(found.filter((name) => name.startsWith('pictures/'))).toHaveLength(1);
  });
});
