import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { TOPICS } from '../../../shared/pipeline/base/messages.ts';
import { forgetAudit, forgetProject } from '../../../shared/pipeline/runs/forget.ts';
import { LEAK, open } from '../../support/audited.ts';
import { tempDir } from '../../support/temp.ts';
import { CHECKPOINT, makeProject, PROJECT, type World } from '../../support/world.ts';

const OTHER = 'drop/other/project';

async function keysBelow({ context }: World, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of context.objects.list(prefix)) keys.push(key);
  return keys;
}

/** Two tenants with the same photos and the same generator, both audited. */
async function twoTenants(): Promise<World> {
  const folder = tempDir();
  makeProject(folder, LEAK);
  cpSync(join(folder, PROJECT), join(folder, OTHER), { recursive: true });
  const world = open(folder);
  await world.land();
  await world.run();
  expect(world.compute.calls.enrol).toBe(2);
  const key = CHECKPOINT.replace(PROJECT, OTHER);
  const { generation } = (await world.context.objects.head(key))!;
  await world.context.events.publish(TOPICS.plan, { version: 1, key, generation });
  await world.run();
  return world;
}

it('photos that another tenant has too are embedded anew: nobody can tell', async () => {
  const world = await twoTenants();
  expect(world.compute.calls.enrol).toBe(4);
  const names = (prefix: string) => (key: string) => key.slice(prefix.length);
  const ours = await keysBelow(world, 'gallery/tenant/project/');
  const theirs = await keysBelow(world, 'gallery/other/project/');
  expect(ours).toHaveLength(2);
  expect(ours.map(names('gallery/tenant/'))).toEqual(theirs.map(names('gallery/other/')));
  expect(await keysBelow(world, 'gallery/')).toHaveLength(4);
});

it('a project is erased with its embeddings, an audit with its work and report, and nothing else', async () => {
  const world = await twoTenants();
  const { id } = await world.audit();
  const before = await keysBelow(world, '');
  await forgetProject(world.context, PROJECT);
  await forgetAudit(world.context, id);
  const theirs = (key: string) =>
    key.startsWith(`${PROJECT}/`) || key.startsWith('gallery/tenant/') || key.includes(id);
  expect(await keysBelow(world, '')).toEqual(before.filter((key) => !theirs(key)));
  expect(await keysBelow(world, 'gallery/other/project/')).toHaveLength(2);
});

it.each(['drop', 'drop/', 'drop/tenant', 'drop/tenant/', 'drop//project', 'work/a/b', 'drop/tenant/project/members'])(
  'what is no project is not erased: %s',
  async (path) => {
    const folder = tempDir();
    makeProject(folder, LEAK);
    const world = open(folder);
    const before = await keysBelow(world, '');
    await expect(forgetProject(world.context, path)).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(await keysBelow(world, '')).toEqual(before);
  },
);
