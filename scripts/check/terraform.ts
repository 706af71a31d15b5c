/**
 * The configuration in terraform/, without Terraform's registry: its format, and every resource, block and argument
 * against what the provider accepts. `terraform validate` would say the same, and more, where the provider can be
 * downloaded.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { stdout } from '../../shared/terminal.ts';
import { type Block, type ProviderSchema, providerSchemaFile } from './provider-schema.ts';
import { type Body, readTerraform, type Terraform, type Value } from './read-terraform.ts';

/** Terraform's own, in any resource. */
const META = new Set(['for_each', 'count', 'depends_on', 'lifecycle', 'provider']);

/** What is wrong with a configuration, one line each; none if nothing is. */
export function terraformProblems(terraform: Terraform, schema: ProviderSchema): string[] {
  const problems: string[] = [];
  const kinds = [
    ['', terraform.resources, schema.resources],
    ['data.', terraform.data, schema.data],
  ] as const;
  for (const [prefix, found, known] of kinds) {
    for (const [type, bodies] of found) {
      const block = known[type];
      if (!block)
        problems.push(`${prefix}${type}: no such resource in ${schema.source}; run scripts/provider-schema.ts`);
      else for (const [name, body] of bodies) problems.push(...bodyProblems(`${prefix}${type}.${name}`, body, block));
    }
  }
  for (const [name, body] of terraform.variables) {
    for (const needed of ['description', 'type']) {
      if (!(needed in body)) problems.push(`var.${name}: ${needed} is missing`);
    }
  }
  return [...problems, ...referenceProblems(terraform, schema)];
}

function bodyProblems(place: string, body: Body, block: Block): string[] {
  const problems: string[] = [];
  const given = new Set<string>();
  for (const [name, value] of Object.entries(body)) {
    if (META.has(name)) continue;
    if (name === 'dynamic') {
      for (const [inner, dynamic] of dynamicBlocks(value)) {
        given.add(inner);
        problems.push(...innerProblems(place, inner, dynamic, block));
      }
      continue;
    }
    given.add(name);
    const type = block.arguments[name] ?? block.arguments[`${name}!`];
    if (type === undefined) problems.push(...innerProblems(place, name, value, block));
    else if (!fits(value, type.replace('!', ''))) problems.push(`${place}.${name}: is no ${type.replace('!', '')}`);
  }
  const needed = [
    ...Object.entries(block.arguments).flatMap(([name, type]) => (type.endsWith('!') ? [name] : [])),
    ...Object.keys(block.blocks).flatMap((name) => (name.endsWith('!') ? [name.slice(0, -1)] : [])),
  ];
  return [...problems, ...needed.filter((name) => !given.has(name)).map((name) => `${place}.${name}: is missing`)];
}

function innerProblems(place: string, name: string, value: Value, block: Block): string[] {
  const inner = block.blocks[name] ?? block.blocks[`${name}!`];
  if (!inner) return [`${place}.${name}: no such argument or block`];
  if (!Array.isArray(value)) return [`${place}.${name}: is a block, not an argument`];
  return value.flatMap((body) => (isBody(body) ? bodyProblems(`${place}.${name}`, body, inner) : []));
}

/** Blocks made by `dynamic`, by name: what is in their `content`. */
function dynamicBlocks(value: Value): [string, Value][] {
  if (!isBody(value)) return [];
  return Object.entries(value).map(([name, bodies]) => [
    name,
    Array.isArray(bodies) ? bodies.flatMap((body) => (isBody(body) ? (body.content ?? []) : [])) : [],
  ]);
}

function isBody(value: Value | undefined): value is Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a literal is of a type; what an expression gives is not known here. */
function fits(value: Value, type: string): boolean {
  if (value === null || (typeof value === 'string' && value.startsWith('${'))) return true;
  if (type === 'list') return Array.isArray(value);
  if (type === 'map') return isBody(value);
  if (type === 'string') return typeof value === 'string' || typeof value === 'number';
  return typeof value === type;
}

const REFERENCE = /\b(data\.)?(google_\w+)\.(\w+)((?:\[[^\]]*\])?)(?:\.(\w+))?/g;
const NAMED = /\b(var|local)\.(\w+)/g;

/** References to what is not there, and variables and locals that nobody refers to. */
function referenceProblems(terraform: Terraform, schema: ProviderSchema): string[] {
  const problems = new Set<string>();
  const used = new Set<string>();
  for (const text of strings(terraform.all)) {
    for (const [, data, type = '', name = '', , attribute] of text.matchAll(REFERENCE)) {
      const found = (data ? terraform.data : terraform.resources).get(type)?.has(name);
      const known = (data ? schema.data : schema.resources)[type]?.attributes;
      if (!found) problems.add(`${data ?? ''}${type}.${name}: is referred to and is not there`);
      else if (attribute !== undefined && known && !known.includes(attribute)) {
        problems.add(`${data ?? ''}${type}.${name}.${attribute}: no such attribute`);
      }
    }
    for (const [whole, kind, name = ''] of text.matchAll(NAMED)) {
      used.add(whole);
      const known = kind === 'var' ? terraform.variables : terraform.locals;
      if (!known.has(name)) problems.add(`${whole}: is referred to and is not there`);
    }
  }
  for (const name of terraform.variables.keys()) if (!used.has(`var.${name}`)) problems.add(`var.${name}: is not used`);
  for (const name of terraform.locals.keys())
    if (!used.has(`local.${name}`)) problems.add(`local.${name}: is not used`);
  return [...problems];
}

/** All strings that hold an expression. */
function strings(value: Value): string[] {
  if (typeof value === 'string') return value.includes('${') ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(strings);
}

/** What `terraform fmt` says of a folder, or undefined where there is no Terraform. */
export function formatProblems(folder: string): string[] | undefined {
  const { error, status, stdout, stderr } = spawnSync('terraform', ['fmt', '-check', '-recursive', folder], {
    encoding: 'utf8',
    // Terraform looks for a newer version of itself and for settings; neither matters here.
    env: { ...process.env, CHECKPOINT_DISABLE: '1', TF_CLI_CONFIG_FILE: '' },
  });
  if (error) return undefined;
  if (status === 0) return [];
  const files = stdout.split('\n').filter((line) => line !== '');
  return files.length > 0 ? files.map((file) => `${file}: run terraform fmt`) : [stderr];
}

if (import.meta.main) {
  const folder = join(import.meta.dirname, '../../terraform');
  const format = formatProblems(folder);
  if (!format) stdout.line('skipped: the format of terraform/, because terraform is not installed');
  const problems = [...(format ?? []), ...terraformProblems(await readTerraform(folder), providerSchemaFile())];
  for (const problem of problems) stdout.line(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
