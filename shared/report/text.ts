/** Renders the summary for a terminal. */
import { styleText } from 'node:util';
import { printable } from '../printable.ts';
import { confirmed, countGates } from './findings.ts';
import {
  counted,
  decimal,
  estimate,
  oneIn,
  peopleRange,
  percent,
  percentRange,
  points,
  pointsRange,
  pValue,
  whole,
} from './format.ts';
import type { Report } from './model.ts';
import { subjectOf } from './subject.ts';
import { GATES, verdictWords, type Words } from './words.ts';

/**
 * Widest line of the summary, in characters.
 * @internal
 */
export const WIDTH = 88;
const NAME = 12;
const TOP = 3;
/** Characters of a picture's name. */
const NAMES = 32;

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

/** What to know after the numbers: for INVALID what to do, for the others what follows or what does not. */
function closing(report: Report, { means, doesNotMean }: Words): string {
  switch (report.verdict) {
    case 'LEAKAGE':
    case 'RESEMBLANCE_ONLY':
      return means.at(-1) ?? '';
    case 'NOT_DETECTED':
      return doesNotMean.join(' ');
    case 'INVALID': {
      const { failed } = countGates(report);
      return failed[0]?.help ?? report.reasons.slice(0, 2).join(' ');
    }
  }
}

function numberLines(report: Report): [string, string][] {
  const { verdict, rates, delta, auc, permutation, audit, members } = report;
  if (rates === null || verdict === 'INVALID') {
    return [
      ['searched', `${whole(audit.samples)} ${subjectOf(report).samples} for ${whole(members.identities)} people`],
      ...failedLines(report),
    ];
  }
  const side = (name: string, rate: typeof rates.members): [string, string] => [
    name,
    `${percent(rate.rate)} revealed (${percentRange(rate)}), ${whole(rate.hits)} of ${whole(rate.identities)}`,
  ];
  const test = permutation === null ? '' : `, p = ${pValue(permutation.p)}`;
  return [
    side('members', rates.members),
    side('controls', rates.controls),
    ...given(delta, (value) => ['difference', `${points(value.estimate)} points (${pointsRange(value)})${test}`]),
    ...given(auc, (value) => ['AUC', estimate(value, 2)]),
    ...given(report.leakedFraction, ({ people }) => [
      'leaked',
      `about ${whole(people.estimate)} of ${counted(members.identities, 'person', 'people')} beyond chance (${peopleRange(people)})`,
    ]),
    ...namedLine(report),
    ...withholdLine(report),
    powerLine(report),
  ];
}

/** The conditions that failed, each once, however many recognizers it failed for. */
function failedLines(report: Report): [string, string][] {
  const failed = new Map(countGates(report).failed.map((gate) => [gate.name, gate]));
  return [...failed.values()].map(({ name, reason }) => ['not met', `${GATES[name]}. ${reason}`]);
}

function namedLine(report: Report): [string, string][] {
  const { identities, discoveries } = report;
  if (identities.length === 0) return [];
  const again =
    discoveries.fresh === 0
      ? `not looked for in ${subjectOf(report).fresh}`
      : `${whole(confirmed(report).length)} seen again in ${whole(discoveries.fresh)} ${subjectOf(report).fresh}`;
  return [['named', `${counted(identities.length, 'person', 'people')}, ${again}`]];
}

/** How many pictures of a set a publisher would keep back. */
function withholdLine({ published }: Report): [string, string][] {
  if (!published || published.above === null) return [];
  return [['pictures', `${whole(published.above)} of ${whole(published.drawn)} are above the threshold (matches.csv)`]];
}

function powerLine({ power: { detectable, rarest }, published }: Report): [string, string] {
  const leak = detectable === null ? '' : `${whole(detectable.people)} leaked people of ${whole(detectable.of)}; `;
  if (published && published.drawn === published.pictures)
    return ['would catch', `${leak}every picture of the set was searched`];
  return [
    'would catch',
    `${leak}one who appears in ${oneIn(rarest)} ${subjectOf({ published }).samples} (95%${leak === '' ? '' : ' each'})`,
  ];
}

function given<T>(value: T | null, line: (value: T) => [string, string]): [string, string][] {
  return value === null ? [] : [line(value)];
}

function matchLines({ matches, verdict, threshold }: Report): string[] {
  if (verdict === 'INVALID') return [];
  const top = matches.filter(({ role }) => role === 'members').slice(0, TOP);
  return top.flatMap(({ identity, similarity, seed, picture, revealed }, index) => {
    const state = threshold === null ? '' : revealed ? ', above threshold' : ', below threshold';
    const rest = `  ${decimal(similarity)}${state}, ${picture === undefined ? `seed ${seed}` : shorten(printable(picture), NAMES)}`;
    return named(index === 0 ? 'closest' : '', `${shorten(printable(identity), WIDTH - NAME - rest.length)}${rest}`);
  });
}

/** A name in front, its text beside it. */
export function named(name: string, text: string): string[] {
  return wrap(text, WIDTH - NAME).map((line, index) => (index === 0 ? name : '').padEnd(NAME) + line);
}

export function wrap(text: string, width = WIDTH): string[] {
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
