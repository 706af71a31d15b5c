import { styleText } from 'node:util';
import { decimal, estimate, percent, percentRange, points, pointsRange, pValue, whole } from './format.ts';
import type { Report } from './model.ts';
import { verdictWords, type Words } from './words.ts';

/** Widest line of the summary, in characters. */
export const WIDTH = 88;
const NAME = 12;
const TOP = 3;

export interface TextOptions {
  /** Colour with ANSI escapes; off by default, since the summary may go into a file. */
  readonly colour?: boolean;
}

/** The summary for a terminal: verdict, key numbers with intervals, closest matches, and what it means. */
export function renderText(report: Report, { colour = false }: TextOptions = {}): string {
  const words = verdictWords(report);
  const paint = (style: Parameters<typeof styleText>[0], text: string) =>
    colour ? styleText(style, text, { validateStream: false }) : text;
  const bold = report.verdict === 'LEAKAGE' ? (['bold', 'red'] as const) : (['bold'] as const);
  const lines = [
    ...wrap(`${report.verdict}  ${words.headline}`).map((text) => paint([...bold], text)),
    ...wrap(words.qualifier),
    '',
    ...numberLines(report).flatMap(([name, text]) => named(name, text)),
    ...matchLines(report),
    '',
    ...wrap(closing(report, words)),
  ];
  return `${lines.join('\n')}\n`;
}

/** What to know after the numbers: for INVALID the reason, for the others what follows or what does not. */
function closing({ verdict, reasons }: Report, { means, doesNotMean }: Words): string {
  switch (verdict) {
    case 'LEAKAGE':
      return means[0] ?? '';
    case 'NOT_DETECTED':
      return doesNotMean.join(' ');
    case 'RESEMBLANCE_ONLY':
      return means.at(-1) ?? '';
    case 'INVALID':
      return reasons.slice(0, 2).join(' ');
  }
}

function numberLines({ verdict, rates, delta, auc, permutation, audit, members }: Report): [string, string][] {
  if (rates === null || verdict === 'INVALID') {
    return [['searched', `${whole(audit.samples)} samples for ${whole(members.identities)} people`]];
  }
  const side = (name: string, rate: typeof rates.members): [string, string] => [
    name,
    `${percent(rate.rate)} revealed (${percentRange(rate)}), ${whole(rate.hits)} of ${whole(rate.identities)}`,
  ];
  const test = permutation === null ? '' : `, p = ${pValue(permutation.p)}`;
  return [
    side('members', rates.members),
    side('controls', rates.controls),
    ...(delta === null
      ? []
      : [['difference', `${points(delta.estimate)} points (${pointsRange(delta)})${test}`] as [string, string]]),
    ...(auc === null ? [] : [['AUC', estimate(auc, 2)] as [string, string]]),
  ];
}

function matchLines({ matches, verdict, threshold }: Report): string[] {
  if (verdict === 'INVALID') return [];
  const top = matches.filter(({ role }) => role === 'members').slice(0, TOP);
  return top.flatMap(({ identity, similarity, seed, revealed }, index) => {
    const state = threshold === null ? '' : revealed ? ', above threshold' : ', below threshold';
    const rest = `  ${decimal(similarity)}${state}, seed ${seed}`;
    return named(index === 0 ? 'closest' : '', `${shorten(printable(identity), WIDTH - NAME - rest.length)}${rest}`);
  });
}

/** A name in front, its text beside it. */
function named(name: string, text: string): string[] {
  return wrap(text, WIDTH - NAME).map((line, index) => (index === 0 ? name : '').padEnd(NAME) + line);
}

function wrap(text: string, width = WIDTH): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of printable(text)
    .split(' ')
    .flatMap((piece) => slices(piece, width))) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (longer.length > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}

function slices(word: string, width: number): string[] {
  return word.length <= width ? [word] : (word.match(new RegExp(`.{1,${width}}`, 'gs')) ?? []);
}

function shorten(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}

/** A folder's name may hold escape sequences; a terminal must never see them. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\uFFFD');
}
