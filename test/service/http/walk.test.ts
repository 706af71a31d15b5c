import { expect, test } from 'vitest';
import { hosted } from '../../support/service/hosted.ts';

test('an account, an audit, its status and its end', async () => {
  const { ask } = hosted();
  const made = await ask(undefined, 'POST', '/v1/accounts', { name: 'Acme' });
  expect(made.status).toBe(201);
  const key = made.body.text;
  const created = await ask(key, 'POST', '/v1/audits', { attestation: 'owner', photos: 10 });
  expect(created.status).toBe(201);
  const path = `/v1/audits/${created.body.id}`;
  const up = await ask(key, 'POST', `${path}/uploads`, { files: [{ path: 'checkpoints/g.onnx', size: 3 }] });
  expect(up.status).toBe(200);
  expect(up.body.uploads[0].url).toMatch(/uploads/);
  expect((await ask(key, 'POST', `${path}/start`)).body.code).toBe('CONFLICT');
  expect((await ask(key, 'GET', '/v1/audits')).body.items).toHaveLength(1);
  const deleted = await ask(key, 'DELETE', path);
  expect(deleted.status).toBe(200);
  expect(JSON.parse(deleted.body.receipt).records.length).toBeGreaterThan(0);
  expect((await ask(key, 'GET', path)).status).toBe(404);
  expect((await ask(key, 'POST', '/v1/audits', '{')).body).toMatchObject({ code: 'REQUEST_INVALID', status: 400 });
  expect((await ask(key, 'POST', '/v1/audits', { attestation: 'me', x: 1 })).body.errors).toHaveLength(3);
  expect((await ask('rwk_x', 'GET', '/v1/audits')).status).toBe(401);
  expect((await ask(key, 'GET', '/v1/openapi.json')).body.openapi).toBe('3.1.0');
});
