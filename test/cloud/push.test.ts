import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { ProbeRequest } from '../../shared/engine/compute.ts';
import { RewoundError } from '../../shared/errors.ts';
import type { Context } from '../../shared/pipeline/base/context.ts';
import { keys } from '../../shared/pipeline/base/layout.ts';
import { TOPICS } from '../../shared/pipeline/base/messages.ts';
import { readAudit } from '../../shared/pipeline/runs/run.ts';
import { sweep } from '../../shared/pipeline/steps/sweep.ts';
import { around } from '../../shared/platform/around.ts';
import { type Cloud, type DeployOptions, hasCloud, startCloud } from '../support/cloud/deployment.ts';
import { putCheckpoint, putProject, withoutTiming } from '../support/cloud/project.ts';
import { Simulation } from '../support/cloud/simulation.ts';
import { type Before, stubCompute } from '../support/cloud/stub-compute.ts';

/* Some of the faults of faults.test.ts on the services themselves: what they promise must be what they do. */

const SETTINGS = { samples: 64, batch: 4, shards: 8 };

describe.skipIf(!hasCloud())('faults on Google Cloud', () => {
  let cloud: Cloud;
  beforeAll(async () => {
    cloud = await startCloud();
  });
  afterAll(() => cloud.stop());

  /** A deployment with the stub engine, its project and a checkpoint in it. */
  async function begin(options: DeployOptions = {}, before?: Before) {
    const compute = stubCompute((path) => readFileSync(path), before);
    const deployment = await cloud.deploy({ window: 2, compute, ...options });
    onTestFinished(() => deployment.stop());
    await putProject(deployment.context.objects, SETTINGS);
    await putCheckpoint(deployment.context.objects);
    return deployment;
  }

  /** The audit, once it has ended. */
  async function ended({ records }: Context): Promise<{ audit: string; state: string | undefined }> {
    let found: { audit: string; state: string | undefined } | undefined;
    const look = async () => {
      for await (const { path } of records.list('audits')) {
        const audit = path.slice(path.indexOf('/') + 1);
        found = { audit, state: (await readAudit({ records } as Context, audit))?.state };
      }
      return found?.state;
    };
    await expect.poll(look, { interval: 100 }).toMatch(/DONE|FAILED|REJECTED/);
    return found!;
  }

  async function reportsOf(objects: Pick<Context['objects'], 'get'>, audit: string): Promise<string[]> {
    const files = ['report.json', 'report.html'].map((file) => objects.get(keys.report(audit, file)));
    return (await Promise.all(files)).map(withoutTiming);
  }

  test('messages delivered up to three times and steps that fail halfway: the bytes of a calm audit', async () => {
    const calm = new Simulation({ window: 2 });
    await putProject(calm.objects, SETTINGS);
    calm.outside.publish(TOPICS.plan, await putCheckpoint(calm.objects));
    await calm.finish();

    const published = new Map<string, number>();
    let calls = 0;
    const disturbed = (world: Context): Context => ({
      ...world,
      records: around(world.records, {
        // Every seventh record is written, and its writer never hears of it.
        create: async (go, path) => {
          const created = await go();
          if (path.includes('-shards/') && ++calls % 7 === 0) throw lost();
          return created;
        },
      }),
      events: around(world.events, {
        async publish(go, topic) {
          const n = (published.get(topic) ?? 0) + 1;
          published.set(topic, n);
          for (let copy = 0; copy < 1 + (n % 3); copy++) await go();
        },
      }),
    });
    const { context } = await begin({ around: disturbed });
    // A writer that never heard of its write leaves a chain for the sweep, which the schedule calls.
    const mend = setInterval(() => void sweep(context, 2000).catch(() => undefined), 1000);
    onTestFinished(() => clearInterval(mend));
    const { audit, state } = await ended(context);
    expect(state).toBe('DONE');
    expect(await context.records.count(`audits/${audit}/probe-shards`)).toBe(SETTINGS.shards);
    expect(await reportsOf(context.objects, audit)).toEqual(await reportsOf(calm.objects, audit));
  });

  test('a shard that fails at every attempt ends in the dead letters, and its audit with a reason', async () => {
    const { context, log } = await begin({ attempts: 5 }, async (task, request) => {
      if (task === 'probe' && (request as ProbeRequest).shard.firstBatch === 6) {
        throw new RewoundError('ENGINE_CRASHED', 'died', { help: '', transient: true });
      }
    });
    const { audit, state } = await ended(context);
    expect(state).toBe('FAILED');
    expect(await readAudit(context, audit)).toMatchObject({ error: { code: 'GIVEN_UP' } });
    const failures = log.filter(({ event }) => event === 'message.failed');
    expect(failures).toHaveLength(5);
    expect(failures[0]).toMatchObject({ code: 'ENGINE_CRASHED', transient: true, audit, shard: 3 });
  });
});

function lost(): RewoundError {
  return new RewoundError('PLATFORM_UNAVAILABLE', 'The service does not answer.', { help: 'Wait.', transient: true });
}
