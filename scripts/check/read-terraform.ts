/** Reads a folder of Terraform configuration. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from '@cdktf/hcl2json';
import { z } from 'zod';

const json: z.ZodType<Value> = z.json();
const bodies = z.array(z.record(z.string(), json));
const blocks = z.record(z.string(), z.record(z.string(), bodies)).default({});
const named = z.record(z.string(), bodies).default({});

/** One file as hcl2json gives it: every block a list of bodies, expressions as `${...}`. */
const fileSchema = z.looseObject({
  resource: blocks,
  data: blocks,
  variable: named,
  locals: bodies.default([]),
});

export type Value = null | boolean | number | string | readonly Value[] | { readonly [key: string]: Value };
export type Body = Readonly<Record<string, Value>>;

export interface Terraform {
  /** Bodies by type and name. */
  readonly resources: ReadonlyMap<string, ReadonlyMap<string, Body>>;
  readonly data: ReadonlyMap<string, ReadonlyMap<string, Body>>;
  readonly variables: ReadonlyMap<string, Body>;
  readonly locals: ReadonlyMap<string, Value>;
  /** All of it, as parsed. */
  readonly all: Value;
}

/** A folder's configuration. */
export async function readTerraform(folder: string): Promise<Terraform> {
  const files = readdirSync(folder).filter((file) => file.endsWith('.tf'));
  return parseTerraform(Object.fromEntries(files.map((file) => [file, readFileSync(join(folder, file), 'utf8')])));
}

/**
 * The configuration in some files, by name. Throws what the parser says of a file that is none.
 * @internal
 */
export async function parseTerraform(files: Readonly<Record<string, string>>): Promise<Terraform> {
  const resources = new Map<string, Map<string, Body>>();
  const data = new Map<string, Map<string, Body>>();
  const variables = new Map<string, Body>();
  const locals = new Map<string, Value>();
  const all: Value[] = [];
  for (const [file, text] of Object.entries(files)) {
    const parsed: unknown = await parse(file, text);
    all.push(json.parse(parsed));
    const found = fileSchema.parse(parsed);
    addBlocks(resources, found.resource);
    addBlocks(data, found.data);
    for (const [name, [body]] of Object.entries(found.variable)) variables.set(name, body ?? {});
    for (const body of found.locals) for (const [name, value] of Object.entries(body)) locals.set(name, value);
  }
  return { resources, data, variables, locals, all };
}

function addBlocks(to: Map<string, Map<string, Body>>, found: z.infer<typeof blocks>): void {
  for (const [type, byName] of Object.entries(found)) {
    const known = to.get(type) ?? new Map<string, Body>();
    for (const [name, [body]] of Object.entries(byName)) known.set(name, body ?? {});
    to.set(type, known);
  }
}
