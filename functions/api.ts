import type { IncomingMessage, ServerResponse } from 'node:http';
import { http } from '@google-cloud/functions-framework';
import { getRequestListener } from '@hono/node-server';
import { type ApiOptions, createApi } from '../shared/service/http/app.ts';
import { service } from './bootstrap.ts';

/** The name of the one function that is called by people and their programs, not by messages. */
export const API = 'api';

type Listener = ReturnType<typeof getRequestListener>;
let listener: Listener | undefined;

/** Makes the API of the service that was set up; what it answers is told to `options`. */
export function openApi(options: ApiOptions = {}): void {
  // The globals stay Node's own: others in this process use them too.
  listener = getRequestListener(createApi(service(), options).fetch, { overrideGlobalObjects: false });
}

/** Answers a request; one whose body was read already has it as `rawBody`. */
export function answerRequest(request: IncomingMessage, response: ServerResponse): void {
  if (!listener) openApi();
  void listener?.(request, response);
}

http(API, answerRequest);
