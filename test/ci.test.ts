import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { parseAudit } from '../scripts/cli/audit-request.ts';
import { baseline } from '../scripts/cli/baseline.ts';
import { trend } from '../scripts/cli/trend.ts';
import { baselineOf, renderBaseline } from '../shared/report/compare/baseline.ts';
import { renderJson } from '../shared/report/json.ts';
import { exampleReport } from './support/example-report.ts';
import { tempDir } from './support/temp.ts';

const TEXT = readFileSync(join(import.meta.dirname, '../docs/ci.md'), 'utf8');
const KEY = '07'.repeat(32);

/** Code blocks of the page in this language. */
function blocks(language: string): string[] {
  return [...TEXT.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(([, code]) => code!);
}

function yaml(text: string): unknown {
  const document = parseDocument(text, { strict: true });
  expect([...document.errors, ...document.warnings]).toEqual([]);
  return document.toJS();
}

const stepSchema = z.looseObject({
  uses: z.string().optional(),
  run: z.string().optional(),
  if: z.string().optional(),
});
const workflowSchema = z.looseObject({
  on: z.looseObject({}),
  permissions: z.record(z.string(), z.string()),
  jobs: z.record(
    z.string(),
    z.looseObject({ 'runs-on': z.unknown(), needs: z.string().optional(), steps: z.array(stepSchema).min(1) }),
  ),
});
const pipelineSchema = z.strictObject({
  privacy: z.looseObject({
    script: z.array(z.string()),
    artifacts: z.looseObject({ reports: z.strictObject({ junit: z.string() }) }),
  }),
});

const [github, gitlab] = blocks('yaml').map(yaml);
const workflow = workflowSchema.parse(github);
const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);

/** Every `rewound` command of the page, as the shell would split it: variables stand for a name each. */
const commands = [
  ...steps.map(({ run }) => run ?? ''),
  ...pipelineSchema.parse(gitlab).privacy.script,
  ...blocks('sh'),
].flatMap((script) =>
  [...script.replace(/\\\n/g, ' ').matchAll(/^\s*npx rewound ([^#\n]*)/gm)].map(([, line]) => words(line!)),
);

function words(line: string): string[] {
  return [...line.trim().matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) =>
    (quoted ?? plain!).replaceAll('$SNAPSHOT', 'first').replaceAll('$PHOTOS', 'photos').replaceAll('*', 'first'),
  );
}

let home: string;
beforeEach(() => {
  home = process.cwd();
  vi.stubEnv('REWOUND_PSEUDONYM_KEY', KEY);
  vi.stubEnv('npm_lifecycle_event', undefined);
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
});
afterEach(() => {
  process.chdir(home);
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** A repository as the page assumes one, as the current folder. */
function enterRepository(): void {
  const folder = tempDir();
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  put('snapshots/first.pkl', '');
  put('photos/members/anna/1.jpg', '');
  put('photos/controls/bert/1.jpg', '');
  put('privacy/baseline.json', renderBaseline(baselineOf(exampleReport(), Buffer.from(KEY, 'hex'))));
  for (const name of ['first', 'second']) put(`reports/${name}/report.json`, renderJson(exampleReport()));
  process.chdir(folder);
}

it('the page shows every command it speaks of', () => {
  expect(commands.map(([name]) => name).sort()).toEqual([
    '--help',
    'audit',
    'audit',
    'audit',
    'baseline',
    'trend',
    'trend',
  ]);
});

it.each(commands.filter(([name]) => name !== '--help').map((command) => [command.join(' '), command] as const))(
  'rewound %s: its options are there, and say what they should',
  async (_, [name, ...args]) => {
    enterRepository();
    if (name === 'audit') {
      const request = await parseAudit(args);
      expect(request.mounts).toMatchObject({ 'drop/local/audit/members/': expect.stringMatching(/photos\/members$/) });
      if (!args.includes('--baseline')) return;
      const settings = { identities: 'pseudonyms', pictures: false };
      expect(request).toMatchObject({ failOn: 'new-leakage', settings, baseline: { verdict: 'LEAKAGE' } });
    } else if (name === 'baseline') {
      expect(await baseline.run(args)).toBe(0);
    } else {
      // A shell would find every report of the pattern; here each stands for two.
      const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { out: { type: 'string' } } });
      const reports = positionals.length > 1 ? positionals : [...positionals, ...positionals];
      expect(await trend.run([...reports, '--out', values.out!])).toBe(0);
    }
  },
);

it('the workflow audits, then uploads SARIF and the report whatever the audit said', () => {
  const audit = workflow.jobs.audit!.steps;
  const at = (part: string) => audit.findIndex(({ uses, run }) => (uses ?? run ?? '').includes(part));
  const order = [
    'actions/cache/restore@',
    'rewound audit',
    'actions/cache/save@',
    'upload-sarif@',
    'upload-artifact@',
  ].map(at);
  expect(order.every((place, i) => place > (order[i - 1] ?? -1))).toBe(true);
  for (const { if: condition } of audit.slice(order[2])) expect(condition).toMatch(/^always\(\)/);
  expect(workflow.permissions).toEqual({ contents: 'read', 'security-events': 'write' });
});

it('every job of the workflow needs jobs that are there, and every step does one thing', () => {
  for (const { needs } of Object.values(workflow.jobs)) if (needs) expect(workflow.jobs).toHaveProperty(needs);
  for (const { uses, run } of steps) expect([uses, run].filter(Boolean)).toHaveLength(1);
  for (const { uses } of steps) if (uses) expect(uses).toMatch(/^[\w-]+\/[\w/-]+@v\d+$/);
});

it('no script of the workflow takes an expression into the shell: names of snapshots are not ours', () => {
  for (const { run } of steps) expect(run ?? '').not.toContain('${{');
});

it('the pipeline gives GitLab the junit.xml of each audit', () => {
  expect(pipelineSchema.parse(gitlab).privacy.artifacts.reports.junit).toBe('reports/*/junit.xml');
});
