import type { Hosted } from './hosted.ts';
import { bodyOf } from './operations-bodies.ts';

/** An operation as the API's own document has it. */
export interface Operation {
  readonly id: string;
  readonly method: string;
  /** Such as `/v1/audits/{audit}`. */
  readonly path: string;
  /** Whether it asks who calls. */
  readonly secured: boolean;
  /** A body that it takes; undefined where it takes none. */
  readonly body: object | undefined;
}

/** All operations of the API, whatever they are: a new one is in every test that goes through them. */
export async function operationsOf({ ask }: Pick<Hosted, 'ask'>): Promise<Operation[]> {
  const { body: document } = await ask(undefined, 'GET', '/v1/openapi.json');
  const found: Operation[] = [];
  for (const [path, methods] of Object.entries<Record<string, Documented>>(document.paths)) {
    for (const [method, { operationId: id, security, requestBody }] of Object.entries(methods)) {
      const secured = security.some((one) => 'key' in one);
      found.push({ id, method: method.toUpperCase(), path, secured, body: requestBody && bodyOf(id) });
    }
  }
  return found;
}

interface Documented {
  readonly operationId: string;
  readonly security: readonly object[];
  readonly requestBody?: object;
}

/** A path with its parameters filled in. Throws for one that no id is given for. */
export function fill(path: string, ids: Readonly<Record<string, string>>): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const id = ids[name];
    if (id === undefined) throw new Error(`a new parameter: say which ${name} is meant`);
    return encodeURIComponent(id);
  });
}

/** Headers that some operations cannot do without. */
export const HEADERS = { 'idempotency-key': 'a-key-of-mine', 'sec-fetch-site': 'same-origin' } as const;
