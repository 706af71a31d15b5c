/** Renders every number with its interval. */
import { html, type Markup, type Part } from '../../../markup/escape.ts';
import { table } from '../../../markup/table.ts';
import {
  counted,
  decimal,
  type estimate,
  oneIn,
  peopleRange,
  percent,
  percentRange,
  points,
  pointsRange,
  pValue,
  smallP,
  whole,
} from '../../format.ts';
import type { Rate, Report } from '../../model.ts';
import { subjectOf } from '../../subject.ts';
import { recognizers } from './recognizers.ts';

type Row = readonly [name: string, estimate: Part, interval: Part, basis: Part];

/** Every number with its interval, question by question. What was not measured is not there. */
export function numbers(report: Report): Markup {
  return html`<section id="numbers"><h2>The numbers</h2>${report.verdict === 'INVALID' ? html`<p class="warning">A condition failed: none of these is a finding.</p>` : null}${[
    group('Members against controls', comparison(report)),
    recognizers(report),
    group('Who ranks higher', ranking(report)),
    thresholds(report),
    power(report),
    group('Naming single people', naming(report)),
    group('For comparison with other work', secondary(report)),
    group('Basis', basis(report)),
  ]}</section>`;
}

function group(title: string, rows: readonly Row[]): Markup | null {
  if (rows.length === 0) return null;
  // A column in which nothing stands is left out.
  const ranged = rows.some(([, , interval]) => interval !== '');
  return html`<h3>${title}</h3>${table(
    ['Quantity', 'Estimate', ...(ranged ? ['95% interval'] : []), 'How it is made'],
    rows.map(([name, value, interval, basis]) => [name, value, ...(ranged ? [interval] : []), basis]),
    'text',
    ranged ? 'quantities ranged' : 'quantities',
  )}`;
}

function comparison({ rates, delta, permutation, leakedFraction, members }: Report): Row[] {
  const rate = (name: string, one: Rate): Row => [
    name,
    percent(one.rate),
    percentRange(one),
    `${whole(one.hits)} of ${whole(one.identities)}; Clopper-Pearson`,
  ];
  return [
    ...(rates === null ? [] : [rate('Members revealed', rates.members), rate('Controls revealed', rates.controls)]),
    ...given(
      delta,
      (value): Row => [
        'Difference',
        `${points(value.estimate)} points`,
        pointsRange(value),
        'members minus controls; Newcombe. The primary estimate',
      ],
    ),
    ...given(
      permutation,
      ({ p, draws }): Row => [
        'Permutation test',
        `p = ${pValue(p)}`,
        '',
        `one-sided, ${counted(draws, 'relabelling', 'relabellings')} of whole people`,
      ],
    ),
    ...given(
      leakedFraction,
      (value): Row => [
        'Members leaked beyond chance',
        percent(value.estimate),
        percentRange(value),
        'of the members that chance would not have revealed, the share that is',
      ],
    ),
    ...given(
      leakedFraction,
      ({ people }): Row => [
        'That many people',
        whole(people.estimate),
        peopleRange(people),
        `of ${whole(members.identities)}`,
      ],
    ),
  ];
}

function ranking({ auc, aucPermutation, tpr, overRepresentation }: Report): Row[] {
  const parts = (value: Parameters<typeof estimate>[0], digits = 3): [string, string] => [
    decimal(value.estimate, digits),
    `${decimal(value.low, digits)} to ${decimal(value.high, digits)}`,
  ];
  return [
    ...given(
      auc,
      (value): Row => [
        'Area under the ROC',
        ...parts(value),
        'chance that a random member is matched more closely than a random control; bootstrap over people',
      ],
    ),
    ...given(
      aucPermutation,
      ({ p, draws }): Row => [
        'Permutation test of the area',
        `p = ${pValue(p)}`,
        '',
        `labels shuffled ${whole(draws)} times; no part of the verdict`,
      ],
    ),
    ...tpr.map(
      ({ fpr, tpr: value }): Row => [
        `Members found where ${percent(fpr)} of controls are`,
        percent(value.estimate),
        percentRange(value),
        `true positives at ${percent(fpr)} false positives`,
      ],
    ),
    ...given(
      overRepresentation,
      ({ oddsRatio, people, p }): Row => [
        'Twice the photos, odds of being revealed',
        `× ${decimal(oddsRatio.estimate, 2)}`,
        `${decimal(oddsRatio.low, 2)} to ${decimal(oddsRatio.high, 2)}`,
        `logistic regression over ${counted(people, 'member', 'members')}, p = ${pValue(p)}`,
      ],
    ),
  ];
}

function thresholds({ thresholds: list }: Report): Markup | null {
  if (list.length === 0) return null;
  const rate = (one: Rate | null, side: string): Part =>
    one === null
      ? null
      : html`${percent(one.rate)} <span class="soft">${percentRange(one)}</span><span class="narrow"> of ${side}</span>`;
  const sides = list.some(({ members }) => members !== null);
  const compared = list.some(({ controls }) => controls !== null);
  return html`<h3>Thresholds by false match rate</h3><p class="lede">How often a recognizer takes two strangers for one person, measured on pairs of real photos. These thresholds serve comparison with other work; after so many samples each of them reveals people by chance, which is why the verdict uses a stricter one, made from controls.</p>${table(
    [
      'False matches',
      'Similarity above',
      'Pairs behind it',
      ...(sides ? ['Members above'] : []),
      ...(compared ? ['Controls above'] : []),
    ],
    list.map((one) => [
      oneIn(one.fmr),
      html`${decimal(one.value)} <span class="soft">${decimal(one.low)} to ${decimal(one.high)}</span>${one.extrapolated ? html` <span class="tag">extrapolated</span>` : null}`,
      html`${whole(one.falseMatches)} of ${whole(one.pairs)} <span class="soft">of ${counted(one.identities, 'person', 'people')}</span>`,
      ...(sides ? [rate(one.members, 'members')] : []),
      ...(compared ? [rate(one.controls, 'controls')] : []),
    ]),
    'text',
  )}${
    list.some(({ extrapolated }) => extrapolated)
      ? html`<p class="small"><span class="tag">extrapolated</span> Fewer than 30 pairs lie above: the value continues a curve (generalised Pareto) fitted to the closest 1% of pairs, at most 1,000.</p>`
      : null
  }`;
}

function power(report: Report): Markup {
  const { genuineRate, samplesFor, detectable } = report.power;
  const { published } = report;
  const isWhole = published !== undefined && published.drawn === published.pictures;
  const rows: Row[] = [
    ...given(
      detectable,
      ({ people, of, probability }): Row => [
        'Leaked people that would be caught',
        `${whole(people)} or more of ${whole(of)}`,
        '',
        `with ${percent(probability)} probability the verdict would have been LEAKAGE`,
      ],
    ),
    ...(isWhole ? [] : rarestRows(report)),
    ...given(
      genuineRate,
      (value): Row => [
        'Recognizer knows a person again',
        percent(value.estimate),
        percentRange(value),
        'photos more similar than the threshold to another photo of the same person',
      ],
    ),
  ];
  return html`${group('What the audit would have caught', rows)}${
    samplesFor.length === 0 || published
      ? null
      : html`<p class="small">To see somebody at least once with 95% probability takes ${samplesFor
          .map(({ p, samples }) => `${whole(samples)} samples for one who appears in ${oneIn(p)}`)
          .join(', ')}.</p>`
  }`;
}

/** What may have been missed because few samples were made. */
function rarestRows(report: Report): Row[] {
  const { rarest, zeroHitBound } = report.power;
  const { sample, samples } = subjectOf(report);
  return [
    [
      'Rarest person seen at least once',
      oneIn(rarest),
      '',
      `with 95% probability, in ${counted(report.audit.samples, sample, samples)}; whoever never came up appears no more often, with 95% confidence (rule of three: ${oneIn(zeroHitBound.ruleOfThree)})`,
    ],
    ...given(
      zeroHitBound.adjusted,
      (value): Row => ['The same, as the recognizer errs', oneIn(value), '', 'divided by the rate below'],
    ),
  ];
}

function naming({ discoveries, controls, identities, members }: Report): Row[] {
  if (controls === null) return [];
  const { q, controlsNeeded, gumbel, fresh } = discoveries;
  return [
    [
      'People named',
      whole(identities.length),
      '',
      `of ${whole(members.identities)}, with a false discovery rate of ${percent(q)} (Benjamini-Hochberg)`,
    ],
    ...given(
      controlsNeeded,
      (needed): Row => [
        'Controls needed to name a single person',
        whole(needed),
        '',
        controls.identities >= needed
          ? `by counting alone; there were ${whole(controls.identities)}`
          : `by counting alone; with the ${whole(controls.identities)} there were, a lone person can only be named by the fitted tail`,
      ],
    ),
    ...given(
      gumbel,
      ({ location, scale, ks, p }): Row => [
        'Tail fitted to the controls',
        `Gumbel ${decimal(location)}, ${decimal(scale)}`,
        '',
        `location and scale; Kolmogorov-Smirnov distance ${decimal(ks)}, p = ${smallP(p)}`,
      ],
    ),
    ...(fresh === 0
      ? []
      : [['Fresh samples', whole(fresh), '', 'made to confirm the people named; no part in naming them'] as const]),
  ];
}

function secondary({ secondary: { zu, authenticity, distanceRatio } }: Report): Row[] {
  return [
    ...given(
      zu,
      (value): Row => [
        'Data-copying test, Z_U',
        decimal(value, 2),
        '',
        'far below 0: samples lie nearer to members than other real faces do (Meehan et al. 2020)',
      ],
    ),
    ...given(
      authenticity,
      (value): Row => [
        'Authentic samples',
        percent(value.estimate),
        percentRange(value),
        'not nearer to their nearest training face than that face is to the next one (Alaa et al. 2022)',
      ],
    ),
    ...given(
      distanceRatio,
      (value): Row => [
        'Nearest-neighbour distance ratio',
        decimal(value),
        '',
        'distance of the median member to the nearest sample over that of the median control; below 1: samples lie nearer to members',
      ],
    ),
  ];
}

function basis({ threshold, generator: { searched, undetected }, audit }: Report): Row[] {
  const share = searched === 0 ? '' : ` (${percent(undetected / searched)})`;
  return [
    ...given(
      threshold,
      ({ value, source, identities }): Row => [
        'Threshold of the verdict',
        decimal(value, 4),
        '',
        `${source} ${counted(identities, 'control identity', 'control identities')} set it and took no further part.`,
      ],
    ),
    [
      'Samples without a face',
      `${whole(undetected)}${share}`,
      '',
      searched === audit.samples
        ? 'of all samples; they reveal nobody'
        : `of the ${whole(searched)} looked at: faces lie in the same place, so the others were not searched`,
    ],
  ];
}

function given<T>(value: T | null, row: (value: T) => Row): Row[] {
  return value === null ? [] : [row(value)];
}
