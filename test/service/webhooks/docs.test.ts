import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { EVENT_TYPES, eventData, payloadOf } from '../../../shared/service/webhooks/event-types.ts';
import { endpointPublicKey, signedHeaders } from '../../../shared/service/webhooks/sign.ts';
import { SECRET } from '../../support/service/webhook-service.ts';
import { tempDir } from '../../support/temp.ts';

const page = readFileSync(new URL('../../../docs/webhooks.md', import.meta.url), 'utf8');
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'))].map((m) => m[1]!);

test('the example is a payload', () => {
  const [example = ''] = blocks('json');
  const { timestamp, data } = z.object({ timestamp: z.string(), data: z.unknown() }).parse(JSON.parse(example));
  const event = {
    type: 'audit.finished',
    at: Date.parse(timestamp),
    data: eventData['audit.finished'].parse(data),
  } as const;
  expect(payloadOf(event)).toBe(JSON.stringify(JSON.parse(example)));
});

test('every field of every event is named', () => {
  for (const type of EVENT_TYPES) {
    const [row = ''] = page.split('\n').filter((line) => line.startsWith(`| \`${type}\``));
    const named = [...(row.split('|')[3] ?? '').matchAll(/`(\w+)`/g)].map((match) => match[1]);
    expect(named).toEqual(Object.keys(eventData[type].shape));
  }
});

test('the verification with a public key does what it says', async () => {
  const file = join(tempDir(), 'verify.ts');
  writeFileSync(file, blocks('ts')[1] ?? '');
  const { verifyEd25519 }: { verifyEd25519: (key: string, headers: Headers, body: string) => Promise<boolean> } =
    await import(/* @vite-ignore */ pathToFileURL(file).href);
  const at = Date.now();
  const endpoint = { id: 'end_0123456789abcdef', secretVersion: 1, rotatedAt: null };
  const key = endpointPublicKey(SECRET, endpoint);
  const payload = '{"label":"ä"}';
  const headers = new Headers(signedHeaders(SECRET, endpoint, { id: 'msg_x', at, payload }));
  expect(await verifyEd25519(key, headers, payload)).toBe(true);
  expect(await verifyEd25519(key, headers, `${payload} `)).toBe(false);
  expect(await verifyEd25519(key, new Headers(), payload)).toBe(false);
  expect(await verifyEd25519(endpointPublicKey(SECRET, { id: 'end_other' }), headers, payload)).toBe(false);
  vi.useFakeTimers({ toFake: ['Date'], now: at + 301_000 });
  onTestFinished(() => void vi.useRealTimers());
  expect(await verifyEd25519(key, headers, payload)).toBe(false);
});
