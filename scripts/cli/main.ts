/** The table of commands: finds the one that was typed, or explains what there is. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { stdout } from '../../shared/terminal.ts';
import { ACCOUNT_COMMANDS } from './account.ts';
import { audit } from './audit.ts';
import { baseline } from './baseline.ts';
import { type Command, helpOf, unknown } from './command.ts';
import { convert } from './convert.ts';
import { enrol } from './enrol.ts';
import { EXIT } from './exit.ts';
import { inspect } from './inspect.ts';
import { people } from './people.ts';
import { price } from './price.ts';
import { serve } from './serve.ts';
import { show } from './show.ts';
import { split } from './split.ts';
import { trend } from './trend.ts';
import { withhold } from './withhold.ts';

/**
 * In the order in which the help lists them.
 * @internal
 */
export const COMMANDS: readonly Command[] = [
  audit,
  people,
  split,
  inspect,
  show,
  withhold,
  baseline,
  trend,
  enrol,
  convert,
  serve,
  price,
  ...ACCOUNT_COMMANDS,
];

const HELP = new Set(['help', '--help', '-h']);
const HEADLINE = 'Rewound: which training people does a face generator give away?';
const EXIT_CODES = `Exit codes: 0 no leakage detected, 1 leakage, 2 usage or bad input, 3 the audit failed, 4 no claim possible,
130 stopped by a signal.`;

/** What there is, one line a command; those of accounts are an operator's, and share one. */
function shortHelp(): string {
  const accounts = ACCOUNT_COMMANDS.map(({ name }) => name.split(' ')[1]);
  const rows = [
    ...COMMANDS.filter((one) => !ACCOUNT_COMMANDS.includes(one)).map(({ name, summary }) => [
      name,
      firstClause(summary),
    ]),
    ['account', `The accounts of a hosted service: ${accounts.join(', ')}`],
  ] as const;
  return [
    HEADLINE,
    '',
    '  rewound audit CHECKPOINT --members DIR --controls DIR',
    '',
    ...rows.map(([name = '', what]) => `  ${name.padEnd(10)}${what}`),
    '',
    '"rewound COMMAND --help" lists the options of a command, "rewound --help" those of all.',
    EXIT_CODES,
    '',
  ].join('\n');
}

function firstClause(summary: string): string {
  return summary.split(/[.:;] /)[0]!.replace(/\.$/, '');
}

function wholeHelp(): string {
  return [HEADLINE, ...COMMANDS.map((one) => helpOf(one)), EXIT_CODES, ''].join('\n\n');
}

/** The command that the first words name, and how many they are. */
function find(argv: readonly string[]): { readonly command: Command; readonly words: number } | undefined {
  for (const words of [2, 1]) {
    const name = argv.slice(0, words).join(' ');
    const command = COMMANDS.find((one) => one.name === name);
    if (command) return { command, words };
  }
  return undefined;
}

/** The package's own, which is above scripts/ here and above dist/ in the package. */
function version(): string {
  const schema = z.object({ name: z.literal('rewound'), version: z.string() });
  for (const above of ['../..', '../../..']) {
    try {
      const text = readFileSync(join(import.meta.dirname, above, 'package.json'), 'utf8');
      return schema.parse(JSON.parse(text)).version;
    } catch {}
  }
  return 'unknown';
}

export async function main(argv: readonly string[]): Promise<number> {
  const [first] = argv;
  if (first === undefined || first === 'help') {
    stdout.page(shortHelp());
    return first === undefined ? EXIT.usage : EXIT.ok;
  }
  if (HELP.has(first)) {
    stdout.page(wholeHelp());
    return EXIT.ok;
  }
  if (first === '--version') {
    stdout.line(version());
    return EXIT.ok;
  }
  const found = find(argv);
  const wantsHelp = argv.some((word) => word !== 'help' && HELP.has(word));
  const group = COMMANDS.filter(({ name }) => name.startsWith(`${first} `));
  if (!found && group.length > 0 && (wantsHelp || argv.length === 1)) {
    stdout.page(`${group.map((one) => helpOf(one)).join('\n\n')}\n`);
    return wantsHelp ? EXIT.ok : EXIT.usage;
  }
  if (!found) {
    const typed = group.length > 0 ? argv.slice(0, 2).join(' ') : first;
    const names = COMMANDS.map(({ name }) => name);
    throw unknown(`command "${typed}"`, typed, names, '"rewound help" lists the commands.');
  }
  if (wantsHelp) {
    stdout.page(`${helpOf(found.command)}\n`);
    return EXIT.ok;
  }
  return found.command.run(argv.slice(found.words));
}
