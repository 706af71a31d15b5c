import { expect, onTestFinished, test } from 'vitest';
import { merge } from '../../../shared/pipeline/steps/merge.ts';
import { around } from '../../../shared/platform/around.ts';
import { LEAK } from '../../support/audited.ts';
import { tempDir } from '../../support/temp.ts';
import { makeProject, World } from '../../support/world.ts';

test('a merge that another delivery overtakes does not wait for fresh samples, nor fail for want of them', async () => {
  const folder = tempDir();
  makeProject(folder, LEAK);
  let overtaken = false;
  const world: World = new World({
    folder,
    wrap: (context) => ({
      ...context,
      objects: around(context.objects, {
        put: async (go, key) => {
          const info = await go();
          if (!overtaken && key.includes('/merged-')) {
            overtaken = true;
            // The other delivery merges, nominates and asks for fresh samples, all while this one has only merged.
            await merge(world.context, { version: 1, audit: key.split('/')[1]!, hops: 0 });
          }
          return info;
        },
      }),
    }),
  });
  onTestFinished(() => world.close());
  await world.land();
  await world.run();
  expect(overtaken).toBe(true);
  expect(world.messages('confirm').length).toBeGreaterThan(0);
  expect((await world.audit()).state).toBe('DONE');
  expect((await world.report()).identities.length).toBeGreaterThan(0);
});
