/** Starts the API and the page of the hosted service on this machine. */
import { once } from 'node:events';
import type { RequestListener, Server } from 'node:http';
import { apiServer, openApi, type UploadReceiver } from '../../functions/api.ts';
import { readServiceSettings } from '../../functions/settings.ts';
import { isErrno, RewoundError } from '../../shared/errors.ts';
import { type Adopted, adoptSecret } from '../../shared/service/accounts/adopt-secret.ts';
import { operatorAccount } from '../../shared/service/accounts/operator.ts';
import { makeCode } from '../../shared/service/accounts/sign-in-codes.ts';
import { admitRunning } from '../../shared/service/audits/admit-running.ts';
import { derive } from '../../shared/service/core/secret.ts';
import { secretOf } from './service-secret.ts';
import type { Station } from './station.ts';

export interface HostingOptions {
  /** Address to listen at; others than this machine's own let the network in. */
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Where people reach it, if not where it listens: behind a proxy. */
  readonly origin?: string | undefined;
}

export interface Hosting {
  readonly origin: string;
  /** The machine's own account. */
  readonly account: string;
  /** Begins one session of that account. */
  readonly code: string;
  readonly adopted: Adopted;
  close(): void;
}

/** The hosted service on this machine: the API and the page, over a station's folder, with an account of its own. */
export async function host(station: Station, folder: string, { host, port, origin }: HostingOptions): Promise<Hosting> {
  const { platform } = station;
  const given = process.env.REWOUND_SECRET || Buffer.from(await secretOf(folder, platform.records)).toString('base64');
  const reached = origin ?? process.env.REWOUND_ORIGIN;
  // Before anything is answered: sessions that a replaced secret ends must open nothing any more.
  const { secret } = readServiceSettings(settingsOf(given, reached ?? 'http://127.0.0.1'));
  const account = await operatorAccount(platform, secret);
  const adopted = await adoptSecret(platform, secret);
  await admitRunning(platform);
  // The receiver is there once the port, and with it the addresses it gives out, are known.
  let opened: Opened | undefined;
  const server = apiServer(
    (request, response) => (opened ? opened.answer(request, response) : void response.writeHead(503).end()),
    { receiveUpload: async (request, response) => opened?.receiveUpload(request, response) },
  );
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  await listen(server, host, port);
  try {
    opened = openService(station, settingsOf(given, reached ?? addressOf(server, host)));
    return { origin: opened.origin, account, code: await makeCode(platform, account), adopted, close };
  } catch (error) {
    // A server that listens would keep the process alive, and the port.
    close();
    throw error;
  }
}

interface Opened extends Pick<Hosting, 'origin'> {
  readonly answer: RequestListener;
  readonly receiveUpload: UploadReceiver;
}

type Environment = Readonly<Record<string, string | undefined>>;

function settingsOf(secret: string, origin: string): Environment {
  return { ...process.env, REWOUND_SECRET: secret, REWOUND_ORIGIN: origin };
}

/** Sets up what the API and the deliveries work with, at once: requests come from the moment the server listens. */
function openService(station: Station, environment: Environment): Opened {
  const { platform } = station;
  const { secret, settings } = readServiceSettings(environment);
  station.service = { secret, settings };
  const uploads = platform.uploads({ origin: settings.origin, tokenKey: derive(secret, ['uploads'], 32) });
  const { objects, records, events, clock } = platform;
  const answer = openApi({ objects, records, events, clock, uploads, secret, settings });
  return { origin: settings.origin, answer, receiveUpload: uploads.receiveUpload };
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    if (!isErrno(cause, 'EADDRINUSE') && !isErrno(cause, 'EACCES') && !isErrno(cause, 'EADDRNOTAVAIL')) throw cause;
    throw new RewoundError(
      'USAGE',
      `Port ${port} of ${host} cannot be used: another program has it, or it is not allowed.`,
      {
        help: 'Choose another with --port; 0 takes any that is free.',
        cause,
      },
    );
  }
}

function addressOf(server: Server, host: string): string {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
