import { cpSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { quietProgress } from '../../scripts/cli/progress.ts';
import { finish, start } from '../../scripts/cli/start.ts';
import { RandomState } from '../../shared/audit/numbers/random.ts';
import { RewoundError } from '../../shared/errors.ts';
import { keys } from '../../shared/pipeline/base/layout.ts';
import { readReportFile } from '../../shared/pipeline/results/report-files.ts';
import { auditOfUpload, readAudit } from '../../shared/pipeline/runs/run.ts';
import { sweep } from '../../shared/pipeline/steps/sweep.ts';
import { LEAK, landed, open } from '../support/audited.ts';
import { generatorOf, type StubCompute, stubCompute } from '../support/stub-compute.ts';
import { tempDir } from '../support/temp.ts';
import { CHECKPOINT, makeProject, names, PROJECT, put, World } from '../support/world.ts';

const REPORT = ['report.html', 'report.json', 'report.sarif', 'junit.xml'];

/** Every kind of file that an audit leaves and reads back, by its path below the work folder. */
const KINDS: Readonly<Record<string, RegExp>> = {
  plan: /^work\/\w+\/plan\.json$/,
  generator: /\/generator\/\w+\.onnx$/,
  weights: /\/generator\/\w+\.weights$/,
  roster: /\/roster\.json$/,
  gallery: /\/gallery-\d+\.safetensors$/,
  placebo: /\/placebo-\d+\.safetensors$/,
  profile: /\/profile-\d+\.safetensors$/,
  embeddings: /^gallery\/.*\.safetensors$/,
  'shard result': /\/probe\/\d+-\d+\.safetensors$/,
  'fresh shard result': /\/confirm\/\d+-\d+\.safetensors$/,
  'merged result': /\/merged-\d+\.safetensors$/,
  nomination: /\/nomination\.json$/,
  'digests of the report': /^report\/\w+\/digests\.json$/,
  'report.json': /^report\/\w+\/report\.json$/,
  'report.html': /^report\/\w+\/report\.html$/,
  'report.sarif': /^report\/\w+\/report\.sarif$/,
  'junit.xml': /^report\/\w+\/junit\.xml$/,
  state: /^\.rewound-state\/state\.sqlite$/,
  'log of the state': /^\.rewound-state\/state\.sqlite-wal$/,
};

const FLIPS = 200;
const WEIGHTS = [{ location: 'a.weights', data: Uint8Array.from({ length: 64 }, (_, i) => i) }];

/** The stub, with a generator in two files, and thumbnails that are the same wherever the photo is. */
function compute(): StubCompute {
  const stub = stubCompute();
  return stubCompute({
    calibrate: async (request) => ({ ...(await stub.calibrate(request)), weights: WEIGHTS }),
    thumbnails: async (photos) => photos.map(({ path }) => (path === '' ? null : readFileSync(path))),
  });
}

interface Store {
  /** As a killed process leaves it, or one that ended. */
  readonly folder: string;
  readonly audit: string;
}

/** Stores of an audit that was stopped after so many messages, the last one of an audit that has ended. */
async function stores(): Promise<{ readonly stored: readonly Store[]; readonly report: readonly string[] }> {
  const folder = tempDir();
  makeProject(folder, { ...LEAK, photos: 2, settings: { samples: 96, fresh: 64, shards: 3 } });
  for (const person of names('p', 6)) put(folder, `placebo/${person}/0.jpg`, `${person} 0`);
  const stored: Store[] = [];
  let messages = 0;
  const world = open(folder, { compute: compute() });
  await world.land();
  const keep = async () => {
    const copy = tempDir();
    cpSync(folder, copy, { recursive: true, preserveTimestamps: true });
    stored.push({ folder: copy, audit: (await world.audit()).id });
    // And as one leaves it that ends well: all that is in the log moves into the file.
    if (stored.length % 2 === 0) new DatabaseSync(join(copy, '.rewound-state/state.sqlite')).close();
  };
  for (;;) {
    const { length } = world.published;
    await world.run(() => {
      messages += 1;
      return messages % 4 === 0;
    });
    await keep();
    if ((await world.audit()).state === 'DONE' && world.published.length === length) break;
  }
  return { stored, report: await reportOf(world, stored[0]!.audit) };
}

/** A report's files as text, but for how long the audit took. */
async function reportOf(world: World, audit: string): Promise<string[]> {
  const files = REPORT.map(async (file) => {
    const text = new TextDecoder().decode(await readReportFile(world.context, audit, file));
    return text.replace(/"totalMs": \d+/, '');
  });
  return Promise.all(files);
}

/** The same command once more in a folder, as a new process: its report, or the code it ends with. */
async function command(folder: string): Promise<{ readonly report?: readonly string[]; readonly code?: string }> {
  let world: World | undefined;
  try {
    world = new World({ folder, compute: compute() });
    world.discardMessages();
    const audit = await start(world.context, CHECKPOINT, undefined, quietProgress);
    const here = world;
    await finish(here.context, audit, new AbortController().signal, () => here.run());
    const record = await readAudit(world.context, audit);
    if (record?.state !== 'DONE') return { code: record?.error?.code ?? `${record?.state}` };
    return { report: await reportOf(world, audit) };
  } catch (error) {
    if (error instanceof RewoundError) return { code: error.code };
    throw error;
  } finally {
    world?.close();
  }
}

function flip(file: string, random: RandomState): void {
  const bytes = readFileSync(file);
  bytes[random.below(bytes.length)]! ^= 1 << random.below(8);
  writeFileSync(file, bytes);
}

test(`of ${FLIPS} flipped bits, in files of every kind, none changes a report without a word, and each can be mended`, async () => {
  const random = new RandomState(5);
  const { stored, report } = await stores();
  const outcomes = new Map<string, number>();
  const kinds = Object.entries(KINDS);
  for (let n = 0; n < FLIPS; n++) {
    const [kind, pattern] = kinds[n % kinds.length]!;
    const candidates = stored.flatMap(({ folder }) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((path) => pattern.test(path) && statSync(join(folder, path)).size > 0)
        .sort()
        .map((path) => ({ folder, path })),
    );
    const chosen = candidates[random.below(candidates.length)]!;
    const folder = join(tempDir(), 'copy');
    cpSync(chosen.folder, folder, { recursive: true, preserveTimestamps: true });
    flip(join(folder, chosen.path), random);
    let outcome = await command(folder);
    if (outcome.code !== undefined) {
      expect(outcome.code, `${n}: ${chosen.path}`).toBe(
        /sqlite/.test(chosen.path) ? 'STATE_DAMAGED' : 'RESULT_DAMAGED',
      );
      // What the error says to do.
      if (outcome.code === 'STATE_DAMAGED') {
        for (const end of ['', '-wal', '-shm'])
          rmSync(join(folder, `.rewound-state/state.sqlite${end}`), { force: true });
      }
      outcome = await command(folder);
    }
    expect(outcome, `${n}: ${chosen.path}`).toEqual({ report });
    rmSync(folder, { recursive: true });
    outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1);
  }
  expect([...outcomes.keys()].sort()).toEqual(Object.keys(KINDS).sort());
});

/** Gives a file a time that can be given again. */
const age = (file: string) => utimesSync(file, 1_000_000_000, 1_000_000_000);

/** Flips a bit of an aged file and leaves its time as it was, as a disk does on its own. */
function flipQuietly(file: string): void {
  flip(file, new RandomState(1));
  age(file);
}

test.each([
  ['with a new time', (file: string) => flip(file, new RandomState(1))],
  ['with the same time', flipQuietly],
])('a photo that changes after planning, %s, ends the audit; with the photo back it goes on', async (_, damage) => {
  const world = await landed({ ...LEAK, photos: 1 });
  const photo = join(world.folder, PROJECT, 'members/m10/0.jpg');
  age(photo);
  await world.run(() => world.messages('enrol').length > 0);
  const before = readFileSync(photo);
  damage(photo);
  world.discardMessages();
  await sweep(world.context, 0);
  await world.run();
  expect(await world.audit()).toMatchObject({ state: 'FAILED', error: { code: 'OBJECT_CHANGED' } });

  writeFileSync(photo, before);
  await start(world.context, CHECKPOINT, undefined, quietProgress);
  await world.run();
  expect((await world.audit()).state).toBe('DONE');
});

test('a checkpoint that is not what its digest says is not audited, until it is copied there again', async () => {
  const folder = tempDir();
  makeProject(folder, LEAK);
  const checkpoint = join(folder, CHECKPOINT);
  const before = readFileSync(checkpoint);
  age(checkpoint);
  const world = open(folder);
  // The digest is kept by the file's time and size, which stay the same.
  await world.land();
  flipQuietly(checkpoint);
  await world.run();
  expect(await world.audit()).toMatchObject({ state: 'FAILED', error: { code: 'OBJECT_CHANGED' } });

  renameSync(checkpoint, `${checkpoint}.part`);
  writeFileSync(checkpoint, before);
  await world.land();
  await world.run();
  expect((await world.audit()).state).toBe('DONE');
});

test('a checkpoint that is replaced while it is read is not taken for what it was', async () => {
  const stub = stubCompute();
  const folder = tempDir();
  makeProject(folder, LEAK);
  const calibrate: StubCompute['calibrate'] = async (request) => {
    writeFileSync(join(folder, CHECKPOINT), 'shows nobody');
    return stub.calibrate(request);
  };
  const world = open(folder, { compute: stubCompute({ calibrate }) });
  await world.land();
  const { generation } = (await world.context.objects.head(CHECKPOINT))!;
  await world.run();
  const id = (await auditOfUpload(world.context, CHECKPOINT, generation))!;
  expect(await readAudit(world.context, id)).toMatchObject({ state: 'CANCELLED' });
});

test('a service makes a damaged piece again when the checkpoint comes again', async () => {
  const world = await landed(LEAK);
  await world.run(() => world.messages('merge').length > 0);
  const { id } = await world.audit();
  const key = keys.tally(id, 'probe', 0, 0);
  flip(join(world.folder, key), new RandomState(1));
  world.discardMessages();
  await sweep(world.context, 0);
  await world.run();
  expect(await world.audit()).toMatchObject({ state: 'FAILED', error: { code: 'RESULT_DAMAGED' } });

  const before = world.messages('probe').length;
  put(world.folder, 'checkpoints/generator.onnx', generatorOf(...names('m', 8)));
  await world.land();
  await world.run();
  expect((await world.audit()).state).toBe('DONE');
  // The other shards are kept.
  expect(world.messages('probe').length).toBe(before + 1);
});
