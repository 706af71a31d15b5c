import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type AuditRequest, parseAudit } from '../../scripts/cli/audit-request.ts';
import { helpOf, parseCommand } from '../../scripts/cli/command.ts';
import { COMMANDS } from '../../scripts/cli/main.ts';
import { DEPLOY_OPTIONS } from '../../scripts/deploy/options.ts';
import { tempDir } from '../support/temp.ts';
import { rewound } from './command.ts';

/** Parses the options of an audit of a file and a folder that are there. */
function parse(...args: string[]): Promise<AuditRequest> {
  const folder = tempDir();
  const checkpoint = join(folder, 'g.onnx');
  writeFileSync(checkpoint, '');
  return parseAudit([checkpoint, '--members', folder, ...args]);
}

it('an audit has the defaults that its help states', async () => {
  expect(await parse()).toMatchObject({
    source: { key: 'drop/local/audit/checkpoints/g.onnx' },
    allSamples: true,
    settings: { samples: 50_000, seed: 0, k: 10, batch: 64, pictures: true },
    device: 'cpu',
    out: join(process.cwd(), 'rewound-report'),
    work: join(process.cwd(), '.rewound'),
    json: false,
    quiet: false,
    failOn: 'leakage',
  });
});

it.each<[string[], object]>([
  [['--quick'], { samples: 10_000 }],
  [['--quick', '--samples', '300'], { samples: 300 }],
  [['--samples', '1_000_000'], { samples: 1_000_000 }],
  [['--seed', '4294907296'], { seed: 4294907296 }],
  [['--seed', '4294967040', '--samples', '1'], { seed: 4294967040, samples: 1 }],
  [['--shards', '7', '--k', '3', '--batch', '8'], { shards: 7, k: 3, batch: 8 }],
  [['--latent', 'normal'], { card: { latent: { distribution: 'normal' } } }],
  [['--latent', 'uniform:-2:0.5'], { card: { latent: { distribution: 'uniform', low: -2, high: 0.5 } } }],
  [['--no-pictures'], { pictures: false }],
])('%j sets %j', async (args, settings) => {
  expect((await parse(...args)).settings).toMatchObject(settings);
});

it.each([
  [['--latent', 'cauchy']],
  [['--latent', 'uniform']],
  [['--latent', 'uniform:1:-1']],
  [['--latent', 'uniform:0:1:2']],
  [['--latent', 'uniform::1']],
  [['--samples', 'many']],
  [['--samples', '0']],
  [['--samples', '1.5']],
  [['--samples', '']],
  [['--seed', '-1']],
  [['--seed', '4294967296']],
  [['--seed', '4294907297']],
  [['--seed', '4294967041', '--samples', '1']],
  [['--batch', '0']],
  [['--k', '101']],
  [['--device', 'abacus']],
  [['--fail-on', 'mondays']],
  [['other.onnx']],
  [['--members']],
])('%j is USAGE', async (args) => {
  await expect(parse(...args)).rejects.toMatchObject({ code: 'USAGE', help: expect.stringMatching(/\.$/) });
});

it('members must be given, and be there', async () => {
  const folder = tempDir();
  const checkpoint = join(folder, 'g.onnx');
  writeFileSync(checkpoint, '');
  await expect(parseAudit([checkpoint])).rejects.toMatchObject({ code: 'USAGE' });
  await expect(parseAudit([checkpoint, '--members', join(folder, 'nobody')])).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
  await expect(parseAudit([join(folder, 'no.onnx'), '--members', folder])).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

/** What an option is given where it is only looked whether it is there. */
const EXAMPLE: Readonly<Record<string, string>> = {
  LAW: 'normal',
  D: 'cpu',
  WHO: 'owner',
  KIND: 'nvidia-l4',
  WHAT: 'never',
  HOW: 'photos',
  SHARE: '10%',
  DIR: 'folder',
  FILE: 'file',
};

describe.each(COMMANDS.map((command) => [command.name, command] as const))('rewound %s', (_, command) => {
  it('explains every option that it takes, with its default, and takes every option that it explains', () => {
    const help = helpOf(command).replace(/\s+/g, ' ');
    for (const [name, { takes, fallback, help: about }] of Object.entries(command.options)) {
      expect(help).toContain(`--${name}${takes === undefined ? '' : ` ${takes}`} ${about}`);
      if (fallback !== undefined) expect(help).toContain(`(${fallback})`);
      const argv = takes === undefined ? [`--${name}`] : [`--${name}`, EXAMPLE[takes] ?? '1'];
      const others = Object.fromEntries(Object.entries(command.options).filter(([other]) => other === name));
      const { values } = parseCommand({ options: others, takes: [] }, argv);
      expect(values[name]).toBeDefined();
    }
    const named = helpOf({ ...command, details: '', summary: '' }).matchAll(/^ {2}--([a-z-]+)/gm);
    expect([...named].map(([, name]) => name).sort()).toEqual(Object.keys(command.options).sort());
  });
});

it.each([
  [['--member', 'x'], 'Did you mean --members?'],
  [['--sampels', '3'], 'Did you mean --samples?'],
  [['--no-picture'], 'Did you mean --no-pictures?'],
  [['-q'], 'There is no option -q.'],
  [['--quiet=yes'], '--quiet takes no value.'],
  [['--samples', '--quiet'], '--samples takes a value: N.'],
  [['other.onnx'], 'Unexpected argument "other.onnx": give one checkpoint.'],
])('%j is refused: %s', async (args, message) => {
  await expect(parse(...args)).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining(message) });
});

it('a value may follow an equals sign, and the last of several counts', async () => {
  expect((await parse('--samples=300')).settings).toMatchObject({ samples: 300 });
  expect((await parse('--samples', '300', '--samples', '200')).settings).toMatchObject({ samples: 200 });
});

it('the documentation names no option that no command has', () => {
  const root = join(import.meta.dirname, '../..');
  const known = new Set([...COMMANDS, { options: DEPLOY_OPTIONS }].flatMap(({ options }) => Object.keys(options)));
  const pages = ['README.md', 'CONTRIBUTING.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)];
  for (const page of pages.filter((name) => name.endsWith('.md'))) {
    for (const [line] of readFileSync(join(root, page), 'utf8').matchAll(/^.*\brewound [a-z].*$/gm)) {
      // What stands in quotes is somebody else's command.
      const [, after = ''] = /\brewound [a-z](.*)/.exec(line.replaceAll(/'[^']*'/g, '')) ?? [];
      for (const [, option] of after.matchAll(/(?<![\w-])--([a-z][a-z-]*)/g)) {
        if (option !== 'help' && option !== 'version')
          expect([page, line, known.has(option!)]).toEqual([page, line, true]);
      }
    }
  }
});

it('the version is that of the package', async () => {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'));
  expect(await rewound('--version')).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' });
});

it('without a command there is a short help, and with an unknown one the nearest', async () => {
  const { code, stdout } = await rewound();
  expect(code).toBe(2);
  expect(stdout.split('\n').length).toBeLessThan(25);
  for (const { name } of COMMANDS) expect(stdout).toContain(name.split(' ')[0]);
  expect((await rewound('adit')).stderr).toContain('Did you mean audit?');
  expect((await rewound('account', 'creat', 'x')).stderr).toContain('Did you mean account create?');
  expect(await rewound('account', '--help')).toMatchObject({ code: 0 });
});
