import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { CalibrateRequest } from '../../shared/engine/compute.ts';
import { type EngineOptions, EngineProcess } from '../../shared/engine/process.ts';
import { demoPhoto } from '../support/demo.ts';
import { fileOf } from '../support/files.ts';
import { slowGenerator, tinyGenerator } from '../support/tiny-generator.ts';

const MINUTE = 60_000;

function engine(options: Partial<EngineOptions> = {}): EngineProcess {
  const started = new EngineProcess({
    device: 'cpu',
    threads: 1,
    memoryBytes: 4 * 2 ** 30,
    silenceMs: MINUTE,
    ...options,
  });
  onTestFinished(() => started.close());
  return started;
}

const calibrate = (model: Uint8Array): CalibrateRequest => ({
  model: { path: fileOf(model), external: [] },
  card: {},
  recognizers: [{ kind: 'built-in' }],
  seed: 0,
  batch: 4,
});

const childOf = (running: EngineProcess): ChildProcess => Reflect.get(running, 'child');
const works = (running: EngineProcess) =>
  expect(running.tasks.inspect({ path: fileOf(tinyGenerator()), card: {} })).resolves.toMatchObject({
    spec: { latent: { size: 8 } },
  });
const fails = (code: string, transient: boolean) => expect.objectContaining({ code, transient });
function isAlive(pid: number | undefined): boolean {
  try {
    return process.kill(pid ?? 0, 0);
  } catch {
    return false;
  }
}
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('the engine', () => {
  it('starts a process when it is needed, and keeps it', async () => {
    const running = engine();
    expect(childOf(running)).toBeUndefined();
    await works(running);
    const { pid } = childOf(running);
    await works(running);
    expect(childOf(running).pid).toBe(pid);
  });

  it('runs tasks one after the other, and tells of their progress', async () => {
    const told: string[] = [];
    const running = engine({ onProgress: (task, done) => told.push(`${task} ${done}`) });
    const photos = [demoPhoto('m000', 0), demoPhoto('m001', 0)].map((path) => ({ path }));
    const enrolled = running.tasks.enrol({ photos, recognizer: { kind: 'built-in' }, resolution: null });
    await Promise.all([enrolled, works(running)]);
    expect(told).toEqual(['enrol 2']);
  });

  it('passes on what is wrong with the input, by its code', async () => {
    const running = engine();
    await expect(running.tasks.inspect({ path: fileOf('no model'), card: {} })).rejects.toMatchObject({
      code: expect.stringMatching(/^CHECKPOINT_/),
      help: expect.stringMatching(/\.$/),
      transient: false,
    });
    await works(running);
  });

  it('that is killed at work fails its task as ENGINE_CRASHED, which may be tried again, and the next call works', async () => {
    const running = engine();
    const working = running.tasks.calibrate(calibrate(slowGenerator()));
    setTimeout(() => childOf(running).kill('SIGKILL'), 1000);
    await expect(working).rejects.toEqual(fails('ENGINE_CRASHED', true));
    await works(running);
  });

  it('that is killed at rest is replaced', async () => {
    const running = engine();
    await works(running);
    const child = childOf(running);
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    await works(running);
    expect(childOf(running).pid).not.toBe(child.pid);
  });

  it('ends a model that gives no sign of progress as ENGINE_TIMEOUT, for good', async () => {
    const running = engine({ silenceMs: 6000 });
    await works(running);
    const { pid } = childOf(running);
    const working = running.tasks.calibrate(calibrate(slowGenerator()));
    await expect(working).rejects.toEqual(fails('ENGINE_TIMEOUT', false));
    expect(isAlive(pid)).toBe(false);
    await works(running);
  });

  it.runIf(existsSync('/proc/self/statm'))('ends a model that takes too much memory as ENGINE_MEMORY', async () => {
    const running = engine({ memoryBytes: 600 * 2 ** 20 });
    const working = running.tasks.calibrate(calibrate(slowGenerator({ megabytes: 1024 })));
    await expect(working).rejects.toEqual(fails('ENGINE_MEMORY', false));
    await works(running);
  });

  it('that is closed at work cancels it, and what is asked of it later: both may be tried again', async () => {
    const running = engine();
    const working = running.tasks.calibrate(calibrate(slowGenerator()));
    const waiting = running.tasks.inspect({ path: fileOf(tinyGenerator()), card: {} });
    setTimeout(() => running.close(), 1000);
    await expect(working).rejects.toEqual(fails('CANCELLED', true));
    await expect(waiting).rejects.toEqual(fails('CANCELLED', true));
    await expect(running.tasks.thumbnails([])).rejects.toEqual(fails('CANCELLED', true));
  });
});

describe('an engine and its owner', () => {
  const start = (...args: string[]) => {
    const owner = spawn(process.execPath, [join(import.meta.dirname, 'child.ts'), ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void owner.kill('SIGKILL'));
    return owner;
  };
  const gone = async (pid: number) => {
    for (let i = 0; i < 200; i++) {
      if (!isAlive(pid)) return true;
      await pause(25);
    }
    return false;
  };

  it('at rest both end when the owner has nothing left to do', async () => {
    const owner = start();
    const [line] = await once(owner.stdout, 'data');
    expect(await once(owner, 'exit')).toEqual([0, null]);
    expect(await gone(Number(line))).toBe(true);
  });

  it('at work the engine does not outlive an owner that is killed', async () => {
    const owner = start(fileOf(slowGenerator()));
    const [line] = await once(owner.stdout, 'data');
    onTestFinished(() => void (isAlive(Number(line)) && process.kill(Number(line), 'SIGKILL')));
    await pause(1500);
    owner.kill('SIGKILL');
    expect(await gone(Number(line))).toBe(true);
  });
});

describe.skipIf(existsSync('/dev/nvidia0') || existsSync('/dev/dri'))('a device that is not there', () => {
  it.each(['cuda', 'webgpu'] as const)('is DEVICE_UNAVAILABLE, whatever the task: %s', async (device) => {
    const running = engine({ device });
    const unavailable = expect.objectContaining({ code: 'DEVICE_UNAVAILABLE', help: expect.stringContaining('cpu') });
    await expect(running.tasks.calibrate(calibrate(tinyGenerator()))).rejects.toEqual(unavailable);
    await expect(
      running.tasks.enrol({ photos: [], recognizer: { kind: 'built-in' }, resolution: null }),
    ).rejects.toEqual(unavailable);
  });
});
