import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeEach, describe, expect, test } from 'vitest';
import { SCOPES, type Scope } from '../../../shared/service/accounts/api-keys.ts';
import { EVENT_TYPES } from '../../../shared/service/webhooks/event-types.ts';
import { hosted } from '../../support/service/hosted.ts';

/* The document that says what the API is, held against the API and against the rules for such documents. */

// biome-ignore lint/suspicious/noExplicitAny: a document is looked into wherever it may be wrong
type Any = any;

let document: Any;
let routes: string[];

/** Not of the API that customers use. */
const UNDOCUMENTED = ['GET /v1/openapi.json', 'GET /v1/reference', 'POST /v1/stripe/webhook'];

beforeEach(async () => {
  const { ask, api } = hosted();
  document = (await ask(undefined, 'GET', '/v1/openapi.json')).body;
  routes = api.routes
    .map(({ method, path }) => `${method} ${path}`)
    // What is not below /v1 is the dashboard.
    .filter((route) => !route.startsWith('ALL ') && route.includes(' /v1/'));
});

function operations(): { at: string; operation: Any }[] {
  return Object.entries<Any>(document.paths).flatMap(([path, item]) =>
    Object.entries<Any>(item).map(([method, operation]) => ({ at: `${method.toUpperCase()} ${path}`, operation })),
  );
}

/** Every schema in the document and in what it holds, with where it is. */
function schemas(value: Any = document, at = ''): { at: string; schema: Any }[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = 'type' in value && /schema|properties|items|anyOf|oneOf|Items/.test(at) ? [{ at, schema: value }] : [];
  return [...own, ...Object.entries(value).flatMap(([key, inner]) => schemas(inner, `${at}/${key}`))];
}

test('it is OpenAPI 3.1', async () => {
  const { valid, errors } = await new Validator().validate(structuredClone(document));
  expect(errors ?? []).toEqual([]);
  expect(valid).toBe(true);
});

test('it has every route of the API, and no other', () => {
  const documented = operations().map(({ at }) => at.replaceAll(/\{(\w+)\}/g, ':$1'));
  const served = [...new Set(routes)].filter((route) => !UNDOCUMENTED.includes(route));
  expect(documented.sort()).toEqual(served.sort());
});

test('every operation has a name of its own, a summary, a tag that is described, and says who may', () => {
  const ids = operations().map(({ operation }) => operation.operationId);
  expect(new Set(ids).size).toBe(ids.length);
  const tags = document.tags.map(({ name }: Any) => name);
  for (const { at, operation } of operations()) {
    expect(operation.operationId, at).toMatch(/^[a-z][A-Za-z]+$/);
    expect(operation.summary, at).toMatch(/\w/);
    expect(tags, at).toContain(operation.tags[0]);
    expect(operation.security, at).toBeInstanceOf(Array);
  }
});

test.each([
  ['POST /v1/audits', [{ key: ['audits:write'] }, { session: ['audits:write'] }]],
  ['GET /v1/account', [{ key: [] }, { session: [] }]],
  ['GET /v1/health', []],
  ['DELETE /v1/session', [{ session: [] }]],
])('%s says who may: %j', (at, security) => {
  expect(operations().find((one) => one.at === at)?.operation.security).toEqual(security);
});

test('the scopes that it says are those that are asked for', async () => {
  const { ask, account } = hosted();
  for (const { at, operation } of operations()) {
    const scope: Scope | undefined = operation.security[0]?.key?.[0];
    const [method = '', path = ''] = at.split(' ');
    const filled = path.replace(/\{(\w+)\}/g, (_, name: string) =>
      String(operation.parameters.find((one: Any) => one.name === name).schema.example ?? 'report.json'),
    );
    if (scope === undefined) continue;
    const { key } = await account(SCOPES.filter((one) => one !== scope));
    const { status, body } = await ask(key, method, filled);
    expect({ at, status, code: body.code }).toEqual({ at, status: 403, code: 'FORBIDDEN' });
  }
});

test('headers that a client needs are described', () => {
  for (const { at, operation } of operations()) {
    for (const response of Object.values<Any>(operation.responses))
      expect(response.headers, at).toHaveProperty('X-Request-Id');
    if (operation.responses.default) expect(operation.responses.default.headers, at).toHaveProperty('Retry-After');
  }
  const keyed = operations().flatMap(({ operation }) =>
    operation.parameters?.some(({ name }: Any) => name === 'Idempotency-Key') ? [operation.operationId] : [],
  );
  expect(keyed.sort()).toEqual(['cancelAudit', 'createAudit', 'createCheckout', 'startAudit']);
});

test('the webhooks are those that are sent', () => {
  expect(Object.keys(document.webhooks).sort()).toEqual([...EVENT_TYPES].sort());
});

test('requests with fields that there are not are refused', () => {
  const open = schemas(document.components.schemas, '/schema').flatMap(({ at, schema }) =>
    schema.type === 'object' && schema.additionalProperties === undefined ? [at] : [],
  );
  expect(open).toEqual([]);
});

test('what is answered with null is said to be null, and never by a name that others use without it', () => {
  const nullable = Object.entries<Any>(document.components.schemas).flatMap(([name, { type }]) =>
    Array.isArray(type) ? [name] : [],
  );
  expect(nullable).toEqual([]);
});

test('no schema stands there twice', () => {
  const seen = new Map<string, string>();
  const twice: string[] = [];
  for (const { at, schema } of schemas()) {
    if (schema.type !== 'object' && !(schema.enum?.length > 1)) continue;
    const { description: _words, example: _example, ...rest } = schema;
    const text = JSON.stringify(rest);
    const before = seen.get(text);
    if (before !== undefined) twice.push(`${before} and ${at}`);
    seen.set(text, at);
  }
  expect(twice).toEqual([]);
});

describe('examples', () => {
  test('fit their schemas', () => {
    const ajv = new Ajv2020({ strict: false, formats: { 'date-time': true, uri: true } });
    ajv.addSchema({ $id: 'document', components: document.components });
    const wrong = schemas().flatMap(({ at, schema }) => {
      if (schema.example === undefined) return [];
      const local = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"document#/'));
      return ajv.validate(local, schema.example) ? [] : [`${at}: ${ajv.errorsText()}`];
    });
    expect(wrong).toEqual([]);
  });

  test('are the answers of the API', async () => {
    const ajv = new Ajv2020({ strict: false, formats: { 'date-time': true, uri: true } });
    ajv.addSchema({ $id: 'document', components: document.components });
    const { ask } = hosted();
    const made = await ask(undefined, 'POST', '/v1/accounts', { name: 'Acme' });
    const key = made.body.text;
    const audit = await ask(key, 'POST', '/v1/audits', { attestation: 'owner', photos: 3 });
    const answers = {
      CreatedAccount: made.body,
      Audit: audit.body,
      AuditPage: (await ask(key, 'GET', '/v1/audits')).body,
      Account: (await ask(key, 'GET', '/v1/account')).body,
      Problem: (await ask(key, 'POST', '/v1/audits', {})).body,
      LedgerPage: (await ask(key, 'GET', '/v1/ledger')).body,
      Uploads: (
        await ask(key, 'POST', `/v1/audits/${audit.body.id}/uploads`, { files: [{ path: 'members/a/1.jpg', size: 1 }] })
      ).body,
    };
    for (const [name, body] of Object.entries(answers)) {
      const fits = ajv.validate({ $ref: `document#/components/schemas/${name}` }, body);
      expect(fits ? '' : ajv.errorsText(), name).toBe('');
    }
  });
});
