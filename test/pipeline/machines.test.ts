import { readFile } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import type { Device } from '../../shared/onnx/runtime.ts';
import type { Context } from '../../shared/pipeline/base/context.ts';
import { generatorFiles } from '../../shared/pipeline/planning/plan/files.ts';
import { networkPlan } from '../../shared/pipeline/planning/plan/schema.ts';
import { readPlan } from '../../shared/pipeline/planning/plan/store.ts';
import { plan } from '../../shared/pipeline/steps/plan.ts';
import { around } from '../../shared/platform/around.ts';
import { stubCompute } from '../support/stub-compute.ts';
import { tempDir } from '../support/temp.ts';
import { CHECKPOINT, makeProject, names, World, type WorldOptions } from '../support/world.ts';

/* Two machines that work on the same audit and are not alike. */

async function landed(options: Partial<WorldOptions>): Promise<World> {
  const folder = tempDir();
  makeProject(folder, { shows: names('m', 8) });
  const world = new World({ folder, ...options });
  onTestFinished(() => world.close());
  await world.land();
  return world;
}

test.each(['enrol', 'probe'] as const)('%s refuses to work on another device than was planned for', async (step) => {
  let device: Device = 'cpu';
  const wrap = (context: Context): Context => ({
    ...context,
    get device() {
      return device;
    },
    events: around(context.events, {
      publish: (go, topic) => {
        if (topic === step) device = 'cuda';
        return go();
      },
    }),
  });
  const world = await landed({ wrap });
  await world.run();
  const { error, ...record } = await world.audit();
  expect({ ...record, ...error }).toMatchObject({ state: 'FAILED', code: 'DEVICE_MISMATCH' });
  expect(error?.message).toMatch(/planned for cpu; this machine works on cuda/);
  expect(error?.help).toContain('REWOUND_DEVICE');
  expect(world.compute.calls[step]).toBe(0);
});

test.each([0, 1])('whichever of two plans counts, it goes with the generator it was made with (%d)', async (loser) => {
  const real = stubCompute();
  let calibrations = 0;
  const compute = stubCompute({
    async calibrate(request) {
      // No two machines measure quite the same; here, what they build says which of them it was.
      const own = calibrations++;
      return { ...(await real.calibrate(request)), range: [-1, 1 + own], model: Buffer.from(`shows m1${own}`) };
    },
  });
  let plans = 0;
  let letGo: () => void = () => undefined;
  const otherIsThere = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const world = await landed({
    compute,
    wrap: (context) => ({
      ...context,
      objects: around(context.objects, {
        async put(go, key) {
          if (!key.endsWith('plan.json')) return go();
          if (plans++ === loser) await otherIsThere;
          try {
            return await go();
          } finally {
            letGo();
          }
        },
      }),
    }),
  });
  const { generation } = (await world.context.objects.head(CHECKPOINT))!;
  const message = { version: 1, hops: 0, key: CHECKPOINT, generation } as const;
  await Promise.all([plan(world.context, message), plan(world.context, message)]);
  expect([calibrations, plans]).toEqual([2, 2]);
  await world.run();
  const { id, state } = await world.audit();
  expect(state).toBe('DONE');
  const planned = networkPlan(await readPlan(world.context, id));
  const { path } = await generatorFiles(world.context, planned);
  expect(await readFile(path, 'utf8')).toBe(`shows m1${planned.generator.range[1] - 1}`);
});
