import { createPublicKey, verify } from 'node:crypto';

/** What comes before the 32 bytes of an ed25519 public key in SPKI (RFC 8410, section 4). */
const SPKI_ED25519 = Buffer.from('302a300506032b6570032100', 'hex');

/** Whether a receipt was signed with this key; both in base64, as the API gives them. */
export function verifyReceipt(text: string, signature: string, publicKey: string): boolean {
  const der = Buffer.concat([SPKI_ED25519, Buffer.from(publicKey, 'base64')]);
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
  return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64'));
}
