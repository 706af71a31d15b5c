import { webcrypto } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  endpointPublicKey,
  endpointSecret,
  ROTATION_MS,
  signedHeaders,
} from '../../../shared/service/webhooks/sign.ts';
import { SECRET, secretOf } from '../../support/service/webhook-service.ts';

const NOW = Date.UTC(2026, 3, 1, 12, 0, 0, 789);
const endpoint = { id: 'end_0123456789abcdef', secretVersion: 1, rotatedAt: null };
const message = { id: 'msg_x', at: NOW, payload: '{"type":"audit.finished","data":{"label":"ä 𝄞"}}' };

/** The verifier has the machine's clock only. */
function at(time: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: time });
  onTestFinished(() => void vi.useRealTimers());
}

beforeEach(() => at(NOW));

/** As docs/webhooks.md shows it: the specification's asymmetric scheme with nothing but WebCrypto. */
async function verifyAsymmetric(publicKey: string, headers: Record<string, string>, body: string): Promise<boolean> {
  const bytes = (base64: string) => Uint8Array.from(Buffer.from(base64, 'base64'));
  const raw = bytes(publicKey.slice('whpk_'.length));
  const key = await webcrypto.subtle.importKey('raw', raw, 'Ed25519', false, ['verify']);
  const content = Uint8Array.from(
    Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`, 'utf8'),
  );
  for (const one of (headers['webhook-signature'] ?? '').split(' ')) {
    const [version, signature = ''] = one.split(',');
    if (version === 'v1a' && (await webcrypto.subtle.verify('Ed25519', key, bytes(signature), content))) return true;
  }
  return false;
}

describe('the secret', () => {
  test('is 24 bytes, an endpoint’s own, and another one after a rotation', () => {
    const secret = endpointSecret(SECRET, endpoint);
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{32}$/);
    expect(endpointSecret(SECRET, endpoint)).toBe(secret);
    const others = [
      endpointSecret(SECRET, { ...endpoint, secretVersion: 2 }),
      endpointSecret(SECRET, { ...endpoint, id: 'end_0123456789abcdeg' }),
      endpointSecret(secretOf(8), endpoint),
    ];
    expect(new Set([secret, ...others]).size).toBe(4);
  });

  test('has a public key beside it that no rotation changes', () => {
    const key = endpointPublicKey(SECRET, endpoint);
    expect(key).toMatch(/^whpk_[A-Za-z0-9+/]{43}=$/);
    expect(endpointPublicKey(SECRET, { id: 'end_0123456789abcdeg' })).not.toBe(key);
  });
});

describe('a signature', () => {
  test('is taken by the reference implementation', () => {
    const webhook = new Webhook(endpointSecret(SECRET, endpoint));
    const headers = signedHeaders(SECRET, endpoint, message);
    expect(headers).toMatchObject({ 'webhook-id': 'msg_x', 'webhook-timestamp': String(Math.floor(NOW / 1000)) });
    expect(webhook.verify(message.payload, headers)).toEqual(JSON.parse(message.payload));
    expect(headers['webhook-signature']).toContain(webhook.sign('msg_x', new Date(NOW), message.payload));
  });

  test('is taken by WebCrypto', async () => {
    const headers = signedHeaders(SECRET, endpoint, message);
    const key = endpointPublicKey(SECRET, endpoint);
    expect(await verifyAsymmetric(key, headers, message.payload)).toBe(true);
    expect(await verifyAsymmetric(key, headers, `${message.payload} `)).toBe(false);
    expect(await verifyAsymmetric(key, { ...headers, 'webhook-id': 'msg_y' }, message.payload)).toBe(false);
    const other = endpointPublicKey(SECRET, { id: 'end_0123456789abcdeg' });
    expect(await verifyAsymmetric(other, headers, message.payload)).toBe(false);
  });

  test.each([
    ['another body', { body: `${message.payload} ` }],
    ['another id', { headers: { 'webhook-id': 'msg_y' } }],
    ['another time', { headers: { 'webhook-timestamp': String(Math.floor(NOW / 1000) + 1) } }],
    ['no signature', { headers: { 'webhook-signature': '' } }],
    ['half a signature', { headers: { 'webhook-signature': 'v1,' } }],
  ])('does not fit %s', (_what, { headers = {}, body = message.payload }: Tampering) => {
    const webhook = new Webhook(endpointSecret(SECRET, endpoint));
    const all = { ...signedHeaders(SECRET, endpoint, message), ...headers };
    expect(() => webhook.verify(body, all)).toThrow();
  });

  test.each([301_000, -301_000])('is refused with %i ms between the clocks', (difference) => {
    const webhook = new Webhook(endpointSecret(SECRET, endpoint));
    const headers = signedHeaders(SECRET, endpoint, message);
    at(NOW + difference);
    expect(() => webhook.verify(message.payload, headers)).toThrow(/timestamp/i);
  });
});

describe('after a rotation', () => {
  const rotated = { ...endpoint, secretVersion: 3, rotatedAt: NOW };
  const verifies = (secretVersion: number, time: number) => {
    at(time);
    const webhook = new Webhook(endpointSecret(SECRET, { ...endpoint, secretVersion }));
    const headers = signedHeaders(SECRET, rotated, { ...message, at: time });
    try {
      webhook.verify(message.payload, headers);
      return true;
    } catch {
      return false;
    }
  };

  test('the new secret signs, and the former one for a day, but none before', () => {
    for (const time of [NOW, NOW + ROTATION_MS - 1]) {
      expect([1, 2, 3, 4].map((version) => verifies(version, time))).toEqual([false, true, true, false]);
    }
    expect([1, 2, 3, 4].map((version) => verifies(version, NOW + ROTATION_MS))).toEqual([false, false, true, false]);
  });
});

interface Tampering {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}
