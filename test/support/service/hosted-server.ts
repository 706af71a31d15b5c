import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { setTimeout as delay, setImmediate as immediate } from 'node:timers/promises';
import { getRequestListener } from '@hono/node-server';
import { onTestFinished } from 'vitest';
import { functions } from '../../../functions/index.ts';
import type { Compute } from '../../../shared/engine/compute.ts';
import { asRewoundError, RewoundError } from '../../../shared/errors.ts';
import { TOPICS } from '../../../shared/pipeline/base/messages.ts';
import { giveUp } from '../../../shared/pipeline/runs/give-up.ts';
import { toEvent } from '../../../shared/platform/event.ts';
import { hostedTenancy } from '../../../shared/service/audits/tenancy.ts';
import { derive } from '../../../shared/service/core/secret.ts';
import { type Hosted, hosted } from './hosted.ts';
import { SECRET } from './webhook-service.ts';

const ATTEMPTS = 2;

export interface HostedServer {
  readonly origin: string;
  readonly hosted: Hosted;
  /** Method and path of every request so far. */
  readonly requests: string[];
  /** Answers a request in place of the service; false leaves it to the service. */
  meddle: (...args: Parameters<RequestListener<typeof IncomingMessage>>) => boolean;
}

/** The service on a port of its own, with uploads, and with the functions delivered to where there is an engine. */
export async function hostedServer(compute?: Compute): Promise<HostedServer> {
  let listener: RequestListener = (_, response) => void response.writeHead(503).end();
  const server = createServer((request, response) => {
    made.requests.push(`${request.method} ${request.url}`);
    if (!made.meddle(request, response)) listener(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  const world = hosted({ origin });
  const made: HostedServer = { origin, hosted: world, requests: [], meddle: () => false };
  const api = getRequestListener(world.api.fetch, { overrideGlobalObjects: false });
  const uploads = world.platform.uploads({ origin, tokenKey: derive(SECRET, ['uploads'], 32) });
  listener = (request, response) => {
    if (request.url?.startsWith('/uploads/')) void uploads.receiveUpload(request, response);
    else void api(request, response);
  };
  if (compute) deliver(world, compute);
  return made;
}

/** Delivers whatever is published until the test is over. */
function deliver({ context, platform: { queue }, clock }: Hosted, compute: Compute): void {
  const { objects, records, events } = context;
  const platform = { objects, records, events, clock: context.clock };
  const steps = {
    ...platform,
    compute,
    device: 'cpu' as const,
    window: 2,
    tenancy: hostedTenancy(platform),
    service: context,
  };
  const topics = Object.values(TOPICS);
  const stop = new AbortController();
  const run = async () => {
    while (!stop.signal.aborted) {
      clock.advance(Math.max(0, (queue.nextDue(topics) ?? 0) - clock.now()));
      const lease = queue.lease(topics, 3_600_000);
      if (!lease) {
        await delay(5, undefined, { signal: stop.signal }).catch(() => undefined);
        continue;
      }
      try {
        await functions.get(lease.topic)?.(steps, toEvent(lease));
        if (!stop.signal.aborted) queue.ack(lease);
      } catch (cause) {
        if (stop.signal.aborted) return;
        queue.nack(lease, cause);
        const { code, message, help } = asRewoundError(cause);
        if (lease.attempt >= ATTEMPTS) await giveUp(steps, lease.message, new RewoundError(code, message, { help }));
      }
      await immediate();
    }
  };
  const running = run();
  onTestFinished(async () => {
    stop.abort();
    // A stub that is held up for good holds nothing else up.
    await Promise.race([running, delay(100)]);
  });
}
