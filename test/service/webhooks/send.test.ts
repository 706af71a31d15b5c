import { execFile } from 'node:child_process';
import { createServer, type Server, type Socket } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { checkEndpoint, type Guard } from '../../../shared/service/webhooks/guard.ts';
import { send } from '../../../shared/service/webhooks/send.ts';
import { certificateOf } from '../../support/service/webhook-certificate.ts';
import { portOf, receiver, status } from '../../support/service/webhook-receiver.ts';

const LOOPBACK: Guard = { webhookAllow: ['127.0.0.1/32'] };
const shipment = (url: string) => ({ url, payload: '{"ä":1}', headers: { 'webhook-id': 'msg_1' } });

/** A server that speaks no HTTP of its own accord, and the sockets it has. */
async function rawServer(talk: (socket: Socket) => void): Promise<{ url: string; port: number; server: Server }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    talk(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const port = portOf(server.address());
  return { url: `http://127.0.0.1:${port}/`, port, server };
}

test.each([200, 204, 299, 400, 404, 410, 429, 500, 503])('tells the status %i', async (code) => {
  const { url, received } = await receiver(status(code));
  expect(await send(shipment(url), LOOPBACK)).toEqual({ status: code, reason: null });
  expect(received).toHaveLength(1);
  expect(received[0]).toMatchObject({
    method: 'POST',
    path: '/hook',
    body: '{"ä":1}',
    headers: {
      'webhook-id': 'msg_1',
      'content-type': 'application/json',
      'content-length': '8',
      'user-agent': 'Rewound-Webhooks/1',
      connection: 'close',
    },
  });
});

test.each([301, 302, 303, 307, 308])('follows no redirect of %i', async (code) => {
  const target = await receiver(status(200));
  const { url } = await receiver(status(code, { location: target.url }));
  expect(await send(shipment(url), LOOPBACK)).toEqual({ status: code, reason: null });
  expect(target.received).toEqual([]);
});

test('uses no proxy of the environment', async () => {
  const proxy = await receiver(status(502));
  const { url, received } = await receiver(status(204));
  // Node.js reads these variables when it starts.
  const origin = `http://127.0.0.1:${proxy.port}`;
  const variables = { http_proxy: origin, HTTP_PROXY: origin, NO_PROXY: '', no_proxy: '', NODE_USE_ENV_PROXY: '1' };
  const file = new URL('../../../shared/service/webhooks/send.ts', import.meta.url).href;
  const ask = (how: string) =>
    promisify(execFile)(process.execPath, ['--input-type=module', '-e', how], {
      env: { ...process.env, ...variables },
    });
  await ask(`import { request } from 'node:http'; request('${url}', { method: 'POST' }).end();`);
  expect([proxy.received.length, received.length]).toEqual([1, 0]);
  const { stdout } = await ask(`import { send } from '${file}';
    console.log(JSON.stringify(await send(${JSON.stringify(shipment(url))}, ${JSON.stringify(LOOPBACK)})));`);
  expect(JSON.parse(stdout)).toEqual({ status: 204, reason: null });
  expect([proxy.received.length, received.length]).toEqual([1, 1]);
});

test('reads nothing of an answer but its status', async () => {
  let written = 0;
  let closed: () => void = () => undefined;
  const end = new Promise<void>((resolve) => {
    closed = resolve;
  });
  const { url } = await receiver((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/octet-stream' });
    const chunk = Buffer.alloc(65_536);
    const more = () => {
      if (response.destroyed) return;
      written += chunk.length;
      response.write(chunk, (error) => (error ? undefined : setImmediate(more)));
    };
    response.on('close', closed);
    more();
  });
  expect(await send(shipment(url), LOOPBACK)).toEqual({ status: 200, reason: null });
  await end;
  // What the system's buffers take before the connection is closed, and no more.
  expect(written).toBeLessThan(64 * 2 ** 20);
});

test('waits for no receiver that says nothing', async () => {
  const { url } = await rawServer(() => undefined);
  expect(await send(shipment(url), LOOPBACK, 100)).toEqual({ status: null, reason: 'timeout' });
});

test('waits for no receiver that says a little now and then', async () => {
  const { url } = await rawServer((socket) => {
    socket.write('HTTP/1.1 200 OK\r\n');
    const timer = setInterval(() => socket.write('x-a: b\r\n'), 10);
    socket.on('close', () => clearInterval(timer));
  });
  expect(await send(shipment(url), LOOPBACK, 150)).toEqual({ status: null, reason: 'timeout' });
});

test('waits for no receiver that only says to continue', async () => {
  const { url } = await rawServer((socket) => {
    const timer = setInterval(() => socket.write('HTTP/1.1 102 Processing\r\n\r\n'), 10);
    socket.on('close', () => clearInterval(timer));
  });
  expect(await send(shipment(url), LOOPBACK, 150)).toEqual({ status: null, reason: 'timeout' });
});

test('waits for no name server', async () => {
  const lookup = () => new Promise<string[]>(() => undefined);
  const guard = { webhookAllow: [], lookup };
  expect(await send(shipment('https://hooks.example.com/'), guard, 50)).toEqual({ status: null, reason: 'timeout' });
});

test.each([
  ['no HTTP', 'SSH-2.0-OpenSSH_9.9\r\n'],
  ['headers without end', `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(200_000)}`],
  ['another protocol', 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'],
  ['nothing', ''],
])('a receiver that answers with %s is broken', async (_what, answer) => {
  const { url } = await rawServer((socket) => socket.once('data', () => socket.end(answer)));
  expect(await send(shipment(url), LOOPBACK, 5000)).toEqual({ status: null, reason: 'broken' });
});

test('a port that nobody listens on refuses', async () => {
  const { url, server } = await rawServer(() => undefined);
  await new Promise((resolve) => server.close(resolve));
  expect(await send(shipment(url), LOOPBACK)).toEqual({ status: null, reason: 'refused' });
});

test('a name without an address is told as such', async () => {
  const lookup = () => Promise.reject(new Error('ENOTFOUND'));
  const guard = { webhookAllow: [], lookup };
  expect(await send(shipment('https://hooks.example.com/'), guard)).toEqual({ status: null, reason: 'dns' });
});

test('TLS is needed where https is said', async () => {
  const { port } = await rawServer((socket) => socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\n')));
  expect(await send(shipment(`https://127.0.0.1:${port}/`), LOOPBACK)).toEqual({ status: null, reason: 'tls' });
});

test('a certificate must be of somebody known, and for the name, wherever that leads', async () => {
  const certificate = certificateOf('hooks.example.com');
  const { port, received } = await receiver(status(200), certificate);
  const guard: Guard = { ...LOOPBACK, lookup: async () => ['127.0.0.1'] };
  const right = shipment(`https://hooks.example.com:${port}/`);
  expect(await send(right, guard)).toEqual({ status: null, reason: 'tls' });

  const known = getCACertificates('default');
  setDefaultCACertificates([...known, certificate.cert]);
  onTestFinished(() => setDefaultCACertificates(known));
  expect(await send(right, guard)).toEqual({ status: 200, reason: null });
  for (const wrong of [`https://other.example.com:${port}/`, `https://127.0.0.1:${port}/`]) {
    expect(await send(shipment(wrong), guard)).toEqual({ status: null, reason: 'tls' });
  }
  expect(received).toHaveLength(1);
  expect(received[0]?.headers.host).toBe(`hooks.example.com:${port}`);
});

test('a name that means something else the next time leads nowhere', async () => {
  const { port, received } = await receiver(status(200));
  const answers = ['93.184.216.34', '127.0.0.1', '::1'];
  let asked = 0;
  const lookup = async () => [answers[Math.min(asked++, 2)]!];
  // Saved while it was public; the attempt asks again, once.
  const guard: Guard = { webhookAllow: [], lookup };
  const url = await checkEndpoint('https://rebinding.example.com:8443/', guard);
  expect(await send(shipment(url), guard)).toEqual({ status: null, reason: 'guard' });
  expect(asked).toBe(2);
  expect(await send(shipment(`http://127.0.0.1:${port}/`), guard)).toEqual({ status: null, reason: 'guard' });
  expect(received).toEqual([]);
});

test('the connection is made to what was checked, without asking again', async () => {
  const { port, received } = await receiver(status(200));
  let asked = 0;
  const lookup = async () => [asked++ === 0 ? '127.0.0.1' : '127.0.0.2'];
  const url = `http://own.example.com:${port}/`;
  expect(await send(shipment(url), { ...LOOPBACK, lookup })).toEqual({ status: 200, reason: null });
  expect(asked).toBe(1);
  expect(received).toHaveLength(1);
});

test('one bad address among good ones is enough', async () => {
  const { port, received } = await receiver(status(200));
  const lookup = async () => ['127.0.0.1', '10.0.0.1'];
  const outcome = await send(shipment(`http://own.example.com:${port}/`), { ...LOOPBACK, lookup });
  expect(outcome).toEqual({ status: null, reason: 'guard' });
  expect(received).toEqual([]);
});

test('what the operator no longer allows is not sent to', async () => {
  const { url, received } = await receiver(status(200));
  expect(await send(shipment(url), { webhookAllow: [] })).toEqual({ status: null, reason: 'guard' });
  expect(await send(shipment('no url'), LOOPBACK)).toEqual({ status: null, reason: 'guard' });
  expect(received).toEqual([]);
});
