/** cloudbuild.yaml against the messages of Cloud Build's API, which is what `gcloud builds submit` makes of it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { stdout } from '../../shared/terminal.ts';

const fieldSchema = z.object({
  type: z.string(),
  rule: z.string().optional(),
  keyType: z.string().optional(),
  options: z.record(z.string(), z.unknown()).optional(),
});
type Field = z.infer<typeof fieldSchema>;

/** A message or an enum of protobuf as `protos.json` holds it, with what is declared inside it. */
interface Message {
  readonly fields?: Readonly<Record<string, Field>> | undefined;
  readonly values?: Readonly<Record<string, number>> | undefined;
  readonly nested?: Readonly<Record<string, Message>> | undefined;
}
const messageSchema: z.ZodType<Message> = z.lazy(() =>
  z.object({
    fields: z.record(z.string(), fieldSchema).optional(),
    values: z.record(z.string(), z.number()).optional(),
    nested: z.record(z.string(), messageSchema).optional(),
  }),
);

const PROTOS = fileURLToPath(import.meta.resolve('@google-cloud/cloudbuild/build/protos/protos.json'));
const PACKAGE = ['google', 'devtools', 'cloudbuild', 'v1'];

/** Set by Cloud Build itself in every build. */
const BUILT_IN = new Set(['PROJECT_ID', 'PROJECT_NUMBER', 'BUILD_ID', 'LOCATION', 'COMMIT_SHA', 'SHORT_SHA']);

/** What is wrong with a build's configuration, one line each; none if nothing is. */
export function cloudBuildProblems(text: string): string[] {
  const document = parseDocument(text);
  if (document.errors.length > 0) return document.errors.map(({ message }) => message);
  const build: unknown = document.toJS();
  const messages = messageSchema.parse(JSON.parse(readFileSync(PROTOS, 'utf8')));
  return [...problemsOf('build', build, 'Build', PACKAGE, messages), ...ownProblems(build)];
}

function problemsOf(place: string, value: unknown, type: string, scope: readonly string[], root: Message): string[] {
  const found = resolve(type, scope, root);
  if (!found) return scalarProblems(place, value, type);
  const { message, path } = found;
  if (message.values) {
    return typeof value === 'string' && value in message.values ? [] : [`${place}: is no ${type}`];
  }
  if (type === 'google.protobuf.Duration') {
    return typeof value === 'string' && /^\d+(\.\d+)?s$/.test(value) ? [] : [`${place}: is no duration such as 600s`];
  }
  if (!isObject(value)) return [`${place}: is no ${type}`];
  return Object.entries(value).flatMap(([name, inner]) => {
    const field = message.fields?.[name];
    if (!field) return [`${place}.${name}: no such field of ${type}`];
    if (field.options?.['(google.api.field_behavior)'] === 'OUTPUT_ONLY')
      return [`${place}.${name}: is set by Cloud Build`];
    return fieldProblems(`${place}.${name}`, inner, field, path, root);
  });
}

function fieldProblems(place: string, value: unknown, field: Field, scope: readonly string[], root: Message): string[] {
  const { type, rule, keyType } = field;
  if (rule === 'repeated') {
    if (!Array.isArray(value)) return [`${place}: is no list`];
    return value.flatMap((item, i) => problemsOf(`${place}[${i}]`, item, type, scope, root));
  }
  if (keyType !== undefined) {
    if (!isObject(value)) return [`${place}: is no map`];
    return Object.entries(value).flatMap(([key, item]) => problemsOf(`${place}.${key}`, item, type, scope, root));
  }
  return problemsOf(place, value, type, scope, root);
}

/** A type by name, looked for from the inside out as protobuf does. */
function resolve(type: string, scope: readonly string[], root: Message) {
  for (let depth = scope.length; depth >= 0; depth--) {
    const path = [...scope.slice(0, depth), ...type.split('.')];
    let message: Message | undefined = root;
    for (const name of path) message = message?.nested?.[name];
    if (message) return { message, path };
  }
  return undefined;
}

function scalarProblems(place: string, value: unknown, type: string): string[] {
  // Whole numbers of 64 bits are strings in JSON, and both are taken.
  const fits =
    type === 'string'
      ? typeof value === 'string'
      : type === 'bool'
        ? typeof value === 'boolean'
        : Number.isInteger(Number(value)) && value !== null;
  return fits ? [] : [`${place}: is no ${type}`];
}

/** What the messages cannot say: substitutions and steps that are named and not there. */
function ownProblems(build: unknown): string[] {
  if (!isObject(build)) return [];
  const problems = new Set<string>();
  const declared = isObject(build.substitutions) ? build.substitutions : {};
  const used = new Set<string>();
  for (const text of strings(build)) {
    // $$ stands for a dollar sign and leaves the rest to the shell.
    for (const [, braced, bare] of text.replaceAll('$$', '').matchAll(/\$(?:\{(\w+)\}|(\w+))/g)) {
      const name = braced ?? bare ?? '';
      used.add(name);
      if (!(name in declared) && !BUILT_IN.has(name)) problems.add(`$${name}: is no substitution`);
    }
  }
  for (const name of Object.keys(declared)) {
    if (!name.startsWith('_')) problems.add(`substitutions.${name}: must begin with _`);
    if (!used.has(name)) problems.add(`substitutions.${name}: is not used`);
  }
  const steps = Array.isArray(build.steps) ? build.steps.filter(isObject) : [];
  if (steps.length === 0) problems.add('steps: there are none');
  const earlier = new Set<unknown>(['-']);
  for (const [i, step] of steps.entries()) {
    if (typeof step.name !== 'string') problems.add(`steps[${i}].name: is missing`);
    for (const id of Array.isArray(step.waitFor) ? step.waitFor : []) {
      if (!earlier.has(id)) problems.add(`steps[${i}].waitFor: no step before it is called ${id}`);
    }
    earlier.add(step.id);
  }
  return [...problems];
}

function strings(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(strings) : [];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

if (import.meta.main) {
  const problems = cloudBuildProblems(readFileSync(join(import.meta.dirname, '../../cloudbuild.yaml'), 'utf8'));
  for (const problem of problems) stdout.line(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
