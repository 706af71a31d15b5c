import { expect, test } from 'vitest';
import { finish } from '../../scripts/cli/start.ts';
import type { Context } from '../../shared/pipeline/base/context.ts';
import { tempDir } from '../support/temp.ts';
import { makeProject, World } from '../support/world.ts';

/** Loses the first `count` messages that ask for a run of photos. */
const losing =
  (count: number) =>
  (context: Context): Context => {
    let left = count;
    const publish: Context['events']['publish'] = async (topic, message) => {
      if (topic === 'enrol' && left-- > 0) return;
      await context.events.publish(topic, message);
    };
    return { ...context, events: { publish } };
  };

test.each([
  ['is resumed until it is done', 1, 'DONE', 2],
  ['is not resumed for ever', 1000, 'ENROLLING', 4],
])('an audit that nothing is under way for %s', async (_, lost, state, runs) => {
  const folder = tempDir();
  makeProject(folder, { shows: [] });
  const world = new World({ folder, wrap: losing(lost) });
  await world.land();
  await world.run();
  const { id } = await world.audit();
  let count = 1;
  await finish(world.context, id, new AbortController().signal, async () => {
    if (count++ > 1) await world.run();
  });
  expect(await world.audit()).toMatchObject({ state });
  expect(count - 1).toBe(runs);
  world.close();
});
