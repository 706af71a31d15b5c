import { onTestFinished } from 'vitest';
import { tempDir } from './temp.ts';
import { makeProject, names, type ProjectOptions, World, type WorldOptions } from './world.ts';

/** A project whose generator gives eight of its twelve members away. */
export const LEAK: ProjectOptions = { shows: names('m', 8) };

/** A world until the end of the test. */
export function open(folder: string, options: Partial<WorldOptions> = {}): World {
  const world = new World({ folder, ...options });
  onTestFinished(() => world.close());
  return world;
}

/** A world with a project in it whose checkpoint has just landed. */
export async function landed(project: ProjectOptions, options: Partial<WorldOptions> = {}): Promise<World> {
  const folder = tempDir();
  makeProject(folder, project);
  const world = open(folder, options);
  await world.land();
  return world;
}

/** The same after everything that followed. */
export async function audited(project: ProjectOptions, options: Partial<WorldOptions> = {}): Promise<World> {
  const world = await landed(project, options);
  await world.run();
  return world;
}
