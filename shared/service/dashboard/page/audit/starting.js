/** @import { Upload } from '../upload/upload.js' */
/** @import { Problem } from '../api.js' */
import { problemOf, startAudit } from '../api.js';

/** What became of starts, by their audit: `null` while one is on its way. @type {Map<string, Problem | null>} */
const starts = new Map();

/** @param {Upload} upload Its audit starts as soon as everything is there, whatever page is shown then. */
export function startWhenUploaded(upload) {
  upload.addEventListener('change', () => {
    if (upload.state === 'done' && !starts.has(upload.audit)) void start(upload);
  });
}

/** @param {Upload} upload */
export async function start(upload) {
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

/** @param {string} audit Why it could not be started, null while it is being; undefined if nobody has tried. */
export const startOf = (audit) => starts.get(audit);
