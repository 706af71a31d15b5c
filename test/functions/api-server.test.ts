import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { type ApiServerOptions, apiServer, openApi } from '../../functions/api.ts';
import type { Answered } from '../../shared/service/http/app.ts';
import { problemSchema } from '../../shared/service/http/problem.ts';
import { hosted } from '../support/service/hosted.ts';

/** The API on a port of its own, and what it told of its answers. */
async function served(options: ApiServerOptions = {}) {
  const told: Answered[] = [];
  const answer = openApi(hosted().context, { onAnswer: (answer) => told.push(answer) });
  const server = apiServer(answer, options);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { told, port, origin: `http://127.0.0.1:${port}`, server };
}

async function opened(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

test('a body that does not arrive ends its connection, and an upload, however slow, does not', async () => {
  const uploading = Promise.withResolvers<void>();
  const { port, told } = await served({
    bodyMs: 20,
    receiveUpload: async (request, response) => {
      uploading.resolve();
      response.end(await text(request));
    },
  });
  const upload = await opened(port);
  upload.write('PUT /uploads/x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\na');
  await uploading.promise;
  const slow = await opened(port);
  slow.write('POST /v1/accounts HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{');
  expect(await text(slow)).toBe('');
  expect(told).toEqual([]);
  upload.write('b');
  const answer = await text(upload);
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(answer).toContain('ab');
});

test('headers have to arrive too', async () => {
  const { server } = await served();
  expect(server.headersTimeout).toBeGreaterThan(0);
  expect(server.headersTimeout).toBeLessThanOrEqual(30_000);
});

test.each([
  ['said to be too large', 'x'.repeat(2 ** 20 + 1)],
  ['that turns out to be too large', new Blob(['x'.repeat(2 ** 21)]).stream()],
])('a body %s is a problem like all others', async (_what, body) => {
  const { origin, told } = await served();
  const headers = { 'content-type': 'application/json', 'x-request-id': 'not one <b>' };
  const init = { method: 'POST', body, duplex: 'half', headers };
  const response = await fetch(`${origin}/v1/accounts`, init);
  expect(response.status).toBe(413);
  expect(response.headers.get('connection')).toBe('close');
  const health = await fetch(`${origin}/v1/health`);
  for (const name of [...health.headers.keys()].filter((one) => /policy|^x-content|security/.test(one))) {
    expect(response.headers.get(name), name).toBe(health.headers.get(name));
  }
  const id = response.headers.get('x-request-id');
  expect(id).toMatch(/^[0-9a-f-]{36}$/);
  expect(problemSchema.parse(await response.json())).toMatchObject({ code: 'TOO_LARGE', requestId: id });
  expect(told[0]).toMatchObject({ request: id, method: 'POST', status: 413, code: 'TOO_LARGE' });
});

test('what is not too large is answered', async () => {
  const { origin } = await served();
  const response = await fetch(`${origin}/v1/accounts`, {
    method: 'POST',
    body: JSON.stringify({ name: 'Acme' }),
    headers: { 'content-type': 'application/json' },
  });
  expect(response.status).toBe(201);
});
