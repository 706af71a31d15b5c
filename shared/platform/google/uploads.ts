/** Signs addresses for uploads into the bucket. */
import type { Bucket } from '@google-cloud/storage';
import { RewoundError } from '../../errors.ts';
import { isHidden, keySegments } from '../names.ts';
import type { Clock, UploadLimits, Uploads, UploadTicket } from '../ports.ts';
import { checkLimits } from '../upload-limits.ts';
import { addressOf } from './address.ts';
import { failureOf, googleError } from './errors.ts';

export interface GoogleUploadsOptions {
  readonly bucket: Bucket;
  readonly clock: Clock;
}

/**
 * Uploads straight into the bucket, by V4 signed addresses: https://cloud.google.com/storage/docs/access-control/signed-urls.
 * The headers are part of what is signed, so whoever holds the address cannot leave them out: the object must not be
 * there yet, and has the size that was granted, to the byte.
 *
 * A service account with a key signs by itself. One without, as on Cloud Run, lets the IAM API sign (signBlob), for which
 * it needs `roles/iam.serviceAccountTokenCreator` on itself. Whoever uses an address acts as that account, which must be
 * allowed to create objects there. A browser also needs the bucket's CORS rules to let these headers through.
 */
export function googleUploads({ bucket, clock }: GoogleUploadsOptions): Uploads {
  async function ticket(key: string, { size, expiresAt }: UploadLimits): Promise<UploadTicket> {
    const conditions = { 'x-goog-if-generation-match': '0', 'x-goog-content-length-range': `${size},${size}` };
    const contentType = 'application/octet-stream';
    const [url] = await bucket.file(key).getSignedUrl({
      version: 'v4',
      action: 'write',
      expires: expiresAt,
      contentType,
      extensionHeaders: conditions,
    });
    // Addresses count whole seconds.
    const whole = Math.floor(expiresAt / 1000) * 1000;
    return { url, headers: { 'content-type': contentType, ...conditions }, expiresAt: whole };
  }

  return {
    async ticket(key, limits) {
      checkLimits(limits, clock.now());
      if (keySegments(key).some(isHidden)) {
        throw new RewoundError('USAGE', 'An object of this name would be hidden.', {
          help: 'Use names that neither begin with a dot nor end in .part, .partial, .tmp or .crdownload.',
        });
      }
      try {
        return await ticket(key, limits);
      } catch (error) {
        throw signingError(error, addressOf(bucket.name, key));
      }
    },
  };
}

/** The client tells what went wrong when signing in words alone, which can name the account: not those. */
function signingError(error: unknown, where: string): RewoundError {
  const isSigning = error instanceof Error && error.name === 'SigningError' && failureOf(error) === 'unknown';
  if (!isSigning) return googleError(error, where);
  return new RewoundError('PLATFORM_FORBIDDEN', `No address could be signed for an upload to ${where}.`, {
    help: 'Run this as a service account that has roles/iam.serviceAccountTokenCreator on itself.',
    // A grant takes minutes to be known everywhere; and the API may have been away.
    transient: true,
  });
}
