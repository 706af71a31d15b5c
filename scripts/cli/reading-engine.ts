/** Starts the engine for commands that only read files. */
import { EngineProcess } from '../../shared/engine/process.ts';

const MEMORY_BYTES = 8 * 2 ** 30;
const SILENCE_MS = 60_000;

/** Reading is the engine's work too: a hostile file ends that process, not this one. */
export function readingEngine(): EngineProcess {
  return new EngineProcess({ device: 'cpu', threads: 1, memoryBytes: MEMORY_BYTES, silenceMs: SILENCE_MS });
}
