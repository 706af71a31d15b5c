import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { verifyReceipt } from '../support/service/receipt.ts';
import { tempDir } from '../support/temp.ts';
import { type Running, rewound, start } from './command.ts';

/** A folder, and a service in it on a free port. */
const folderOf = () => join(tempDir(), 'bucket');
const serve = (folder: string) => start('serve', folder, '--port', '0');
const secretFile = (folder: string) => join(folder, '.rewound-state/service-secret');

/** What a running service printed. */
async function announced(service: Running) {
  await service.says(/Watching/);
  const [, origin = '', code = ''] =
    /^Sign in: (http:\/\/127\.0\.0\.1:\d+)\/#code=(rwc_[0-9a-z]{32})$/m.exec(service.said()) ?? [];
  const [, account = ''] = /"rewound account sign-in (acc_[0-9a-z]{16}) --folder/.exec(service.said()) ?? [];
  return { origin, code, account };
}

/** Exchanges a code as the page does; returns the session's cookie, or undefined. */
async function exchange(origin: string, code: string): Promise<string | undefined> {
  const response = await fetch(`${origin}/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin },
    body: JSON.stringify({ code }),
  });
  return response.ok ? response.headers.get('set-cookie')?.split(';')[0] : undefined;
}

async function ask(origin: string, method: string, path: string, headers: Record<string, string>, body?: object) {
  const response = await fetch(origin + path, {
    method,
    headers: { origin, ...headers, ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return { status: response.status, body: await response.json() };
}

async function stop(service: Running): Promise<void> {
  service.signal('SIGTERM');
  expect(await service.ended).toMatchObject({ code: 0 });
}

afterEach(() => void vi.unstubAllEnvs());

describe('the account of the machine that serves', () => {
  it('is signed in to by a link that works once, and a restart leaves it and its sessions', async () => {
    const folder = folderOf();
    const first = serve(folder);
    const before = await announced(first);
    expect(first.said()).not.toContain('rwk_');
    expect((await fetch(`${before.origin}/v1/account`)).status).toBe(401);
    const cookie = (await exchange(before.origin, before.code)) ?? '';
    expect(cookie).toMatch(/^rewound_session=/);
    expect(await exchange(before.origin, before.code)).toBeUndefined();
    const { body } = await ask(before.origin, 'GET', '/v1/account', { cookie });
    expect(body).toMatchObject({ id: before.account, name: 'this machine', free: true });
    expect(statSync(secretFile(folder)).mode & 0o777).toBe(0o600);
    const busy = await start('serve', join(folder, 'another'), '--port', new URL(before.origin).port).ended;
    expect(busy).toMatchObject({ code: 2, stdout: '' });
    expect(busy.stderr).toContain('[USAGE]');
    first.kill();
    await first.ended;
    const second = serve(folder);
    const after = await announced(second);
    expect(after.account).toBe(before.account);
    expect(after.code).not.toBe(before.code);
    expect((await ask(after.origin, 'GET', '/v1/account', { cookie })).status).toBe(200);
    // Another code is had beside the service.
    const more = await rewound('account', 'sign-in', after.account, '--folder', folder);
    expect(await exchange(after.origin, more.stdout.trim())).toMatch(/^rewound_session=/);
    await stop(second);
  });

  it('begins where an earlier version was killed before it had written its secret', async () => {
    const folder = folderOf();
    mkdirSync(join(folder, '.rewound-state'), { recursive: true });
    writeFileSync(secretFile(folder), '', { mode: 0o600 });
    const service = serve(folder);
    const { origin, code } = await announced(service);
    expect(await exchange(origin, code)).toBeDefined();
    expect(Buffer.from(readFileSync(secretFile(folder), 'utf8'), 'base64')).toHaveLength(32);
    await stop(service);
  });

  it('does not begin with another secret in silence, and does what is said to help', async () => {
    const folder = folderOf();
    const first = serve(folder);
    const { account } = await announced(first);
    await stop(first);
    const kept = readFileSync(secretFile(folder), 'utf8');
    for (const damaged of ['', 'no secret', kept.slice(0, 20)]) {
      writeFileSync(secretFile(folder), damaged);
      const { code, stderr } = await serve(folder).ended;
      expect(code).toBe(2);
      expect(stderr).toMatch(/service-secret, (is damaged|is gone, or empty)\. \[USAGE\]/);
      expect(stderr).toContain(`rewound account rotate-secret --folder ${folder}`);
    }
    expect(await rewound('account', 'rotate-secret', '--folder', folder, '--yes')).toMatchObject({ code: 0 });
    const second = serve(folder);
    expect((await announced(second)).account).toBe(account);
    await stop(second);
  });

  it('survives a rotation of the secret, which ends what the former one opened', async () => {
    const folder = folderOf();
    vi.stubEnv('REWOUND_WEBHOOK_ALLOW', '127.0.0.1/32');
    const first = serve(folder);
    const { origin, code, account } = await announced(first);
    const cookie = (await exchange(origin, code)) ?? '';
    const made = await ask(
      origin,
      'POST',
      '/v1/keys',
      { cookie },
      { name: 'mine', scopes: ['audits:write', 'webhooks'] },
    );
    const own = { authorization: `Bearer ${made.body.text}` };
    const customer = {
      authorization: `Bearer ${(await rewound('account', 'create', 'Ada', '--folder', folder)).stdout.trim()}`,
    };
    const hook = { url: 'http://127.0.0.1:9/', events: ['audit.finished'] };
    const { body: before } = await ask(origin, 'POST', '/v1/webhooks', customer, hook);
    const { body: audit } = await ask(origin, 'POST', '/v1/audits', customer, { attestation: 'owner', photos: 22 });
    const { body: receipt } = await ask(origin, 'DELETE', `/v1/audits/${audit.id}`, customer);
    // While the service runs, it would go on with the former secret.
    const early = await rewound('account', 'rotate-secret', '--folder', folder, '--yes');
    expect(early.stderr).toContain('[STORAGE_LOCKED]');
    await stop(first);
    const kept = readFileSync(secretFile(folder), 'utf8');
    const asked = await rewound('account', 'rotate-secret', '--folder', folder);
    expect(asked).toMatchObject({ code: 2, stdout: '' });
    expect(asked.stderr).toMatch(/acc_\w{16}: one webhook/);
    expect(asked.stderr).not.toContain(kept);
    expect(readFileSync(secretFile(folder), 'utf8')).toBe(kept);
    for (let time = 0; time < 2; time++) {
      expect(await rewound('account', 'rotate-secret', '--folder', folder, '--yes')).toMatchObject({
        code: 0,
        stdout: '',
      });
    }
    expect(readFileSync(secretFile(folder), 'utf8')).not.toBe(kept);
    expect(statSync(secretFile(folder)).mode & 0o777).toBe(0o600);
    const second = serve(folder);
    const after = await announced(second);
    expect(after.account).toBe(account);
    // Sessions and keys of the machine have ended; the customer's key opens the same account.
    expect((await ask(after.origin, 'GET', '/v1/account', { cookie })).status).toBe(401);
    expect((await ask(after.origin, 'GET', '/v1/account', own)).status).toBe(401);
    expect((await ask(after.origin, 'GET', '/v1/account', customer)).body).toMatchObject({ name: 'Ada' });
    // The webhook is there, with another secret and another public key.
    const { body: now } = await ask(after.origin, 'GET', `/v1/webhooks/${before.endpoint.id}`, customer);
    expect(now.endpoint.url).toBe(before.endpoint.url);
    expect(now.secret).toMatch(/^whsec_/);
    expect(now.secret).not.toBe(before.secret);
    expect(now.endpoint.publicKey).not.toBe(before.endpoint.publicKey);
    // A receipt from before verifies with a key that is still published.
    const { body: keys } = await ask(after.origin, 'GET', '/v1/receipt-key', {});
    expect(keys.publicKey).not.toBe(receipt.publicKey);
    const former = keys.former.find((key: { publicKey: string }) => key.publicKey === receipt.publicKey);
    expect(verifyReceipt(receipt.receipt, receipt.signature, former.publicKey)).toBe(true);
    expect(verifyReceipt(receipt.receipt, receipt.signature, keys.publicKey)).toBe(false);
    expect(await exchange(after.origin, after.code)).toBeDefined();
    await stop(second);
  });

  it('notices another secret in its environment, and does the same', async () => {
    const folder = folderOf();
    const first = serve(folder);
    const { origin, code, account } = await announced(first);
    const cookie = (await exchange(origin, code)) ?? '';
    await stop(first);
    vi.stubEnv('REWOUND_SECRET', Buffer.alloc(32, 9).toString('base64'));
    const refused = await rewound('account', 'rotate-secret', '--folder', folder, '--yes');
    expect(refused.stderr).toContain('REWOUND_SECRET');
    const second = serve(folder);
    const after = await announced(second);
    expect(after.account).toBe(account);
    expect(second.said()).toContain('The secret of the service is another than before.');
    expect((await ask(after.origin, 'GET', '/v1/account', { cookie })).status).toBe(401);
    await stop(second);
  });
});
