/** Loaded first in the engine's process: whatever the runtime or a driver may write, only its owner can read. */
process.umask(0o077);
