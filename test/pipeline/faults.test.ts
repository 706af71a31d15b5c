import { describe, expect, it } from 'vitest';
import type { Compute } from '../../shared/engine/compute.ts';
import type { ErrorCode } from '../../shared/error-codes.ts';
import { RewoundError } from '../../shared/errors.ts';
import { audited, LEAK, landed, open } from '../support/audited.ts';
import { stubCompute } from '../support/stub-compute.ts';
import { tempDir } from '../support/temp.ts';
import { makeProject, names, type ProjectOptions, put } from '../support/world.ts';

const failing = (code: ErrorCode, transient: boolean, times = Number.POSITIVE_INFINITY) => {
  let left = times;
  return <T>(then: () => Promise<T>) =>
    async (): Promise<T> => {
      if (left-- > 0) throw new RewoundError(code, 'It does not work.', { help: 'Help it.', transient });
      return then();
    };
};

describe('what goes wrong', () => {
  it.each<[string, ProjectOptions, ErrorCode]>([
    ['too few controls', { ...LEAK, controls: names('c', 19) }, 'GALLERY_TOO_SMALL'],
    ['a single member', { ...LEAK, members: ['m10'] }, 'GALLERY_TOO_SMALL'],
    ['no members', { ...LEAK, members: [] }, 'NOT_FOUND'],
    ['settings that are none', { ...LEAK, settings: { samples: -1 } }, 'CARD_INVALID'],
    ['a recognizer that is not there', { ...LEAK, settings: { recognizer: 'r/card.json' } }, 'NOT_FOUND'],
    ['a recognizer outside the project', { ...LEAK, settings: { recognizer: '../x.json' } }, 'CHECKPOINT_UNSAFE'],
  ])('in the input, rejects the audit with the reason: %s', async (_, project, code) => {
    const world = await audited(project);
    const { id, ...record } = await world.audit();
    expect(record).toMatchObject({ state: 'REJECTED', error: { code, help: expect.stringMatching(/\.$/) } });
    expect(world.messages('finished')).toEqual([expect.objectContaining({ audit: id, state: 'REJECTED' })]);
    expect(world.compute.calls.probe).toBe(0);
  });

  it('in the photos of a folder that holds none, rejects the audit', async () => {
    const folder = tempDir();
    makeProject(folder, { ...LEAK, members: [] });
    put(folder, 'members/notes.txt', 'photos to come');
    const world = open(folder);
    await world.land();
    await world.run();
    const states: unknown[] = [];
    for await (const { fields } of world.context.records.list('audits')) states.push(fields);
    expect(states).toEqual([
      expect.objectContaining({ state: 'REJECTED', error: expect.objectContaining({ code: 'GALLERY_EMPTY' }) }),
    ]);
  });

  const steps = ['inspect', 'calibrate', 'enrol', 'probe', 'render'] as const;

  it.each(steps)('for good while the engine works (%s), ends the audit at once', async (task) => {
    const fail = failing('CHECKPOINT_UNSUPPORTED', false);
    const world = await audited(LEAK, { compute: stubCompute({ [task]: fail(async () => undefined) }) });
    expect(await world.audit()).toMatchObject({ state: 'REJECTED', error: { code: 'CHECKPOINT_UNSUPPORTED' } });
    expect(world.messages('finished')).toHaveLength(1);
  });

  it.each(steps)('for a moment (%s), is tried again and changes nothing', async (task) => {
    const good = await audited(LEAK);
    const whole = stubCompute();
    const fail = failing('ENGINE_CRASHED', true, 2);
    const bad = fail(async () => undefined);
    let calls = 0;
    const compute = stubCompute({
      [task]: async (request: never) => {
        calls += 1;
        if (calls <= 2) return bad();
        return (whole[task] as (request: never) => Promise<unknown>)(request);
      },
    });
    const world = await audited(LEAK, { compute });
    expect(await world.report()).toEqual(await good.report());
  });

  it.each(steps.slice(1))('again and again (%s), fails the audit with the reason', async (task) => {
    const fail = failing('ENGINE_CRASHED', true);
    const world = await audited(LEAK, { compute: stubCompute({ [task]: fail(async () => undefined) }) });
    expect(await world.audit()).toMatchObject({ state: 'FAILED', error: { code: 'ENGINE_CRASHED' } });
    expect(world.compute.calls[task]).toBe(3);
    expect(world.messages('finished')).toHaveLength(1);
  });

  it.each<[ErrorCode, string]>([
    ['ENGINE_MEMORY', 'FAILED'],
    ['ENGINE_TIMEOUT', 'FAILED'],
    ['DEVICE_UNAVAILABLE', 'FAILED'],
    ['GENERATOR_OUTPUT', 'REJECTED'],
  ])('is ours or theirs: %s is %s', async (code, state) => {
    const fail = failing(code, false);
    const compute = stubCompute({ probe: fail<Awaited<ReturnType<Compute['probe']>>>(() => Promise.reject()) });
    expect(await (await audited(LEAK, { compute })).audit()).toMatchObject({ state, error: { code } });
  });

  it('in the settings is said before any work: the seeds of the samples must fit', async () => {
    const world = await audited({ ...LEAK, settings: { seed: 2 ** 32 - 399 } });
    const error = { code: 'CARD_INVALID', message: expect.stringContaining('the seed is too large') };
    expect(await world.audit()).toMatchObject({ state: 'REJECTED', error });
    expect(world.compute.calls.calibrate).toBe(0);
  });

  it('in a message, is dropped: nothing is repeated', async () => {
    const world = await landed(LEAK);
    await world.context.events.publish('probe', { version: 2, audit: 'x', shard: 'first' });
    await world.context.events.publish('plan', 'no object');
    await world.run();
    expect((await world.report()).verdict).toBe('LEAKAGE');
  });
});

describe('what lands besides checkpoints', () => {
  it.each(['checkpoints/generator.onnx.card.json', 'checkpoints/weights.data', 'members/m10/0.jpg', 'project.json'])(
    '%s starts nothing',
    async (path) => {
      const folder = tempDir();
      makeProject(folder, LEAK);
      put(folder, path, '{}');
      const world = open(folder);
      const info = await world.context.objects.head(`drop/tenant/project/${path}`);
      await world.context.events.publish('plan', { version: 1, key: info!.key, generation: info!.generation });
      await world.run();
      expect(await world.context.records.count('audits')).toBe(0);
    },
  );

  it('a checkpoint that was replaced meanwhile starts only what replaced it', async () => {
    const world = await landed(LEAK);
    await world.context.objects.put('drop/tenant/project/checkpoints/generator.onnx', Buffer.from('shows m15'));
    await world.run();
    expect(await world.context.records.count('audits')).toBe(0);
    await world.land();
    await world.run();
    expect((await world.audit()).state).toBe('DONE');
  });
});
