/** Reads the OpenAPI document for the reference page. */
import { html, type Markup, type Part } from '../../markup/escape.ts';

/** A schema of the document, as far as a reader wants to know. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly prefixItems?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly contentSchema?: Schema;
  readonly description?: string;
  readonly example?: unknown;
  readonly default?: unknown;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

/** A part of our own document as such: what it holds is JSON, and its schemas are of this kind. */
export function asSchema(part: unknown): Schema {
  return JSON.parse(JSON.stringify(part ?? {}));
}

export function refOf({ $ref }: Schema): string | undefined {
  return $ref?.replace('#/components/schemas/', '');
}

export function linkTo(name: string): Markup {
  return html`<a href="#schema-${name}">${name}</a>`;
}

/** The type of a field in words, with a link where it has a name. */
export function typeWords(schema: Schema): Part {
  const name = refOf(schema);
  if (name !== undefined) return linkTo(name);
  if (schema.enum) {
    return joined(
      schema.enum.map((value) => html`<code>${JSON.stringify(value)}</code>`),
      ', ',
    );
  }
  if (schema.anyOf) return joined(schema.anyOf.map(typeWords), ' or ');
  if (schema.items) return html`list of ${typeWords(schema.items)}${range(schema.minItems, schema.maxItems, ' items')}`;
  if (schema.prefixItems) return html`[${joined(schema.prefixItems.map(typeWords), ', ')}]`;
  if (typeof schema.additionalProperties === 'object') return html`object of ${typeWords(schema.additionalProperties)}`;
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? ['anything']);
  const words = types.map((type) => (schema.format === 'date-time' && type === 'string' ? 'time' : type)).join(' or ');
  const limits =
    schema.type === 'string'
      ? range(schema.minLength, schema.maxLength, ' characters')
      : range(schema.minimum, schema.maximum);
  return html`${words}${limits}`;
}

function range(low: number | undefined, high: number | undefined, what = ''): string {
  const shown = (value: number) => value.toLocaleString('en');
  if (low !== undefined && high !== undefined && Math.abs(high) < 1e15)
    return `, ${shown(low)} to ${shown(high)}${what}`;
  if (low !== undefined && Math.abs(low) < 1e15) return `, at least ${shown(low)}${what}`;
  return high !== undefined && Math.abs(high) < 1e15 ? `, at most ${shown(high)}${what}` : '';
}

function joined(parts: readonly Part[], between: string): Part {
  return parts.map((part, i) => (i === 0 ? part : html`${between}${part}`));
}

/** Fields of an object, those of objects in it below them. */
export function fieldRows(schema: Schema, at = ''): (readonly Part[])[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, field]) => {
    const isNeeded = schema.required?.includes(key) ?? false;
    const inner = field.items?.properties
      ? { schema: field.items, at: `${at}${key}[].` }
      : { schema: field, at: `${at}${key}.` };
    const type = field.properties ? 'object' : field.items?.properties ? 'list of objects' : typeWords(field);
    const standing =
      field.default === undefined || typeof field.default === 'object'
        ? null
        : html` Default <code>${JSON.stringify(field.default)}</code>.`;
    return [
      [
        html`<code>${at}${key}</code>`,
        html`${type}${isNeeded ? null : html` <span class="soft">optional</span>`}`,
        html`${code(field.description ?? '')}${standing}`,
      ],
      ...fieldRows(inner.schema, inner.at),
    ];
  });
}

/** Text in which `this` is code. */
export function code(text: string): Part {
  return text.split('`').map((part, i) => (i % 2 === 1 ? html`<code>${part}</code>` : part));
}

/** An example of a schema: what is needed, and what has an example of its own. */
export function exampleOf(schema: Schema, schemas: Readonly<Record<string, Schema>>): unknown {
  const name = refOf(schema);
  if (name !== undefined) return exampleOf(schemas[name] ?? {}, schemas);
  if (schema.example !== undefined) return schema.example;
  if (schema.enum) return schema.enum[0];
  if (schema.anyOf?.[0]) return exampleOf(schema.anyOf[0], schemas);
  if (schema.items) return [exampleOf(schema.items, schemas)];
  if (schema.properties) {
    const shown = Object.entries(schema.properties).filter(
      ([key, field]) => schema.required?.includes(key) || field.example !== undefined,
    );
    return Object.fromEntries(shown.map(([key, field]) => [key, exampleOf(field, schemas)]));
  }
  if (schema.type === 'boolean') return true;
  if (schema.type === 'integer' || schema.type === 'number') return schema.minimum ?? 1;
  return 'text';
}
