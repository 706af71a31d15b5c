/** Runs the engine in a child process with limits. */
import { type ChildProcess, fork } from 'node:child_process';
import { RewoundError } from '../errors.ts';
import type { RuntimeOptions } from '../onnx/runtime.ts';
import { beside } from './beside.ts';
import type { Compute } from './compute.ts';
import { launchOf } from './isolation.ts';
import { residentBytes } from './memory.ts';
import { Pace } from './pace.ts';
import {
  computeOf,
  encodeOptions,
  fromPlain,
  OPTIONS_VARIABLE,
  type Reply,
  type Task,
  type TaskRequest,
} from './protocol.ts';

export interface EngineOptions extends RuntimeOptions {
  /** Resident bytes beyond which the process is ended. */
  readonly memoryBytes: number;
  /** Milliseconds without a sign of progress after which it is ended; less once a task's pace is known. */
  readonly silenceMs: number;
  /** Told how many items of the task at hand are done. */
  readonly onProgress?: (task: Task, done: number) => void;
}

interface Pending {
  readonly task: Task;
  readonly pace: Pace;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

const MEMORY_CHECK_MS = 250;

/**
 * The engine in a child process with limits, because a run of the native runtime can neither be interrupted nor
 * trusted: whatever a model does, it ends its own task and nothing else. The process is started when it is needed,
 * kept, and replaced after it died. Tasks wait for each other.
 */
export class EngineProcess {
  readonly tasks: Compute;
  private readonly options: EngineOptions;
  private child: ChildProcess | undefined;
  private pending: Pending | undefined;
  private verdict: RewoundError | undefined;
  private queue: Promise<unknown> = Promise.resolve();
  private silence: NodeJS.Timeout | undefined;
  private lastSign = 0;
  private calls = 0;
  private closed = false;

  constructor(options: EngineOptions) {
    this.options = options;
    this.tasks = computeOf((task, request) => this.call(task, request));
  }

  /** Ends the process at once; a task at hand fails with CANCELLED. */
  close(): void {
    this.closed = true;
    this.end(
      new RewoundError('CANCELLED', 'The audit was stopped.', {
        help: 'The same command resumes it.',
        transient: true,
      }),
    );
  }

  private call(task: Task, request: TaskRequest): Promise<unknown> {
    const run = () =>
      new Promise((resolve, reject) => {
        if (this.closed)
          throw new RewoundError('CANCELLED', 'The engine is closed.', {
            help: 'Start the command again.',
            transient: true,
          });
        this.pending = { task, pace: new Pace(this.options.silenceMs, batchMs(request)), resolve, reject };
        this.verdict = undefined;
        this.calls += 1;
        this.start().send({ id: this.calls, task, request });
        this.beat();
      });
    const result = this.queue.then(run);
    this.queue = result.catch(() => undefined);
    return result;
  }

  private start(): ChildProcess {
    if (this.child) return this.child;
    const { device, threads } = this.options;
    const { execPath, execArgv, env, cwd, cleanUp } = launchOf(device);
    const child = fork(beside('child'), {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      execPath,
      execArgv: [...execArgv],
      env: { ...env, [OPTIONS_VARIABLE]: encodeOptions({ device, threads }) },
      cwd,
      // A process group of its own: what it might start ends with it, and Ctrl-C does not reach it.
      detached: process.platform !== 'win32',
    });
    child.once('exit', cleanUp);
    this.child = child;
    child.on('message', (reply: Reply) => {
      if (this.child === child) this.receive(reply);
    });
    child.on('error', () => {
      // Not even started, so that it cannot exit either.
      if (child.pid === undefined && this.child === child) this.died(null, null);
    });
    child.on('exit', (code, signal) => {
      if (this.child === child) this.died(code, signal);
    });
    // The process must not keep its owner alive when there is nothing to do.
    child.unref();
    child.channel?.unref();
    void this.watchMemory(child);
    return child;
  }

  private receive(reply: Reply): void {
    if (reply.id !== this.calls || !this.pending) return;
    if (reply.kind === 'progress') this.pending.pace.progressed(reply.done, performance.now() - this.lastSign);
    this.beat();
    if (reply.kind === 'progress') {
      this.options.onProgress?.(this.pending.task, reply.done);
      return;
    }
    const { resolve, reject } = this.pending;
    this.pending = undefined;
    this.rest();
    if (reply.kind === 'value') resolve(reply.value);
    else reject(fromPlain(reply.error));
  }

  /** Restarts the watch for silence. */
  private beat(): void {
    clearTimeout(this.silence);
    this.child?.ref();
    this.child?.channel?.ref();
    this.lastSign = performance.now();
    const silenceMs = this.pending?.pace.limitMs() ?? this.options.silenceMs;
    this.silence = setTimeout(() => {
      this.end(
        new RewoundError(
          'ENGINE_TIMEOUT',
          `The model gave no sign of progress for ${Math.round(silenceMs / 1000)} s.`,
          {
            help: 'It may hang. If it is only slow, use a smaller --batch.',
          },
        ),
      );
    }, silenceMs);
  }

  private rest(): void {
    clearTimeout(this.silence);
    this.child?.unref();
    this.child?.channel?.unref();
  }

  private end(verdict: RewoundError): void {
    this.verdict ??= verdict;
    if (this.child) killGroup(this.child);
  }

  private died(code: number | null, signal: NodeJS.Signals | null): void {
    this.rest();
    this.child = undefined;
    const pending = this.pending;
    this.pending = undefined;
    const how = signal ? `signal ${signal}` : `exit code ${code}`;
    pending?.reject(
      this.verdict ??
        new RewoundError('ENGINE_CRASHED', `The native runtime ended (${how}) while it worked on the model.`, {
          help: 'The model may make the runtime crash; try it with any ONNX runtime, and a smaller --batch.',
          transient: true,
        }),
    );
  }

  /** Ends the process when it uses too much memory. Where the system does not tell, there is no limit. */
  private async watchMemory(child: ChildProcess): Promise<void> {
    const { memoryBytes } = this.options;
    while (this.child === child) {
      const resident = await residentBytes(child.pid);
      if (resident !== undefined && resident > memoryBytes) {
        this.end(
          new RewoundError(
            'ENGINE_MEMORY',
            `The model used more than ${Math.round(memoryBytes / 2 ** 20)} MiB of memory.`,
            {
              help: 'Use a smaller --batch, or a machine with more memory.',
            },
          ),
        );
      }
      await new Promise((resolve) => setTimeout(resolve, MEMORY_CHECK_MS).unref());
    }
  }
}

/** What calibration says a batch of the task takes; undefined where it says nothing. */
function batchMs(request: TaskRequest): number | undefined {
  return typeof request === 'object' && 'sampleMs' in request ? request.sampleMs * request.batch : undefined;
}

/** Ends a process and what it has started. */
function killGroup(child: ChildProcess): void {
  child.kill('SIGKILL');
  try {
    if (child.pid !== undefined && process.platform !== 'win32') process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group has ended with its process.
  }
}
