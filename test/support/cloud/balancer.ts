import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';

/** One address for several instances of a service, each given one request at a time, as Cloud Run does. */
export interface Balancer {
  readonly port: number;
  close(): void;
}

export async function balance(instances: readonly number[]): Promise<Balancer> {
  const free = [...instances];
  const waiting: ((port: number) => void)[] = [];
  const take = () => {
    const port = free.pop();
    return port === undefined ? new Promise<number>((resolve) => waiting.push(resolve)) : Promise.resolve(port);
  };
  const giveBack = (port: number) => {
    const next = waiting.shift();
    if (next) next(port);
    else free.push(port);
  };

  async function forward(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const port = await take();
    try {
      const { method, url: path, headers } = incoming;
      const asked = request({ host: '127.0.0.1', port, method, path, headers });
      const answered = once(asked, 'response');
      // Awaited below, unless sending fails first: then the same failure must not be nobody's.
      answered.catch(() => undefined);
      await pipeline(incoming, asked);
      const [answer] = (await answered) as [IncomingMessage];
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      await pipeline(answer, outgoing);
    } finally {
      giveBack(port);
    }
  }

  const server = createServer((incoming, outgoing) => {
    forward(incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return {
    port: address.port,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
