import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { hosted } from '../../support/service/hosted.ts';

const STRIP = pathToFileURL(join(import.meta.dirname, '../../../shared/service/http/strip-types.ts')).href;
const PAGES = [
  '/',
  '/audits',
  '/audits/new',
  '/audits/aud_1',
  '/keys',
  '/webhooks',
  '/webhooks/end_1',
  '/credits',
  '/account',
];

test('every address of a page has the page, under a policy that lets nothing in', async () => {
  const { api } = hosted();
  for (const path of PAGES) {
    const response = await api.request(path);
    expect(response.status, path).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const policy = response.headers.get('content-security-policy')?.split('; ') ?? [];
    expect(policy).toEqual([
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self' data:",
      "connect-src 'self'",
      "frame-src 'self'",
      "form-action 'self'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ]);
    expect(response.headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    expect(await response.text()).not.toMatch(/<script>|<style|\son\w+=|https?:\/\/|{{/);
  }
  expect((await api.request('/elsewhere')).status).toBe(404);
});

test('uploads may go to the bucket, where that is elsewhere', async () => {
  const { api } = hosted({}, { api: { uploadOrigin: 'https://storage.example.com' } });
  const policy = (await api.request('/')).headers.get('content-security-policy');
  expect(policy).toContain("connect-src 'self' https://storage.example.com;");
});

test('the page is asked for again each time, what it needs once', async () => {
  const { api } = hosted();
  const page = await api.request('/audits');
  expect(page.headers.get('cache-control')).toBe('no-cache');
  const html = await page.text();
  const again = await api.request('/', { headers: { 'if-none-match': String(page.headers.get('etag')) } });
  expect([again.status, await again.text()]).toEqual([304, '']);
  const assets = [...html.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, path = '']) => path);
  expect(assets.length).toBeGreaterThan(5);
  for (const path of assets) {
    const asset = await api.request(path);
    expect(asset.status, path).toBe(200);
    expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  }
  const [one = ''] = assets;
  for (const path of [
    one.replace(/\w+\.svg$/, 'types.ts'),
    one.replace(/\w+\.svg$/, '../index.html'),
    '/assets/x/main.ts',
  ]) {
    const { status, headers } = await api.request(path);
    expect([status, headers.get('content-type')], path).toEqual([404, 'application/problem+json']);
  }
});

test('every module of the dashboard is served as JavaScript without types, at the address that others import', async () => {
  const { api } = hosted();
  const html = await (await api.request('/')).text();
  const [, main = ''] = /src="([^"]+\/main\.ts)"/.exec(html) ?? [];
  const seen = new Map<string, string>();
  const visit = async (address: string): Promise<void> => {
    if (seen.has(address)) return;
    seen.set(address, '');
    const response = await api.request(address);
    expect([address, response.status]).toEqual([address, 200]);
    expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    const text = await response.text();
    seen.set(address, text);
    const imports = [...text.matchAll(/(?:from|import\() ?'([^']+)'/g)].map(([, path = '']) => path);
    for (const path of imports) await visit(new URL(path, `http://x${address}`).pathname);
  };
  await visit(main);
  const folder = join(import.meta.dirname, '../../../shared/service/dashboard/page');
  const modules = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
  expect([...seen.keys()].map((address) => address.split('/').slice(3).join('/')).sort()).toEqual(modules.sort());
  // Fails where a module is not JavaScript.
  const parse = `for (const text of JSON.parse(require('fs').readFileSync(0, 'utf8'))) new (require('vm').SourceTextModule)(text)`;
  const flags = ['--experimental-vm-modules', '--no-warnings'];
  execFileSync(process.execPath, [...flags, '-e', parse], { input: JSON.stringify([...seen.values()]) });
});

test('nothing is said of the types that are taken out of modules, and other warnings are heard', () => {
  const script = `
    import { withoutTypes } from ${JSON.stringify(STRIP)};
    process.stdout.write(withoutTypes('const one: number = 1;'));
    process.emitWarning('another');
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  expect(stdout.replace(/ +/g, ' ')).toBe('const one = 1;');
  expect(stderr).toMatch(/^\(node:\d+\) Warning: another\n\(Use [^\n]*\n$/);
});

test('it is compressed as the browser likes, with an ETag for each', async () => {
  const { api } = hosted();
  const plain = await api.request('/');
  const text = await plain.text();
  const decoded = async (accepted: string) => {
    const response = await api.request('/', { headers: { 'accept-encoding': accepted } });
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(response.headers.get('vary')).toBe('accept-encoding');
    const encoding = response.headers.get('content-encoding');
    const read = encoding === 'br' ? brotliDecompressSync : encoding === 'gzip' ? gunzipSync : (same: Buffer) => same;
    expect(read(bytes).toString()).toBe(text);
    return [encoding, response.headers.get('etag')];
  };
  const [br, gzip, neither] = [
    await decoded('gzip, deflate, br, zstd'),
    await decoded('gzip'),
    await decoded('br;q=0'),
  ];
  expect([br[0], gzip[0], neither[0]]).toEqual(['br', 'gzip', null]);
  expect(new Set([br[1], gzip[1], neither[1]]).size).toBe(3);
});

test('what the page is told of the service', async () => {
  const told = async (...settings: Parameters<typeof hosted>) => {
    const html = await (await hosted(...settings).api.request('/')).text();
    const [, content = ''] = /<meta name="rewound-service" content="([^"]*)">/.exec(html) ?? [];
    return JSON.parse(content.replaceAll('&quot;', '"').replaceAll('&amp;', '&'));
  };
  expect(await told()).toEqual({ signUp: true, packs: [] });
  const stripe = { apiKey: 'sk_test_secret', webhookSecret: 'whsec_secret' };
  const { signUp, packs } = await told({ signUp: 'closed', stripe });
  expect(signUp).toBe(false);
  expect(packs).toContainEqual({ pack: 'small', credits: 1000, cents: 1000 });
});

test('who is signed in is said, and that nobody is', async () => {
  const { api, account } = hosted();
  const { account: id, key } = await account(['audits:read']);
  expect((await api.request('/v1/session')).status).toBe(204);
  expect((await api.request('/v1/session', { headers: { cookie: 'rewound_session=x' } })).status).toBe(204);
  const signedIn = await api.request('/v1/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
    body: JSON.stringify({ key }),
  });
  const cookie = String(signedIn.headers.get('set-cookie')).split(';', 1)[0]!;
  const session = await (await api.request('/v1/session', { headers: { cookie } })).json();
  expect(session).toEqual({ account: id, key: expect.stringMatching(/^key_/), scopes: ['audits:read'] });
  expect(await signedIn.json()).toEqual(session);
});
