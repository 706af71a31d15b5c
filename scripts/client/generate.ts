/** Generates the typed client from the OpenAPI document. */
import { z } from 'zod';

/* From an OpenAPI document to TypeScript: as much of both as our own document needs, and an error for all else. */

interface Schema {
  readonly $ref?: string | undefined;
  readonly type?: string | readonly string[] | undefined;
  readonly enum?: readonly (string | number | boolean | null)[] | undefined;
  readonly anyOf?: readonly Schema[] | undefined;
  readonly items?: Schema | undefined;
  readonly prefixItems?: readonly Schema[] | undefined;
  readonly properties?: Readonly<Record<string, Schema>> | undefined;
  readonly required?: readonly string[] | undefined;
  readonly additionalProperties?: boolean | Schema | undefined;
  readonly contentSchema?: Schema | undefined;
  readonly description?: string | undefined;
}

const schemaSchema: z.ZodType<Schema> = z.lazy(() =>
  z.object({
    $ref: z.string().optional(),
    type: z.union([z.string(), z.array(z.string())]).optional(),
    enum: z.array(z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
    anyOf: z.array(schemaSchema).optional(),
    items: schemaSchema.optional(),
    prefixItems: z.array(schemaSchema).optional(),
    properties: z.record(z.string(), schemaSchema).optional(),
    required: z.array(z.string()).optional(),
    additionalProperties: z.union([z.boolean(), schemaSchema]).optional(),
    contentSchema: schemaSchema.optional(),
    description: z.string().optional(),
    // What would change the meaning, and is not understood.
    allOf: z.never().optional(),
    oneOf: z.never().optional(),
    not: z.never().optional(),
  }),
);
const contentSchema = z.record(z.string(), z.object({ schema: schemaSchema.optional() }));

const operationSchema = z.object({
  operationId: z.string(),
  summary: z.string(),
  description: z.string().optional(),
  'x-repeatable': z.boolean().default(false),
  parameters: z
    .array(
      z.object({
        name: z.string(),
        in: z.enum(['path', 'query', 'header']),
        required: z.boolean(),
        schema: schemaSchema,
      }),
    )
    .default([]),
  requestBody: z.object({ content: contentSchema }).optional(),
  responses: z.record(z.string(), z.object({ content: contentSchema.optional() })),
});
type Operation = z.infer<typeof operationSchema>;

export const documentSchema = z.object({
  paths: z.record(z.string(), z.partialRecord(z.enum(['get', 'put', 'post', 'patch', 'delete']), operationSchema)),
  components: z.object({ schemas: z.record(z.string(), schemaSchema) }),
});
type Document = z.infer<typeof documentSchema>;

/** For the page of the service itself, which has a cookie and no key. */
const OF_THE_PAGE = '/v1/session';

export function clientOf({ paths, components: { schemas } }: Document): string {
  const calls = Object.entries(paths)
    .filter(([path]) => path !== OF_THE_PAGE)
    .flatMap(([path, item]) => Object.entries(item).map(([method, operation]) => callOf(path, method, operation)));
  const types = named(
    schemas,
    calls.flatMap(({ mentions }) => mentions),
  );
  const shapes = named(
    schemas,
    calls.flatMap(({ answer }) => (answer ? [answer] : [])),
  );
  return `// Written by "npm run client" from the document of the API, /v1/openapi.json. Change that instead.
import { type CallOptions, type ClientOptions, Http, type OnceOptions, type Operation } from './http.ts';
import type { Shape } from './shape.ts';

${types.map(([name, schema]) => `${comment(schema.description)}export type ${name} = ${typeOf(schema)};`).join('\n\n')}

/** What answers look like. */
const SHAPES: Readonly<Record<string, Shape>> = ${JSON.stringify(Object.fromEntries(shapes.map(([name, schema]) => [name, shapeOf(schema)])))};

${calls.map(({ constant }) => constant).join('\n')}

/** The API, one method for each of its operations. */
export class RewoundClient {
  readonly #http: Http;

  constructor(options: ClientOptions) {
    this.#http = new Http(options, SHAPES);
  }

${calls.map(({ method }) => method).join('\n\n')}
}
`;
}

/** Schemas by name, those that these mention and whatever those do, in the order of the document. */
function named(schemas: Readonly<Record<string, Schema>>, from: readonly Schema[]): [string, Schema][] {
  const found = new Set<string>();
  const visit = (schema: Schema): void => {
    const name = refOf(schema);
    if (name !== undefined && !found.has(name)) {
      found.add(name);
      const target = schemas[name];
      if (!target) throw new Error(`there is no schema ${name}`);
      visit(target);
    }
    const { anyOf = [], items, prefixItems = [], properties = {}, additionalProperties } = schema;
    for (const part of [...anyOf, ...prefixItems, ...Object.values(properties)]) visit(part);
    if (items) visit(items);
    if (typeof additionalProperties === 'object') visit(additionalProperties);
  };
  from.forEach(visit);
  return Object.entries(schemas).filter(([name]) => found.has(name));
}

function refOf({ $ref }: Schema): string | undefined {
  return $ref?.replace('#/components/schemas/', '');
}

function callOf(path: string, method: string, operation: Operation) {
  const { operationId: id, parameters, requestBody } = operation;
  const [status, response] = Object.entries(operation.responses).find(([code]) => /^2/.test(code)) ?? [];
  if (status === undefined) throw new Error(`${id} answers nothing`);
  const contents = response?.content ?? {};
  const json = Object.keys(contents).length === 1 ? contents['application/json']?.schema : undefined;
  const stream = contents['text/event-stream']?.schema?.contentSchema;
  const answer = json ?? stream;
  const once = parameters.some(({ name }) => name === 'Idempotency-Key');
  const isSafe = ['get', 'put', 'delete'].includes(method);
  const kind = stream ? 'events' : json ? 'call' : Object.keys(contents).length > 0 ? 'respond' : 'send';
  const type = answer ? typeOf(answer) : kind === 'respond' ? 'unknown' : 'void';
  const inPath = parameters.filter((parameter) => parameter.in === 'path');
  const inQuery = parameters.filter((parameter) => parameter.in === 'query');
  const body = requestBody?.content['application/json']?.schema;
  const query = `{ ${inQuery.map(({ name, required, schema }) => `readonly ${name}${required ? '' : '?'}: ${typeOf(schema)}${required ? '' : ' | undefined'}`).join('; ')} }`;
  const options = once ? 'OnceOptions' : 'CallOptions';
  const args = [
    ...inPath.map(({ name, schema }) => `${name}: ${typeOf(schema)}`),
    ...(body ? [`body: ${typeOf(body)}`] : []),
    ...(inQuery.length > 0 ? [`query: ${query} = {}`] : []),
    `options: ${options} = {}`,
  ];
  const parts = [
    ...(inPath.length > 0 ? [`path: { ${inPath.map(({ name }) => name).join(', ')} }`] : []),
    ...(body ? ['body'] : []),
    ...(inQuery.length > 0 ? ['query'] : []),
  ];
  const constant = id.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
  const result = {
    events: `AsyncGenerator<${type}, void>`,
    call: `Promise<${type}>`,
    respond: 'Promise<Response>',
    send: 'Promise<void>',
  };
  const facts = {
    method: method.toUpperCase(),
    path,
    once,
    repeatable: isSafe || once || operation['x-repeatable'],
    answer: answer ? shapeOf(answer) : null,
  };
  return {
    mentions: [...(answer ? [answer] : []), ...(body ? [body] : []), ...parameters.map(({ schema }) => schema)],
    answer,
    constant: `const ${constant}: Operation<${type}> = ${JSON.stringify(facts)};`,
    method: `${comment([operation.summary, operation.description].filter((text) => text !== undefined).join('. '))}${id}(${args.join(', ')}): ${result[kind]} {
    return this.#http.${kind}(${constant}, { ${parts.join(', ')} }, options);
  }`,
  };
}

function typeOf(schema: Schema): string {
  const name = refOf(schema);
  if (name !== undefined) return name;
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(' | ');
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? ['unknown']);
  return types.map((type) => typeOfOne(type, schema)).join(' | ');
}

function typeOfOne(
  type: string,
  { items, prefixItems, properties = {}, required = [], additionalProperties }: Schema,
): string {
  if (type === 'integer') return 'number';
  if (type === 'array' && prefixItems) return `readonly [${prefixItems.map(typeOf).join(', ')}]`;
  if (type === 'array') return `readonly (${typeOf(items ?? {})})[]`;
  if (type !== 'object') return type;
  if (typeof additionalProperties === 'object') return `Readonly<Record<string, ${typeOf(additionalProperties)}>>`;
  const fields = Object.entries(properties).map(([key, schema]) => {
    const isThere = required.includes(key);
    return `${comment(schema.description)}readonly ${key}${isThere ? '' : '?'}: ${typeOf(schema)}${isThere ? '' : ' | undefined'};`;
  });
  return `{\n${fields.join('\n')}\n}`;
}

function shapeOf(schema: Schema): unknown {
  const name = refOf(schema);
  if (name !== undefined) return { ref: name };
  if (schema.enum) return { enum: schema.enum };
  if (schema.anyOf) return { any: schema.anyOf.map(shapeOf) };
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? ['unknown']);
  const shapes = types.map((type) => shapeOfOne(type, schema));
  return shapes.length === 1 ? shapes[0] : { any: shapes };
}

function shapeOfOne(
  type: string,
  { items, prefixItems, properties = {}, required = [], additionalProperties }: Schema,
): unknown {
  if (type === 'array' && prefixItems) return { tuple: prefixItems.map(shapeOf) };
  if (type === 'array') return { list: shapeOf(items ?? {}) };
  if (type !== 'object') return type;
  if (typeof additionalProperties === 'object') return { map: shapeOf(additionalProperties) };
  return {
    fields: Object.fromEntries(Object.entries(properties).map(([key, schema]) => [key, shapeOf(schema)])),
    optional: Object.keys(properties).filter((key) => !required.includes(key)),
  };
}

function comment(text: string | undefined): string {
  return text === undefined ? '' : `/** ${text.replaceAll('*/', '* /').replaceAll('\n', ' ')} */\n`;
}
