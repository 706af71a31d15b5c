import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { setImmediate as immediate } from 'node:timers/promises';
import { getRequestListener } from '@hono/node-server';
import { onTestFinished } from 'vitest';
import { derive } from '../../../shared/service/core/secret.ts';
import { ORIGIN } from './hosted.ts';
import type { HostedWorld } from './hosted-world.ts';
import { portOf } from './webhook-receiver.ts';
import { SECRET } from './webhook-service.ts';

/**
 * One server for whichever service a test has, at the address that services in tests have: the browser is told to look
 * for it at the server's port.
 */
export class DashboardServer {
  private readonly server: Server;
  private readonly answering = new Set<ServerResponse>();
  private listener: RequestListener = (_request, response) => response.writeHead(503).end();

  private constructor() {
    this.server = createServer((request, response) => {
      this.answering.add(response);
      response.on('close', () => this.answering.delete(response));
      return this.listener(request, response);
    });
  }

  static async listen(): Promise<DashboardServer> {
    const made = new DashboardServer();
    await new Promise<void>((resolve) => made.server.listen(0, '127.0.0.1', resolve));
    return made;
  }

  /** For the browser: where the service's host is. */
  get argument(): string {
    return `--host-resolver-rules=MAP ${new URL(ORIGIN).host} 127.0.0.1:${portOf(this.server.address())}`;
  }

  /** From now on it is this service that answers, and takes uploads; until the test ends, and nothing is on its way. */
  serve({ hosted }: HostedWorld): void {
    const api = getRequestListener(hosted.api.fetch, { overrideGlobalObjects: false });
    const { receiveUpload } = hosted.platform.uploads({ origin: ORIGIN, tokenKey: derive(SECRET, ['uploads'], 32) });
    this.listener = (request, response) => {
      if (request.url?.startsWith('/uploads/')) void receiveUpload(request, response);
      else void api(request, response);
    };
    onTestFinished(async () => {
      while (this.answering.size > 0) await immediate();
      await immediate();
    });
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}
