/** Starts audits whose files are uploaded. */
import { type Problem, problemOf, startAudit } from '../api.ts';
import type { Upload } from '../upload/upload.ts';

/** What became of starts, by their audit: `null` while one is on its way. */
const starts: Map<string, Problem | null> = new Map();

/** Its audit starts as soon as everything is there, whatever page is shown then. */
export function startWhenUploaded(upload: Upload) {
  upload.addEventListener('change', () => {
    if (upload.state === 'done' && !starts.has(upload.audit)) void start(upload);
  });
}

export async function start(upload: Upload) {
  const { audit } = upload;
  starts.set(audit, null);
  upload.dispatchEvent(new Event('change'));
  try {
    await startAudit(audit);
  } catch (thrown) {
    starts.set(audit, problemOf(thrown));
  }
  upload.dispatchEvent(new Event('change'));
}

/** Why it could not be started, null while it is being; undefined if nobody has tried. */
export const startOf = (audit: string) => starts.get(audit);
