/** The engine's process: runs one task after another for the process that started it. */
import './private.ts';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { asRewoundError } from '../errors.ts';
import { DEVICES } from '../onnx/runtime.ts';
import { beside } from './beside.ts';
import type { Compute } from './compute.ts';
import { type Call, OPTIONS_VARIABLE, type Reply, toPlain } from './protocol.ts';
import { localTasks } from './tasks.ts';

const optionsSchema = z.strictObject({ device: z.enum(DEVICES), threads: z.int().min(1) });

let current = 0;
const send = (reply: Reply) => process.send?.(reply);
const tasks: Compute = localTasks(
  optionsSchema.parse(JSON.parse(process.env[OPTIONS_VARIABLE] ?? 'null')),
  (done) => void send({ id: current, kind: 'progress', done }),
);

// One task at a time: the owner waits for a reply before the next call.
process.on('message', async ({ id, task, request }: Call) => {
  current = id;
  try {
    const run = tasks[task] as (request: unknown) => Promise<unknown>;
    send({ id, kind: 'value', value: await run(request) });
  } catch (error) {
    send({ id, kind: 'error', error: toPlain(asRewoundError(error)) });
  }
});
// The owner is gone: nobody waits for an answer.
process.on('disconnect', () => process.exit(0));
new Worker(beside('watchdog'), { workerData: process.ppid }).unref();
// Ctrl-C reaches the whole process group; the owner decides when this process ends.
process.on('SIGINT', () => undefined);
