/** Renders the reference of the API. */
import { createHash } from 'node:crypto';
import { ERROR_CODES, type ErrorCode, isOurs } from '../../error-codes.ts';
import { html, type Markup, type Part } from '../../markup/escape.ts';
import { sheet } from '../../markup/sheet.ts';
import { STYLES } from '../../markup/styles.ts';
import { table } from '../../markup/table.ts';
import { type Document, operations, takesKey } from './document.ts';
import { statusOf } from './problem.ts';
import { REFERENCE } from './reference-styles.ts';
import { asSchema, code, exampleOf, fieldRows, linkTo, refOf, type Schema, typeWords } from './reference-types.ts';

type Found = ReturnType<typeof operations>[number];

const ALL_STYLES = [STYLES, REFERENCE].join('\n');

/** What the page may do: be styled. */
export const REFERENCE_POLICY = `default-src 'none'; img-src data:; style-src 'sha256-${createHash('sha256').update(ALL_STYLES).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** The document of the API as a page to read, without scripts. */
export function renderReference(document: Document): string {
  const schemas = Object.fromEntries(
    Object.entries(document.components?.schemas ?? {}).map(([name, schema]) => [name, asSchema(schema)]),
  );
  const origin = document.servers?.[0]?.url ?? '';
  const found = operations(document);
  const tags = (document.tags ?? []).map(({ name, description = '' }) => ({
    name,
    description,
    operations: found.filter(({ operation }) => operation.tags?.[0] === name),
  }));
  const events = Object.keys(document.webhooks ?? {});
  const body = html`<section class="verdict"><h1>The API</h1>
<p class="qualifier">${document.info.description?.split('\n\n')[0] ?? ''} This page says what can be asked, and what is answered.</p>
<p class="small">The same for programs: <a href="/v1/openapi.json">/v1/openapi.json</a>, OpenAPI 3.1.</p></section>
<nav class="contents" aria-label="Contents">${tags.map(
    (tag) =>
      html`<div><h3><a href="#${anchor(tag.name)}">${tag.name}</a></h3><ul>${tag.operations.map(
        ({ operation }) => html`<li><a href="#${operation.operationId ?? ''}">${operation.summary ?? ''}</a></li>`,
      )}</ul></div>`,
  )}<div><h3>Besides</h3><ul><li><a href="#beginning">How to begin</a></li><li><a href="#events">Events</a></li><li><a href="#errors">Errors</a></li><li><a href="#schemas">Schemas</a></li></ul></div></nav>
${beginning(origin)}
${tags.map(
  (tag) =>
    html`<section id="${anchor(tag.name)}"><h2>${tag.name}</h2><p class="lede">${tag.description}</p>${tag.operations.map((one) => operationMarkup(one, schemas, origin))}</section>`,
)}
<section id="events"><h2>Events</h2><p class="lede">What is posted to your webhook endpoints, signed as <a href="https://www.standardwebhooks.com">Standard Webhooks</a> says.</p>${table(
    ['Type', 'When', 'Body'],
    events.map((type) => {
      const event = document.webhooks?.[type];
      const post = event && 'post' in event ? event.post : undefined;
      return [html`<code>${type}</code>`, post?.summary ?? '', linkTo(post?.operationId ?? '')];
    }),
    'text',
  )}</section>
${errors()}
<section id="schemas"><h2>Schemas</h2><p class="lede">Requests with fields that are not listed are refused. Answers may have more.</p>${Object.entries(schemas).map(([name, schema]) => schemaMarkup(name, schema))}</section>`;
  return sheet({
    title: 'Rewound: the API',
    masthead: html`<span>version 1</span><span>${origin}</span>`,
    body,
    footer: html`<p>Made from the document that the service answers with.</p>`,
    styles: ALL_STYLES,
  }).toString();
}

function anchor(tag: string): string {
  return `tag-${tag.toLowerCase()}`;
}

function beginning(origin: string): Markup {
  return html`<section id="beginning" class="words"><h2>How to begin</h2>
<h3>A key with each request</h3><p>An account has API keys, each with scopes: what it may do. The account and its credits can be read with every key. The examples take it from the environment:</p>
${shown(`export REWOUND_KEY=rwk_...\ncurl ${origin}/v1/account ${WITH_KEY}`)}
<h3>Done once</h3><p>Where an operation takes an <code>Idempotency-Key</code>, the same request with the same key is done once: for 24 hours whoever repeats it gets the first answer, with the header <code>Idempotent-Replayed</code>. Errors of the service, and refusals for too many requests, are not kept.</p>
<h3>Pages</h3><p>Lists have <code>items</code> and <code>next</code>. Ask for the next page with <code>after</code>; on the last one <code>next</code> is null.</p>
<h3>When it goes wrong</h3><p>Errors are ${linkTo('Problem')} documents. Go by <code>code</code>: it is stable. A request that is answered with 429 or 503 can be repeated after <code>Retry-After</code> seconds. Each answer has an <code>X-Request-Id</code>; name it when you ask for help.</p></section>`;
}

function operationMarkup(
  { path, method, operation }: Found,
  schemas: Readonly<Record<string, Schema>>,
  origin: string,
): Markup {
  const parameters = (operation.parameters ?? []).flatMap((one) => ('name' in one ? [one] : []));
  const body = bodyOf(operation);
  const rows = parameters.map(({ name, in: where, required, schema }): readonly Part[] => {
    const known = asSchema(schema);
    return [
      html`<code>${name}</code>`,
      html`${typeWords(known)} <span class="soft">${where}${required ? '' : ', optional'}</span>`,
      code(known.description ?? ''),
    ];
  });
  const answers = Object.entries(operation.responses ?? {}).flatMap(([status, response]) =>
    status === 'default' || !('description' in response) ? [] : [answerRow(status, response)],
  );
  return html`<article class="operation" id="${operation.operationId ?? ''}"><h3><a href="#${operation.operationId ?? ''}">${operation.summary ?? ''}</a></h3>
<p class="route"><b>${method.toUpperCase()}</b> ${path}</p>${operation.description ? html`<p>${code(operation.description)}</p>` : null}<p class="small">${access(operation)}${takesKey(operation) ? ' Takes an Idempotency-Key.' : ''}</p>
${rows.length === 0 ? null : html`<h4>Parameters</h4>${table(['Name', 'Type', 'What it is'], rows, 'text', 'fields')}`}${body ? html`<h4>Body</h4><p>${typeWords(body)}</p>` : null}
<h4>Answers</h4>${table(['Status', 'Body', 'What it is'], [...answers, ['else', linkTo('Problem'), 'What is wrong, and what to do about it.']], 'text', 'fields')}
<h4>Example</h4>${shown(curl(path, method, operation, body && exampleOf(body, schemas), parameters, origin))}</article>`;
}

type Parameter = Extract<NonNullable<Found['operation']['parameters']>[number], { name: string }>;
interface Answer {
  readonly description: string;
  readonly content?: Readonly<Record<string, { readonly schema?: unknown }>>;
}

function bodyOf({ requestBody }: Found['operation']): Schema | undefined {
  const content = requestBody && 'content' in requestBody ? requestBody.content['application/json'] : undefined;
  return content?.schema === undefined ? undefined : asSchema(content.schema);
}

function answerRow(status: string, { description, content = {} }: Answer): readonly Part[] {
  const bodies = Object.entries(content).map(([type, { schema }]): Part => {
    const known = asSchema(schema);
    const stream = known.contentSchema;
    if (stream) return html`events of ${typeWords(stream)}`;
    return type === 'application/json' && refOf(known) !== undefined ? typeWords(known) : html`<code>${type}</code>`;
  });
  return [
    status,
    bodies.length === 0 ? 'nothing' : bodies.map((body, i) => (i === 0 ? body : html`, ${body}`)),
    description,
  ];
}

function access({ security = [] }: Found['operation']): string {
  const [first] = security;
  if (!first) return 'For everybody, without a key.';
  if (!('key' in first)) return 'With a session of the page.';
  const [scope] = first.key ?? [];
  return scope === undefined ? 'With any key.' : `With a key that has the scope ${scope}.`;
}

/** From a file of the shell's own: the arguments of a command can be read by every process of a machine. */
const WITH_KEY = `-H @<(printf 'Authorization: Bearer %s' "$REWOUND_KEY")`;

/** A command that does it, to be copied. */
function curl(
  path: string,
  method: string,
  operation: Found['operation'],
  body: unknown,
  parameters: readonly Parameter[],
  origin: string,
): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const schema = asSchema(parameters.find((one) => one.name === name)?.schema);
    return String(exampleOf(schema, {}));
  });
  const lines = [
    `curl ${method === 'get' ? '' : `-X ${method.toUpperCase()} `}${origin}${filled}`,
    ...((operation.security ?? []).some((one) => 'key' in one) ? [WITH_KEY] : []),
    ...(takesKey(operation) ? ['-H "Idempotency-Key: $(uuidgen)"'] : []),
    ...(body === undefined ? [] : [`--json ${quoted(JSON.stringify(body, undefined, 2))}`]),
    ...('200' in (operation.responses ?? {}) && path.endsWith('/events') ? ['--no-buffer'] : []),
  ];
  return lines.join(' \\\n  ');
}

/** Text as it is, line by line. */
function shown(text: string): Markup {
  return html`<pre>${text.split('\n').map((line, i) => (i === 0 ? line : html`\n${line}`))}</pre>`;
}

/** For a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function errors(): Markup {
  const rows = Object.entries(ERROR_CODES).flatMap(([name, meaning]) => {
    if (!isCode(name)) return [];
    const status = statusOf(name);
    return [
      [
        html`<code>${name}</code>`,
        status === 500 ? 'in audits' : String(status),
        `${meaning[0]?.toUpperCase()}${meaning.slice(1)}.`,
        isOurs(name) ? 'the service' : 'what was given',
      ],
    ];
  });
  return html`<section id="errors"><h2>Errors</h2><p class="lede">Codes of problems, with their status, and of audits that ended without a report. They are stable; what is said with them may be reworded.</p>${table(['Code', 'Status', 'Meaning', 'Lies with'], rows, 'text', 'fields')}</section>`;
}

function isCode(name: string): name is ErrorCode {
  return Object.hasOwn(ERROR_CODES, name);
}

function schemaMarkup(name: string, schema: Schema): Markup {
  const rows = fieldRows(schema);
  return html`<article class="schema" id="schema-${name}"><h3><a href="#schema-${name}">${name}</a></h3>${schema.description ? html`<p>${code(schema.description)}</p>` : null}${rows.length === 0 ? html`<p>${typeWords(schema)}</p>` : table(['Field', 'Type', 'What it is'], rows, 'text', 'fields')}</article>`;
}
