import { percent, percentRange, points, pValue, whole } from './format.ts';
import type { Report } from './model.ts';

/** What a verdict says in plain language, for the page and for the terminal alike. */
export interface Words {
  /** The verdict as one sentence. */
  readonly headline: string;
  /** The sentence that must never be separated from it. */
  readonly qualifier: string;
  readonly means: readonly string[];
  readonly doesNotMean: readonly string[];
}

export function verdictWords(report: Report): Words {
  switch (report.verdict) {
    case 'LEAKAGE':
      return leakage(report);
    case 'NOT_DETECTED':
      return notDetected(report);
    case 'RESEMBLANCE_ONLY':
      return resemblanceOnly(report);
    case 'INVALID':
      return invalid();
  }
}

function leakage(report: Report): Words {
  const { delta, permutation, rates } = report;
  const chance = rates === null ? 'Some' : `About ${percent(rates.controls.rate)} of people`;
  return {
    headline: 'This generator gives away people it was trained on.',
    qualifier:
      delta === null
        ? 'Training people are found more often than people it never saw.'
        : `Training people are found ${points(delta.estimate).replace('+', '')} points more often than people it never saw, ` +
          `with 95% confidence at least ${points(delta.low).replace('+', '')} points more` +
          `${permutation === null ? '' : ` (permutation p = ${pValue(permutation.p)})`}.`,
    means: [
      'Whoever can sample this generator and has a photo of a person can learn that this person was in the training set.',
      'Publishing the generator, or many of its samples, discloses personal data of the people below.',
    ],
    doesNotMean: [
      `Not every single match is proof about that one person. ${chance} would be matched this closely by chance; the finding is the difference between the two groups.`,
      'People who are not listed are not thereby safe: more samples, or a stronger recognizer, may find more of them.',
    ],
  };
}

function notDetected(report: Report): Words {
  const { delta, audit, rates } = report;
  const bound = delta === null ? null : points(Math.max(0, delta.high)).replace('+', '');
  return {
    headline: 'No leakage was detected.',
    qualifier:
      bound === null
        ? 'That is not a proof of safety.'
        : `That is not a proof of safety: what was seen still allows training people to be found up to ${bound} points more often than others. Only a larger difference is ruled out, with 95% confidence.`,
    means: [
      'The difference between training people and people the generator never saw could be chance.',
      ...(rates === null
        ? []
        : [`The matches below are what chance produces: about ${percentRange(rates.controls)} of people get one.`]),
    ],
    doesNotMean: [
      'It does not say that the generator is safe to publish.',
      audit.samples > 0
        ? `A face made less often than about 3 times in ${whole(audit.samples)} samples may never have come up, and a person the recognizer cannot recognise would have been missed.`
        : 'A face that is made rarely may never have come up.',
    ],
  };
}

function resemblanceOnly(report: Report): Words {
  const alone = report.controls === null;
  return {
    headline: 'Resemblance only.',
    qualifier: alone
      ? 'There was no comparison group. Without people from the same collection that the generator never saw, likeness by chance and leakage look the same.'
      : 'The comparison group does not allow a claim about leakage; likeness by chance and leakage look the same.',
    means: [
      'The pairs below show how close generated faces come to the people in the photos.',
      'To ask whether anybody was leaked, run the audit again with controls: photos from the same source, of people who were not trained on.',
    ],
    doesNotMean: [
      'It does not say that these people were leaked. Even a generator that never saw them makes lookalikes.',
      'It does not say that they were not.',
    ],
  };
}

function invalid(): Words {
  return {
    headline: 'No claim is possible.',
    qualifier: 'A condition for a sound result was not met, so this audit says nothing about leakage, either way.',
    means: [
      'The reason is stated beside this; with it put right, the same audit can be run again.',
      'Whatever was measured is kept further down to find the cause. It is not a finding.',
    ],
    doesNotMean: [
      'It does not say that the generator is clean.',
      'It does not say that it leaks: differences seen here can come from the photos alone.',
    ],
  };
}
