/** Derives every secret of the service from one. */
import { createPrivateKey, createPublicKey, hkdfSync, type KeyObject } from 'node:crypto';

/**
 * The one secret of a service, 32 random bytes. All others are derived from it (HKDF-SHA256, RFC 5869), each for one
 * purpose: nothing secret has to be stored, and none of them says anything of another.
 */
export type Secret = Uint8Array & { readonly length: 32 };

export const SECRET_BYTES = 32;

export function isSecret(bytes: Uint8Array): bytes is Secret {
  return bytes.length === SECRET_BYTES;
}

/** `length` bytes for this purpose: the same parts, the same bytes. */
export function derive(secret: Secret, purpose: readonly string[], length: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, 'rewound', JSON.stringify(purpose), length));
}

/** What comes before the 32 bytes of an ed25519 key in PKCS #8 (RFC 8410, section 7). */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** The public key's 32 bytes. */
  readonly publicBytes: Buffer;
}

/** The ed25519 key pair for this purpose. */
export function signingKey(secret: Secret, purpose: string): SigningKey {
  const seed = derive(secret, ['ed25519', purpose], 32);
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(privateKey);
  return { privateKey, publicKey, publicBytes: publicKey.export({ format: 'der', type: 'spki' }).subarray(-32) };
}
