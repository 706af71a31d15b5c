/**
 * Which folder may import which, as one table, and layers.json, by which Biome enforces it. Run by itself it checks that
 * the file is that of the table; with `--write` it writes it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stderr } from '../../shared/terminal.ts';

/** Folders of shared/, each with the others it may import. */
const SHARED: Readonly<Record<string, readonly string[]>> = {
  onnx: [],
  audit: [],
  markup: [],
  collection: [],
  report: ['markup', 'collection'],
  platform: [],
  client: [],
  faces: ['onnx', 'audit'],
  checkpoint: ['onnx', 'audit', 'faces'],
  engine: ['onnx', 'audit', 'faces', 'checkpoint', 'collection'],
  pipeline: ['onnx', 'audit', 'faces', 'checkpoint', 'engine', 'collection', 'report', 'platform'],
  service: ['audit', 'markup', 'report', 'platform', 'pipeline', 'client'],
};

/** Outside of shared/, each may import shared/ and those before it. */
const AROUND = ['functions', 'scripts', 'test'];

/** Others take it as a file of their own: it imports itself, the errors and the backoff, and no package. */
const ALONE = 'client';

/** Adapters of ports are opened by whoever starts a process, and nowhere else. */
const ADAPTERS = ['**/platform/local/**', '**/platform/google/**'];

/** Folders inside a folder, each of which may import those before it. */
const INSIDE: Readonly<Record<string, readonly string[]>> = {
  'shared/audit': ['numbers', 'counts', 'gallery', 'evidence', 'verdict'],
  'shared/checkpoint': ['spec', 'formats', 'families'],
  'shared/checkpoint/formats': ['pickle', 'torch'],
  'shared/pipeline': ['base', 'planning', 'results', 'runs', 'steps'],
  'shared/report': ['compare', 'render'],
  'shared/service': ['core', 'webhooks', 'accounts', 'billing', 'audits', 'http', 'dashboard'],
};

const MESSAGE = 'Imports go one way; see CONTRIBUTING.md, Folders.';

interface Rule {
  readonly includes: readonly string[];
  readonly group: readonly string[];
}

/** What each folder may not import. A rule replaces those before it that hold for the same file. */
function rules(): Rule[] {
  const outer = Object.entries(SHARED).map(([folder, may]): Rule => {
    if (folder === ALONE)
      return { includes: [`shared/${ALONE}/**`], group: ['**', '!./*.ts', '!../error*.ts', '!../backoff.ts'] };
    const forbidden = Object.keys(SHARED).filter((other) => other !== folder && !may.includes(other));
    const group = [...forbidden, ...AROUND].map((name) => `**/${name}/**`);
    return { includes: [`shared/${folder}/**`], group: may.includes('platform') ? [...group, ...ADAPTERS] : group };
  });
  const inner = Object.entries(INSIDE).flatMap(([folder, order]) =>
    order.map((name, i): Rule => {
      const [above] = outer.filter(({ includes: [pattern = ''] }) => folder.startsWith(pattern.slice(0, -3)));
      const later = order.slice(i + 1).map((other) => `../${other}/**`);
      return { includes: [`${folder}/${name}/**`], group: [...(above?.group ?? []), ...later] };
    }),
  );
  return [...outer, ...inner, { includes: ['functions/**'], group: ['**/scripts/**', '**/test/**'] }];
}

/** The same in the words of Biome. */
function overrideOf({ includes, group }: Rule): object {
  const noRestrictedImports = { level: 'error', options: { patterns: [{ group, message: MESSAGE }] } };
  return { includes, linter: { rules: { style: { noRestrictedImports } } } };
}

/** layers.json, a line for each rule. */
function layersJson(): string {
  return `{\n"overrides": [\n${rules()
    .map((rule) => JSON.stringify(overrideOf(rule)))
    .join(',\n')}\n]\n}\n`;
}

if (import.meta.main) {
  const file = join(import.meta.dirname, 'layers.json');
  if (process.argv.includes('--write')) writeFileSync(file, layersJson());
  else if (readFileSync(file, 'utf8') !== layersJson()) {
    stderr.line('scripts/check/layers.json is not what scripts/check/layers.ts says: run "npm run format".');
    process.exitCode = 1;
  }
}
