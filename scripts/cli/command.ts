/** Declares commands, and reads, checks and explains their command lines by what was declared. */
import { parseArgs } from 'node:util';
import { distance } from 'fastest-levenshtein';
import type { Options, Values } from './option.ts';
import { usage } from './usage.ts';

interface Declared<O extends Options> {
  /** What is typed after `rewound`: one word, or two such as `account create`. */
  readonly name: string;
  /** One line of what it does. */
  readonly summary: string;
  /** Its arguments, such as `CHECKPOINT`, `[FOLDER]` for one that may be left out, `REPORT...` for one or more. */
  readonly takes: readonly string[];
  /** More for the help, below the summary. */
  readonly details?: string;
  readonly options: O;
  run(values: Values<O>, args: readonly string[]): Promise<number> | number;
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly takes: readonly string[];
  readonly details?: string;
  readonly options: Options;
  /** Does what a command line says; returns the exit code. Throws USAGE. */
  run(argv: readonly string[]): Promise<number>;
}

export function command<O extends Options>(declared: Declared<O>): Command {
  return {
    ...declared,
    async run(argv) {
      const { values, args } = parseCommand(declared, argv);
      return declared.run(values, args);
    },
  };
}

/** The options and arguments of a command line. Throws USAGE. */
export function parseCommand<O extends Options>(
  { options, takes }: Pick<Declared<O>, 'options' | 'takes'>,
  argv: readonly string[],
): { readonly values: Values<O>; readonly args: readonly string[] } {
  const { tokens, positionals } = parseArgs({
    args: [...argv],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries(
      Object.entries(options).map(
        ([name, { takes: value }]) => [name, { type: value ? 'string' : 'boolean' }] as const,
      ),
    ),
  });
  const given = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const { name, rawName, value, inlineValue } = token;
    const option = Object.hasOwn(options, name) ? options[name] : undefined;
    if (!option || !rawName.startsWith('--')) throw unknown(`option ${rawName}`, `--${name}`, names(options));
    if (option.takes === undefined && value !== undefined) throw usage(`--${name} takes no value.`);
    // What looks like an option is one: its own value was forgotten.
    const isForgotten = value === undefined || (!inlineValue && /^-./.test(value) && !/^-[\d.]/.test(value));
    if (option.takes !== undefined && isForgotten) throw usage(`--${name} takes a value: ${option.takes}.`);
    // The last one counts, so that a script's options can be overruled behind them.
    given.set(name, [...(option.many ? (given.get(name) ?? []) : []), value ?? '']);
  }
  checkArguments(takes, positionals);
  const values = Object.entries(options).map(([name, option]) => [
    name,
    option.read(given.get(name) ?? [], `--${name}`),
  ]);
  // Each value is what its option reads: that is the type of Values.
  return { values: Object.fromEntries(values) as Values<O>, args: positionals };
}

function checkArguments(takes: readonly string[], given: readonly string[]): void {
  const called = (argument: string) =>
    argument
      .replace(/[[\].]/g, '')
      .toLowerCase()
      .replaceAll('_', ' ');
  const missing = takes.find((argument, i) => !argument.startsWith('[') && given[i] === undefined);
  if (missing !== undefined) throw usage(`The ${called(missing)} is missing.`);
  if (given.length <= takes.length || takes.at(-1)?.endsWith('...')) return;
  const one = takes.length === 1 ? `give one ${called(takes[0]!)}` : `it takes ${takes.join(' ') || 'no argument'}`;
  throw usage(`Unexpected argument "${given[takes.length]}": ${one}.`);
}

function names(options: Options): string[] {
  return Object.keys(options).map((name) => `--${name}`);
}

/** The error of a name that is not known, with the nearest one that is. */
export function unknown(what: string, name: string, known: readonly string[], help?: string) {
  const near = known
    .map((one) => ({ one, far: distance(name, one) }))
    .filter(({ one, far }) => far <= Math.max(1, Math.floor(one.replaceAll('-', '').length / 3)))
    .sort((a, b) => a.far - b.far)[0];
  const suggestion = near ? ` Did you mean ${near.one}?` : '';
  return usage(`There is no ${what}.${suggestion}`, help);
}

/** Column at which the help of an option begins, and width of its lines. */
const COLUMN = 25;
const WIDTH = 100;

/** The help of one command: how it is called, what it does, and its options by heading. */
export function helpOf({ name, summary, takes, details, options }: Command, program = 'rewound'): string {
  const called = [program, name, ...takes].filter((word) => word !== '').join(' ');
  const groups = Map.groupBy(Object.entries(options), ([, { group }]) => group ?? 'Options');
  return [
    `${called}${groups.size > 0 ? ' [options]' : ''}`,
    '',
    ...wrapped(summary, 2),
    ...(details === undefined ? [] : ['', ...details.split('\n').flatMap((line) => wrapped(line, 2))]),
    ...[...groups].flatMap(([group, of]) => [
      '',
      `${group}:`,
      ...of.flatMap(([option, about]) => optionLines(option, about)),
    ]),
  ].join('\n');
}

function optionLines(name: string, { takes, help, fallback, many }: Options[string]): string[] {
  const head = `  --${name}${takes === undefined ? '' : ` ${takes}`}`;
  const more = [fallback === undefined ? '' : ` (${fallback})`, many ? '; may be given several times' : ''].join('');
  const [first = '', ...rest] = wrapped(`${help}${more}`, COLUMN);
  if (head.length < COLUMN - 1) return [`${head.padEnd(COLUMN)}${first.trimStart()}`, ...rest];
  return [head, first, ...rest];
}

/** A text in lines of at most WIDTH, all indented. */
function wrapped(text: string, indent: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!;
    if (line !== '' && indent + line.length + 1 + word.length > WIDTH) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.map((line) => ' '.repeat(indent) + line);
}
