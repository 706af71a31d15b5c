/**
 * A process that owns an engine, for tests of what becomes of one without the other: `node child.ts MODEL` lets the
 * engine run that model, without MODEL the engine has been used and is at rest. Says the engine's process id.
 */
import type { ChildProcess } from 'node:child_process';
import { EngineProcess } from '../../shared/engine/process.ts';

const [path] = process.argv.slice(2);
const engine = new EngineProcess({ device: 'cpu', threads: 1, memoryBytes: 2 ** 40, silenceMs: 600_000 });
await engine.tasks.thumbnails([]);
if (path !== undefined) {
  void engine.tasks.calibrate({
    model: { path, external: [] },
    card: {},
    recognizers: [{ kind: 'built-in' }],
    seed: 0,
    batch: 1,
  });
}
const { pid }: ChildProcess = Reflect.get(engine, 'child');
process.stdout.write(`${pid}\n`);
