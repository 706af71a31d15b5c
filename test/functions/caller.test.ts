import { createSign, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type PushAuthenticator, pushAuthenticator } from '../../functions/auth.ts';

const CALLER = { audience: 'https://probe.example', email: 'push@p.iam.gserviceaccount.com' };
const KID = 'k1';
const google = generateKeyPairSync('rsa', { modulusLength: 2048 });
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** Answers as Google does where it publishes its keys. */
const certificates = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ [KID]: google.publicKey.export({ type: 'spki', format: 'pem' }) }));
});
let gate: PushAuthenticator;

beforeAll(async () => {
  certificates.listen(0, '127.0.0.1');
  await once(certificates, 'listening');
  const address = certificates.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  gate = pushAuthenticator(CALLER, { oauth2FederatedSignonPemCertsUrl: `http://127.0.0.1:${address.port}/certs` });
});
afterAll(() => void certificates.close());

const now = () => Math.floor(Date.now() / 1000);
const GOOD = {
  iss: 'https://accounts.google.com',
  aud: CALLER.audience,
  email: CALLER.email,
  email_verified: true,
};

function token(claims: object = {}, { key = google.privateKey, kid = KID, alg = 'RS256' } = {}): string {
  const times = { iat: now() - 10, exp: now() + 3590 };
  const parts = [
    { alg, kid, typ: 'JWT' },
    { ...GOOD, ...times, ...claims },
  ];
  const signed = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${signed}.${createSign('RSA-SHA256').update(signed).sign(key, 'base64url')}`;
}

test('a push of the subscription is let in', async () => {
  expect(await gate(`Bearer ${token()}`)).toBe(200);
});

test.each([
  ['no header', undefined],
  ['no token', 'Bearer '],
  ['another scheme', 'Basic dXNlcjpwYXNz'],
  ['a token that is none', 'Bearer a.b.c'],
  ['a signature of somebody else', `Bearer ${token({}, { key: stranger.privateKey })}`],
  ['a key Google does not have', `Bearer ${token({}, { kid: 'k2' })}`],
  [
    'a changed payload',
    `Bearer ${token().replace(/\.[^.]+\./, `.${Buffer.from(JSON.stringify(GOOD)).toString('base64url')}.`)}`,
  ],
  ['no signature', `Bearer ${token({}, { alg: 'none' }).replace(/[^.]+$/, '')}`],
  ['a token that has ended', `Bearer ${token({ iat: now() - 7200, exp: now() - 3600 })}`],
  ['another issuer', `Bearer ${token({ iss: 'https://issuer.example' })}`],
  ['a token for another service', `Bearer ${token({ aud: 'https://merge.example' })}`],
])('%s: 401', async (_what, header) => {
  expect(await gate(header)).toBe(401);
});

test.each([
  ['another account', { email: 'other@p.iam.gserviceaccount.com' }],
  ['an e-mail that nobody verified', { email_verified: false }],
  ['no e-mail', { email: undefined }],
])('%s: 403', async (_what, claims) => {
  expect(await gate(`Bearer ${token(claims)}`)).toBe(403);
});

test('while the certificates cannot be had, pushes are to come again', async () => {
  const blind = pushAuthenticator(CALLER, { oauth2FederatedSignonPemCertsUrl: 'http://127.0.0.1:1/certs' });
  expect(await blind(`Bearer ${token()}`)).toBe(503);
});
