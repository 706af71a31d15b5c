/** How much memory there is for the engine's process, and how much it uses. */
import { readFile } from 'node:fs/promises';
import { totalmem } from 'node:os';

/** The engine's share of the memory; the rest is for its owner and the files the system keeps at hand. */
const SHARE = 0.8;

/** Bytes the engine may use: of the machine, or of the container, whose limit is lower. */
export function engineMemory(): number {
  return SHARE * Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
}

/** Resident bytes of a process; undefined where the system does not say, or it has ended. */
export async function residentBytes(pid: number | undefined): Promise<number | undefined> {
  try {
    return residentOf(await readFile(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * VmRSS of /proc/PID/status, which is in kB whatever the size of a page is: proc_pid_status(5).
 * @internal
 */
export function residentOf(status: string): number | undefined {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}
