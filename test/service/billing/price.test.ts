import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Context } from '../../../shared/pipeline/base/context.ts';
import { sampleShards } from '../../../shared/pipeline/planning/plan/sampling.ts';
import { freshSamples, settingsSchema } from '../../../shared/pipeline/planning/settings.ts';
import {
  type AuditWork,
  auditPrice,
  GPUS,
  gpuSecond,
  SAMPLE_SHARD,
  shardCallsPrice,
  USUAL,
} from '../../../shared/service/billing/price.ts';
import { tempDir } from '../../support/temp.ts';
import { makeProject, names, World } from '../../support/world.ts';

const WORK: AuditWork = { ...USUAL, samples: 50_000, sampleMs: 20, shards: 25, fresh: 10_000, photos: 20_000 };

const usd = (work: AuditWork, what: string) => auditPrice(work).items.find((item) => item.what === what)?.usd;

describe('machines', () => {
  test('an hour of an L4 with 4 vCPUs and 16 GiB', () => {
    expect(gpuSecond('nvidia-l4') * 3600).toBeCloseTo(0.672_12 + 0.2592 + 0.1152, 4);
  });

  test('an hour of an RTX PRO 6000 with 20 vCPUs and 80 GiB', () => {
    expect(gpuSecond('nvidia-rtx-pro-6000') * 3600).toBeCloseTo(3.19, 2);
  });
});

test('messages, records and objects of a shard are below 1% of 300 seconds of an L4', () => {
  const shard = 300 * gpuSecond('nvidia-l4');
  expect(shardCallsPrice() / shard).toBeLessThan(0.01);
  // In fact they do not matter at all.
  expect(shardCallsPrice() / shard).toBeLessThan(0.0005);
});

type Kind = keyof typeof SAMPLE_SHARD;

/** What an audit of so many shards asks of the platform, all in all. */
async function callsOfAudit(shards: number): Promise<Record<Kind, number>> {
  const calls = { messages: 0, recordReads: 0, recordWrites: 0, objectReads: 0, objectWrites: 0 };
  const counted = <T extends object>(port: T, kinds: Readonly<Partial<Record<keyof T, Kind>>>): T =>
    new Proxy(port, {
      get(target, name) {
        const kind = kinds[name as keyof T];
        if (kind) calls[kind] += 1;
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  const wrap = ({ objects, records, events, ...rest }: Context): Context => ({
    ...rest,
    // Of a file an instance has already, it asks whether it is still the newest.
    objects: counted(objects, { head: 'objectReads', get: 'objectReads', file: 'objectReads', put: 'objectWrites' }),
    records: counted(records, {
      get: 'recordReads',
      count: 'recordReads',
      create: 'recordWrites',
      replace: 'recordWrites',
    }),
    events: counted(events, { publish: 'messages' }),
  });
  const folder = tempDir();
  makeProject(folder, { shows: names('m', 3), settings: { shards } });
  const world = new World({ folder, wrap });
  await world.land();
  await world.run();
  expect((await world.audit()).state).toBe('DONE');
  world.close();
  return calls;
}

test('a shard asks no more of the platform than it is priced at', async () => {
  const [few, many] = [await callsOfAudit(5), await callsOfAudit(25)];
  for (const kind of Object.keys(SAMPLE_SHARD) as Kind[]) {
    const shard = (many[kind] - few[kind]) / 20;
    expect(shard, kind).toBeGreaterThan(0);
    expect(shard, kind).toBeLessThanOrEqual(SAMPLE_SHARD[kind]);
  }
});

test('an audit by hand', () => {
  const { items, total, gpuHours } = auditPrice(WORK);
  const second = gpuSecond('nvidia-l4');
  // 400 x 20 ms; 20,000 x 15 ms; 50,000 x 20 ms and 25 x 2 s; 10,000 and 5; four instances, one after the other.
  expect(usd(WORK, 'planning')).toBeCloseTo(8 * second, 8);
  expect(usd(WORK, 'photos')).toBeCloseTo(300 * second, 8);
  expect(usd(WORK, 'samples')).toBeCloseTo(1050 * second, 8);
  expect(usd(WORK, 'fresh samples')).toBeCloseTo(210 * second, 8);
  expect(usd(WORK, 'cold starts')).toBeCloseTo(240 * second, 8);
  expect(usd(WORK, 'idle tails')).toBeCloseTo(2400 * second, 8);
  expect(gpuHours).toBeCloseTo((8 + 300 + 1050 + 210 + 240 + 2400) / 3600, 8);
  // 25 + 5 + 79 + 6 messages of 1,000 bytes, twice.
  expect(items.find(({ what }) => what === 'messages')?.amount).toBe(115);
  expect(usd(WORK, 'messages')).toBeCloseTo((115 * 2000 * 40) / 2 ** 40 + (115 * 0.4) / 1e6, 10);
  expect(total).toBeCloseTo(
    items.reduce((sum, item) => sum + item.usd, 0),
    10,
  );
});

test('nothing to embed costs nothing to embed: neither photos nor an instance for them', () => {
  const { items } = auditPrice({ ...WORK, photos: 0 });
  expect(items.find(({ what }) => what === 'photos')?.usd).toBe(0);
  expect(items.find(({ what }) => what === 'cold starts')?.amount).toBeCloseTo(180 / 3600, 8);
});

test('where nobody is named no fresh samples are made: neither they cost anything nor an instance for them', () => {
  const { items } = auditPrice({ ...WORK, fresh: 0 });
  expect(items.find(({ what }) => what === 'fresh samples')?.usd).toBe(0);
  expect(items.find(({ what }) => what === 'cold starts')?.amount).toBeCloseTo(180 / 3600, 8);
});

test('confirming is a fifth of the probing at most, and cut as the pipeline cuts it', () => {
  const settings = settingsSchema.parse({ samples: WORK.samples });
  expect(WORK.fresh).toBe(freshSamples(settings));
  const hours = (what: string) => auditPrice(WORK).items.find((item) => item.what === what)!.amount;
  expect(hours('fresh samples')).toBeCloseTo(hours('samples') / 5, 8);
  expect(sampleShards({ settings, shards: WORK.shards }, 'confirm')).toHaveLength(5);
});

test('there are never more instances than shards', () => {
  const many = auditPrice({ ...WORK, gpus: 1000 });
  // 1 to plan, 79 for shards of 256 photos, 25 for samples, 5 for fresh ones.
  expect(many.items.find(({ what }) => what === 'cold starts')?.amount).toBeCloseTo((110 * 60) / 3600, 8);
});

describe('whatever the work', () => {
  const work = fc.record({
    samples: fc.integer({ min: 1, max: 1e8 }),
    sampleMs: fc.double({ min: 0.1, max: 1e4, noNaN: true }),
    shards: fc.integer({ min: 1, max: 1e5 }),
    fresh: fc.integer({ min: 0, max: 1e6 }),
    photos: fc.integer({ min: 0, max: 1e8 }),
    photoMs: fc.double({ min: 0.1, max: 1e3, noNaN: true }),
    k: fc.integer({ min: 1, max: 100 }),
    gpu: fc.constantFrom(...(Object.keys(GPUS) as (keyof typeof GPUS)[])),
    gpus: fc.integer({ min: 1, max: 1000 }),
    coldStartS: fc.integer({ min: 0, max: 600 }),
    idleS: fc.integer({ min: 0, max: 900 }),
    shardStartMs: fc.integer({ min: 0, max: 1e4 }),
    workDays: fc.integer({ min: 1, max: 90 }),
  });

  test('no item is negative, and more samples never cost less', () => {
    fc.assert(
      fc.property(work, (given) => {
        const price = auditPrice(given);
        for (const item of price.items) expect(item.usd).toBeGreaterThanOrEqual(0);
        const twice = auditPrice({ ...given, samples: given.samples * 2, fresh: given.fresh * 2 });
        expect(twice.total).toBeGreaterThanOrEqual(price.total);
      }),
    );
  });

  test('more GPUs are never later and never cheaper', () => {
    fc.assert(
      fc.property(work, (given) => {
        const [one, two] = [auditPrice(given), auditPrice({ ...given, gpus: given.gpus * 2 })];
        expect(two.hours).toBeLessThanOrEqual(one.hours * (1 + 1e-9));
        expect(two.total).toBeGreaterThanOrEqual(one.total * (1 - 1e-9));
      }),
    );
  });
});

describe('rewound price', () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [join(import.meta.dirname, '../../../scripts/rewound.ts'), 'price', ...args], {
      encoding: 'utf8',
    });

  test('prints a table, and the same as JSON', () => {
    const args = ['--ms-per-sample', '20', '--photos', '20000', '--gpus', '4'];
    const { status, stdout } = run(...args);
    expect(status).toBe(0);
    expect(stdout).toContain('50,000 samples in 25 shards and 10,000 fresh ones on 4 x nvidia-l4');
    const { work, total } = JSON.parse(run(...args, '--json').stdout) as { work: AuditWork; total: number };
    expect(work).toEqual({ ...WORK, gpus: 4 });
    expect(total).toBe(auditPrice(work).total);
    expect(stdout).toMatch(new RegExp(`^total .* ${total.toFixed(2)}$`, 'm'));
  });

  test('cuts slow samples into more shards, as an audit would', () => {
    expect(run('--ms-per-sample', '1000').stdout).toContain('in 334 shards');
  });

  test.each([[[]], [['--ms-per-sample', '0']], [['--ms-per-sample', '20', '--gpu', 'h100']]])('refuses %s', (args) => {
    const { status, stdout, stderr } = run(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain('USAGE');
  });
});
