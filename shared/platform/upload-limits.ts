/** Checks the limits of upload tickets. */
import { RewoundError } from '../errors.ts';
import type { UploadLimits } from './ports.ts';

/** The longest that Cloud Storage lets an address stand; the same everywhere, so that what works in a folder works in a bucket. */
const LONGEST_TICKET_MS = 7 * 24 * 3600 * 1000;

/** @throws USAGE for what no platform grants. */
export function checkLimits({ size, expiresAt }: UploadLimits, now: number): void {
  if (Number.isSafeInteger(size) && size >= 0 && expiresAt > now && expiresAt - now <= LONGEST_TICKET_MS) return;
  throw new RewoundError('USAGE', 'An upload cannot be granted like this.', {
    help: 'Say how many bytes will come, and let the ticket expire in the next seven days.',
  });
}
