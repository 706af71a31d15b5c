import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { onTestFinished } from 'vitest';

export interface StripeAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Stripe's side of the one call, on loopback: answers in turn what it is told, and keeps what it was asked. */
export async function fakeStripe(...answers: readonly StripeAnswer[]) {
  const asked: { readonly path: string; readonly headers: IncomingHttpHeaders; readonly form: URLSearchParams }[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    asked.push({ path: request.url ?? '', headers: request.headers, form: new URLSearchParams(body) });
    const answer = answers[Math.min(asked.length, answers.length) - 1]!;
    response.writeHead(answer.status, { 'content-type': 'application/json', 'stripe-should-retry': 'false' });
    response.end(JSON.stringify(answer.body));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  const api = { protocol: 'http', host: '127.0.0.1', port: address.port } as const;
  return { asked, api, server };
}
