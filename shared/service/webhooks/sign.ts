/** Signs messages to endpoints. */
import { createHmac, sign as signEd25519 } from 'node:crypto';
import { derive, type Secret, type SigningKey, signingKey } from '../core/secret.ts';
import type { Endpoint } from './endpoints.ts';

/*
 * Signatures of Standard Webhooks, https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 * All keys are an endpoint's own ("reusing keys across customers can lead to security issues"): what was signed for one
 * endpoint is worth nothing at another, though the receivers know the same sender.
 */

/** "At least 24 bytes". */
const SECRET_LENGTH = 24;
/**
 * How long the former secret signs after it was replaced.
 * @internal
 */
export const ROTATION_MS = 24 * 3600 * 1000;

/** The endpoint's secret as its owner sees it. */
export function endpointSecret(secret: Secret, { id, secretVersion }: Pick<Endpoint, 'id' | 'secretVersion'>): string {
  return `whsec_${secretBytes(secret, id, secretVersion).toString('base64')}`;
}

/** The public key that the endpoint's messages can be verified with in place of the secret. It never changes. */
export function endpointPublicKey(secret: Secret, { id }: Pick<Endpoint, 'id'>): string {
  return `whpk_${endpointKey(secret, id).publicBytes.toString('base64')}`;
}

export interface Message {
  readonly id: string;
  /** When this attempt is made, in milliseconds since the epoch. */
  readonly at: number;
  readonly payload: string;
}

type Keys = Pick<Endpoint, 'id' | 'secretVersion' | 'rotatedAt'>;

/** The headers that prove to an endpoint who sent a message, and when. */
export function signedHeaders(secret: Secret, endpoint: Keys, { id, at, payload }: Message): Record<string, string> {
  const timestamp = String(Math.floor(at / 1000));
  const content = Buffer.from(`${id}.${timestamp}.${payload}`);
  const symmetric = signingVersions(endpoint, at).map((version) => {
    const hmac = createHmac('sha256', secretBytes(secret, endpoint.id, version)).update(content);
    return `v1,${hmac.digest('base64')}`;
  });
  const asymmetric = `v1a,${signEd25519(null, content, endpointKey(secret, endpoint.id).privateKey).toString('base64')}`;
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': [...symmetric, asymmetric].join(' '),
  };
}

function signingVersions({ secretVersion, rotatedAt }: Keys, at: number): number[] {
  const formerSigns = rotatedAt !== null && at < rotatedAt + ROTATION_MS;
  return formerSigns ? [secretVersion, secretVersion - 1] : [secretVersion];
}

function secretBytes(secret: Secret, endpoint: string, version: number): Buffer {
  return derive(secret, ['webhook', endpoint, String(version)], SECRET_LENGTH);
}

function endpointKey(secret: Secret, endpoint: string): SigningKey {
  return signingKey(secret, `webhooks ${endpoint}`);
}
