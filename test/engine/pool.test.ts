import type { ChildProcess } from 'node:child_process';
import { expect, it, onTestFinished } from 'vitest';
import type { CalibrateRequest, Compute } from '../../shared/engine/compute.ts';
import { EnginePool } from '../../shared/engine/pool.ts';
import { fileOf } from '../support/files.ts';
import { slowGenerator, tinyGenerator } from '../support/tiny-generator.ts';

function pool(most: number): EnginePool {
  const made = new EnginePool({ device: 'cpu', threads: 1, memoryBytes: 2 ** 40, silenceMs: 600_000, most });
  onTestFinished(() => made.close());
  return made;
}

const inspect = (tasks: Compute) => tasks.inspect({ path: fileOf(tinyGenerator()), card: {} });
/** Works for half a minute at least. */
const hang = (tasks: Compute) => {
  const request: CalibrateRequest = {
    model: { path: fileOf(slowGenerator()), external: [] },
    card: {},
    recognizers: [{ kind: 'built-in' }],
    seed: 0,
    batch: 1,
  };
  return tasks.calibrate(request).then(
    () => 'ended',
    (error: { code: string }) => error.code,
  );
};
const pids = (made: EnginePool): (number | undefined)[] => {
  const places: Map<string, { engine: object }> = Reflect.get(made, 'places');
  return [...places.values()].map(({ engine }) => (Reflect.get(engine, 'child') as ChildProcess | undefined)?.pid);
};

it("one owner's hanging model does not keep another owner waiting", async () => {
  const engines = pool(2);
  let ended = false;
  const hanging = hang(engines.tasksOf('a')).then((how) => {
    ended = true;
    return how;
  });
  await inspect(engines.tasksOf('b'));
  // The place of an owner at rest is for whoever comes; the one at work keeps its own.
  await inspect(engines.tasksOf('c'));
  await inspect(engines.tasksOf('b'));
  expect(ended).toBe(false);
  engines.close();
  await expect(hanging).resolves.toBe('CANCELLED');
});

it('an owner keeps its process from task to task, and there are never more than was said', async () => {
  const engines = pool(2);
  const [a, b, c] = ['a', 'b', 'c'].map((owner) => engines.tasksOf(owner));
  await Promise.all([inspect(a!), inspect(b!)]);
  const [first, second] = pids(engines);
  await Promise.all([inspect(b!), inspect(a!), inspect(a!)]);
  expect(pids(engines).toSorted()).toEqual([first, second].toSorted());
  await Promise.all([inspect(a!), inspect(b!), inspect(c!), inspect(a!)]);
  expect(pids(engines)).toHaveLength(2);
});

it('what waits for a place when the pool is closed fails as cancelled', async () => {
  const engines = pool(2);
  const working = [hang(engines.tasksOf('a')), hang(engines.tasksOf('b'))];
  const waiting = inspect(engines.tasksOf('c'));
  engines.close();
  await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED', transient: true });
  await expect(Promise.all(working)).resolves.toEqual(['CANCELLED', 'CANCELLED']);
});
