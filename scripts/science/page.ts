/** Renders docs/science.md. */
import type { Finding } from './finding.ts';
import { type Answer, EXPECTED_FROM, KNOWN, type Known } from './known.ts';
import type { KnownSummary } from './known-summary.ts';

/** docs/science.md */
export function renderPage(
  known: readonly KnownSummary[],
  findings: readonly Finding[],
  facts: { readonly quick: boolean; readonly minutes: number },
): string {
  const topics = [...new Set(findings.map(({ topic }) => topic))];
  return [
    '# What is known of the statistics',
    '',
    `Written by \`npm run science${facts.quick ? ' -- --quick' : ''}\` in ${facts.minutes.toFixed(0)} minutes; the numbers are in bench/science.json.`,
    'Nothing here was measured on pictures: people and samples are drawn as embeddings, or only their scores, and from the',
    'search on everything is an audit’s own code. Which of the two it is stands in each row.',
    '',
    ...HOW,
    '',
    '## Known answers',
    '',
    `Means of ${known[0]?.audits ?? 0} audits of 500 members and 500 controls with 5 photos each and 10,000 samples, in 64 dimensions; photos of one`,
    `person have cosine 0.642 +- 0.063, those of two people 0 +- 0.125. In brackets what was computed apart from this`,
    `project, by other code, as the mean of ${EXPECTED_FROM} audits. Members and controls above the threshold are counted at a false`,
    'match rate of 1 in a million; names are those by counting (conformal, q = 0.1). *Shifted controls* are counted at the',
    'threshold of people who do not resemble each other; its audits are INVALID by the blind gate and name nobody: the',
    'names in its row are those that are kept back.',
    '',
    '| generator | leaked | members above | controls above | Delta | AUC | names | false share | verdicts |',
    '|---|---|---|---|---|---|---|---|---|',
    ...known.map(knownRow),
    '',
    ...topics.flatMap((topic) => [
      `## ${topic}`,
      '',
      '| world | what | value | 95% interval | of | target | |',
      '|---|---|---|---|---|---|---|',
      ...findings.filter((one) => one.topic === topic).map(row),
      '',
    ]),
  ].join('\n');
}

const HOW = [
  '- *embeddings*: 500 members and 500 controls with 2 photos each (3 where people differ in how',
  '  typical they are; 200 and 200 people for rates of emission), 5,000 samples,',
  '  1,999 permutations and 400 bootstraps. 2,000 fresh samples are made where somebody is named, as in every audit.',
  '- *scores*: the best similarity of every person, to the samples and to fresh ones, is drawn from a formula. No gallery,',
  '  and so none of its gates.',
  '- Truth of Delta and of pi: the rates at which members and controls of this world exceed the threshold that the audit',
  '  has set. From scores by formula; from embeddings as the rates of all people of all audits of the row together.',
  '- Truth of a rate of emission: the share of the samples that show the person, times the share of 1,000 new photos of',
  '  the person that are more similar than the threshold to one of theirs, plus the rate at which controls are hit.',
  '  Counted are those who were named and of whom there was a sample.',
];

function knownRow({ key, mean, verdicts }: KnownSummary): string {
  const { name, expected }: Known = KNOWN[key];
  const cell = (of: keyof Answer, digits: number) =>
    Number.isNaN(expected[of]) && Number.isNaN(mean[of])
      ? '-'
      : `${number(mean[of], digits)} (${number(expected[of], digits)})`;
  const said = Object.entries(verdicts).map(([verdict, count]) => `${verdict} ${count}`);
  return `| ${[name, cell('leaked', 3), cell('members', 3), cell('controls', 3), cell('delta', 3), cell('auc', 3), cell('discoveries', 1), cell('falseShare', 2), said.join(', ')].join(' | ')} |`;
}

function row({ world, what, value, low, high, of, target, met }: Finding): string {
  const wanted = target === null ? '' : 'most' in target ? `<= ${target.most}` : `>= ${target.least}`;
  const said = met === null ? '' : met ? 'met' : '**missed**';
  return `| ${[world, what, number(value, 4), `${number(low, 4)} to ${number(high, 4)}`, of, wanted, said].join(' | ')} |`;
}

function number(value: number, digits: number): string {
  return Number.isNaN(value) ? '-' : value.toFixed(digits).replace(/^-(0\.0*)$/, '$1');
}
