import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { quietProgress } from '../../scripts/cli/progress.ts';
import { start } from '../../scripts/cli/start.ts';
import type { Context } from '../../shared/pipeline/base/context.ts';
import { sweep } from '../../shared/pipeline/steps/sweep.ts';
import { tempDir } from '../support/temp.ts';
import { CHECKPOINT, makeProject, names, World } from '../support/world.ts';

/** The process dies at its n-th call to a port or to the engine: from then on nothing happens any more. */
class Mortal {
  calls = 0;
  private readonly last: number;

  constructor(last: number) {
    this.last = last;
  }

  readonly isDead = () => this.calls >= this.last;

  readonly wrap = (context: Context): Context => ({
    ...context,
    objects: this.port(context.objects),
    records: this.port(context.records),
    events: this.port(context.events),
    compute: this.port(context.compute),
  });

  private port<P extends object>(port: P): P {
    return new Proxy(port, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== 'function') return method;
        return (...args: unknown[]) => {
          this.calls += 1;
          if (this.isDead()) throw new Error('the process is no more');
          return method.apply(target, args);
        };
      },
    });
  }
}

/** How a new process goes on in the folder of a dead one. */
type Restart = (world: World) => Promise<unknown>;

const service: Restart = (world) => sweep(world.context, 0);
const command: Restart = async (world) => {
  world.discardMessages();
  await start(world.context, CHECKPOINT, undefined, quietProgress);
};

test.each([
  ['every second call: the service', service, 2],
  ['every third call: the same command', command, 3],
])(
  'a process that dies at %s, started again, ends with the same report',
  async (_, restart, step) => {
    const fresh = tempDir();
    makeProject(fresh, {
      shows: names('m', 2),
      members: names('m', 3),
      controls: names('c', 20),
      photos: 1,
      settings: { samples: 48, shards: 3 },
    });
    const undisturbed = new World({ folder: copyOf(fresh), window: 2 });
    await undisturbed.land();
    await undisturbed.run();
    const expected = await undisturbed.report();
    undisturbed.close();

    for (let last = 2; ; last += step) {
      const folder = copyOf(fresh);
      const mortal = new Mortal(last);
      const first = new World({ folder, window: 2, wrap: mortal.wrap });
      await first.land();
      await first.run(mortal.isDead);
      first.close();
      if (!mortal.isDead()) break;
      const second = new World({ folder, window: 2 });
      await restart(second);
      await second.run();
      expect(await second.report(), `died at call ${last}`).toEqual(expected);
      // Whoever waits for the end of an audit hears of it; the command looks for itself.
      const ended = [first, second].flatMap((world) => world.messages('finished'));
      if (restart === service) expect(ended.length, `died at call ${last}`).toBeGreaterThan(0);
      second.close();
    }
  },
  120_000,
);

function copyOf(folder: string): string {
  const copy = join(tempDir(), 'work');
  cpSync(folder, copy, { recursive: true });
  return copy;
}
