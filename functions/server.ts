/** What a service of the deployment runs: one function, by the environment of `settings.ts`. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
// The framework's public entry points are its command, which reads its own options and listens before anybody can stand
// in front of it, and this one: the same server for a registered function, not listening yet.
import { type CloudEvent, cloudEvent } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { isolationOf } from '../shared/engine/isolation.ts';
import { asRewoundError, RewoundError } from '../shared/errors.ts';
import { TOPICS } from '../shared/pipeline/base/messages.ts';
import { adoptSecret } from '../shared/service/accounts/adopt-secret.ts';
import type { ServiceContext } from '../shared/service/core/context.ts';
import { stdout } from '../shared/terminal.ts';
import { API, apiServer, openApi } from './api.ts';
import { type PushAuthenticator, pushAuthenticator } from './auth.ts';
import type { World } from './bootstrap.ts';
import { openContext } from './context.ts';
import { functions } from './index.ts';
import { jsonLog, type Log, messageLog } from './log.ts';
import { readServiceSettings, readSettings } from './settings.ts';

export interface ServeOptions {
  /** The function's name, that of its topic. */
  readonly target: string;
  /** What it works in. */
  readonly world: World;
  readonly port: number;
  /** Judges each request; all are let in where there is none. */
  readonly authenticate?: PushAuthenticator;
  readonly log?: Log;
  /** Requests that are worked on at once; one if nothing is said. */
  readonly concurrency?: number;
}

export interface Service {
  readonly port: number;
  /**
   * Takes on nothing more and waits for what is at hand. After `graceMs` it is given back: whoever sent it is told that
   * it failed, and sends it again. Resolves to whether there was anything to give back.
   */
  stop(graceMs: number): Promise<boolean>;
}

/**
 * Serves a registered function, one open request at a time unless `concurrency` says otherwise: a step may take the whole
 * machine, and two would only make each other late. A function that does nothing but wait may be given many. A request
 * that waits for its turn is dropped when its sender gives up. Should the sender of one at hand give up, the next begins
 * while the step ends; the engine still does one thing after another.
 */
export async function serve(options: ServeOptions): Promise<Service> {
  const { target, world, port, authenticate, log = () => undefined, concurrency = 1 } = options;
  const framework = frameworkServer(target, world, log);
  const turns = new Turns(concurrency);
  const open = new Set<Promise<void>>();
  const atHand = new Set<ServerResponse>();
  let stopping = false;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const status = (await authenticate?.(request.headers.authorization)) ?? 200;
    if (status !== 200) {
      log({ event: 'caller.refused', status });
      return answer(response, status);
    }
    await turns.take(async () => {
      if (stopping) return answer(response, 503);
      if (request.destroyed || response.destroyed) return;
      atHand.add(response);
      const closed = once(response, 'close');
      framework.emit('request', request, response);
      await closed;
      atHand.delete(response);
    });
  }

  const server = createServer((request, response) => {
    const handled = handle(request, response)
      .catch(() => answer(response, 500))
      .finally(() => open.delete(handled));
    open.add(handled);
  });
  server.requestTimeout = 0;
  server.listen(port);
  await once(server, 'listening');

  return {
    port: portOf(server),
    async stop(graceMs) {
      stopping = true;
      server.close();
      server.closeIdleConnections();
      const late = await isLate(Promise.all(open), graceMs);
      if (late) for (const response of atHand) answer(response, 503);
      server.closeIdleConnections();
      return late;
    },
  };
}

/** Lets so many work at once; the others wait, in the order they came. */
class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(most: number) {
    this.#free = most;
  }

  async take(work: () => Promise<void>): Promise<void> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      await work();
    } finally {
      // Handed on as it is: nobody who comes now is before whoever waits.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}

/** Serves the API: many requests at once, as they wait for storage most of the time. */
export async function serveApi(service: ServiceContext, port: number, log: Log): Promise<Service> {
  const answer = openApi(service, {
    // The page may put files there: tickets are signed addresses of the bucket.
    uploadOrigin: 'https://storage.googleapis.com',
    onAnswer: (answer) => log({ event: 'request.answered', ...answer }),
  });
  const server = apiServer(answer);
  server.listen(port);
  await once(server, 'listening');
  return {
    port: portOf(server),
    async stop(graceMs) {
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      const late = await isLate(closed, graceMs);
      // Whoever watches an audit connects again.
      server.closeAllConnections();
      return late;
    },
  };
}

/** Registers a function, and returns the framework's own server of it: it never listens, requests are handed to it. */
function frameworkServer(target: string, world: World, log: Log): Server {
  const handle = functions.get(target);
  if (handle) {
    const logged = messageLog(log);
    cloudEvent(target, (event: CloudEvent<unknown>) => logged(event, () => handle(world, event)));
    return getTestServer(target);
  }
  throw new RewoundError('USAGE', `There is no function "${target}".`, {
    help: `FUNCTION_TARGET is one of ${[API, ...functions.keys()].join(', ')}.`,
  });
}

/** Whether `work` is still going on after `ms`. */
async function isLate(work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(true), ms);
  });
  const result = await Promise.race([work.then(() => false), late]);
  clearTimeout(timer);
  return result;
}

function answer(response: ServerResponse, status: number): void {
  if (!response.headersSent) response.writeHead(status, { connection: 'close' });
  response.end();
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Cloud Run ends a process ten seconds after it asked it to stop. */
const GRACE_MS = 8_000;
/** Time for the last answer to leave. */
const FAREWELL_MS = 500;

async function main(): Promise<void> {
  const log = jsonLog(process.env.FUNCTION_TARGET ?? '', stdout.json);
  try {
    const settings = readSettings(process.env);
    const { target, port, caller, device, concurrency } = settings;
    const { context, uploads, ready } = openContext(settings);
    await ready();
    const hosted = target === API || target === TOPICS.deliver ? readServiceSettings(process.env) : undefined;
    // Before the first receipt is signed: what it verifies with must be written down.
    const adopted = target === API && hosted ? await adoptSecret(context, hosted.secret) : undefined;
    if (adopted && adopted.change !== 'same') log({ event: 'secret.adopted', ...adopted });
    const world: World = { ...context, ...(hosted ? { service: hosted } : {}) };
    const service = await (target === API && hosted
      ? serveApi({ ...context, uploads, ...hosted }, port, log)
      : serve({
          target,
          world,
          port,
          log,
          concurrency,
          ...(caller ? { authenticate: pushAuthenticator(caller) } : {}),
        }));
    process.once('SIGTERM', async () => {
      const gaveBack = await service.stop(GRACE_MS);
      log({ event: 'service.stopped', gaveBack });
      // What was given back is not waited for: to end halfway is what all steps are made for. The engine ends with
      // this process; closed before, it would look to the step like a failure of the audit.
      setTimeout(() => process.exit(0), FAREWELL_MS);
    });
    log({
      event: 'service.started',
      port: service.port,
      device,
      verified: caller !== undefined,
      isolation: isolationOf(device),
    });
  } catch (cause) {
    const { code, message, help } = asRewoundError(cause);
    log({ event: 'service.refused', code, error: message, help });
    // Not on a port: a deployment with a service that cannot work must fail.
    process.exit(1);
  }
}

if (import.meta.main) await main();
