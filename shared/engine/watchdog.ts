/**
 * A thread of the engine's process that ends it when its owner is gone. The process itself learns of that only between
 * two runs of a model: a run blocks its event loop, and a model that hangs would do so for ever.
 */
import { workerData } from 'node:worker_threads';

const CHECK_MS = 500;

setInterval(() => {
  // An orphan is given to another process.
  if (process.ppid !== workerData) process.kill(process.pid, 'SIGKILL');
}, CHECK_MS);
