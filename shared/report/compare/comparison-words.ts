/** Says in sentences how a comparison ended. */
import { counted, estimate, points, pointsRange, whole } from '../format.ts';
import { named, wrap } from '../text.ts';
import type { Comparison, Facts } from './comparison.ts';
import { differenceWords } from './conditions.ts';

/** Why a comparison ended as it did, in sentences. Nobody is named. */
export function comparisonReasons(facts: Facts & { readonly outcome: Comparison['outcome'] }): string[] {
  const { before, now, comparable } = facts;
  if (now.verdict === 'NOT_DETECTED') {
    return ['No leakage was detected now, so none that is new. That is not a proof of safety.'];
  }
  if (now.verdict !== 'LEAKAGE') {
    return ['This audit makes no claim about leakage, so none about new leakage either.'];
  }
  if (before.verdict === 'NOT_DETECTED') {
    return ['There is leakage, and in the baseline none was detected.', ...(comparable ? [] : [UNLIKE])];
  }
  if (before.verdict !== 'LEAKAGE') {
    return ['There is leakage. The baseline made no claim, so it excuses nothing.'];
  }
  if (!comparable) {
    return [
      'There is leakage now and was in the baseline. Whether it is the same cannot be said: the audits were not made alike.',
      'Make a new baseline with the settings and photos of now.',
    ];
  }
  const reasons = newLeakage(facts);
  if (reasons.length > 0) return reasons;
  return [
    'There is leakage, as there was in the baseline. Nothing shows that it has grown; that is not a proof that it has not.',
    ...reach(facts),
  ];
}

const UNLIKE = 'The audits were not made alike, so part of it may have been there before, unseen.';

function newLeakage({ greater, people }: Facts): string[] {
  const deciding = people?.added.filter(({ decides }) => decides).length ?? 0;
  return [
    ...(greater
      ? [
          'Training people are found more often than in the baseline: the lower end of the difference is above its upper end there.',
        ]
      : []),
    ...(deciding > 0
      ? [
          `${counted(deciding, 'person is', 'people are')} named whom the baseline does not name, surely enough to be leakage without anybody else.`,
        ]
      : []),
  ];
}

/** What would have been called new. */
function reach({ deltas, people }: Facts): string[] {
  const [first] = deltas;
  const rise =
    first?.before && first.now
      ? [
          `A difference of about ${points(first.before.high + first.now.estimate - first.now.low)} points or more would have been called new.`,
        ]
      : [];
  const fewest = people?.fewestByCounting ?? null;
  const counting =
    fewest === null
      ? 'With so few controls, new people are singled out by the fitted tail alone (from 300 controls on), not by counting.'
      : `By counting controls, it takes ${counted(fewest, 'new person', 'new people')} or more, each closer than all of them.`;
  return [...rise, counting];
}

/** The comparison for a terminal. Nobody is named: build logs are read by many. */
export function renderComparisonText(comparison: Comparison): string {
  const { outcome, before, now, deltas, aucs, people, reasons } = comparison;
  const many = deltas.length > 1;
  const by = (recognizer: string) => (many ? `, by ${recognizer}` : '');
  const lines = [
    ...wrap(`${HEADLINES[outcome]}`),
    ...wrap(reasons.join(' ')),
    '',
    ...named('verdict', `${now.verdict}, before ${before.verdict}`),
    ...deltas.flatMap(({ recognizer, before: a, now: b, change }) =>
      a && b && change
        ? named(
            'difference',
            `${points(b.estimate)} points (${pointsRange(b)}), before ${points(a.estimate)} (${pointsRange(a)}): ${points(change.estimate)} (${pointsRange(change)})${by(recognizer)}`,
          )
        : [],
    ),
    ...aucs.flatMap(({ recognizer, before: a, now: b }) =>
      a && b ? named('AUC', `${estimate(b, 2)}, before ${estimate(a, 2)}${by(recognizer)}`) : [],
    ),
    ...(people === null ? [] : named('named', peopleWords(people))),
    ...comparison.differences.flatMap((one) => named(one.decisive ? 'not alike' : 'note', differenceWords(one))),
  ];
  return `${lines.join('\n')}\n`;
}

const HEADLINES: Readonly<Record<Comparison['outcome'], string>> = {
  NEW_LEAKAGE: 'NEW LEAKAGE  This generator gives people away, and the baseline does not excuse it.',
  NO_NEW_LEAKAGE: 'NO NEW LEAKAGE  No leakage beyond that of the baseline was detected.',
  NO_CLAIM: 'NO CLAIM  Whether there is leakage beyond that of the baseline cannot be said.',
};

function peopleWords({ now, kept, gone, added }: NonNullable<Comparison['people']>): string {
  const sure = added.filter(({ decides }) => decides).length;
  const again = added.filter(({ confirmed }) => confirmed).length;
  const fresh =
    added.length === 0 ? '' : ` (${whole(again)} seen again in fresh samples, ${whole(sure)} sure enough alone)`;
  return `${counted(now, 'person', 'people')}: ${whole(kept)} as before, ${whole(added.length)} new${fresh}; ${whole(gone)} of before not named now`;
}
