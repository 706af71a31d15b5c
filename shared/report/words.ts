/** Says in plain words what verdicts and gates mean. */
import { confirmed as confirmedPeople, decidingPeople, decidingResult } from './findings.ts';
import { counted, oneIn, peopleRange, percent, percentRange, points, pValue, whole } from './format.ts';
import type { Gate, Named, Published, Report } from './model.ts';
import { subjectOf } from './subject.ts';

/** What a verdict says in plain language, for the page and for the terminal alike. */
export interface Words {
  /** The verdict as one sentence. */
  readonly headline: string;
  /** The sentence that must never be separated from it. */
  readonly qualifier: string;
  readonly means: readonly string[];
  readonly doesNotMean: readonly string[];
  /** What the audit would have caught, and what it would have missed; empty where that would be no comfort. */
  readonly caught: readonly string[];
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

/** What a gate asks, as a condition that is met or not. */
export const GATES: Readonly<Record<Gate['name'], string>> = {
  size: 'Enough people to compare',
  faces: 'Enough faces in the samples',
  scores: 'Similarities differ from person to person',
  blind: 'Both groups look alike without the generator',
  spread: 'Both groups vary alike without the generator',
  matcher: 'The recognizer knows a person again',
  placebo: 'Real faces in place of the generator reveal nobody',
  sides: 'Controls are not found more often than members',
};

/** "8 or more leaked people of 80 would have been caught, with 95% probability". */
function detectableWords({ detectable }: Report['power']): string | null {
  if (detectable === null) return null;
  const { people, of, probability } = detectable;
  const most =
    people >= of
      ? `Only a leak of all ${whole(of)} people`
      : `A leak of ${whole(people)} or more people of ${whole(of)}`;
  return `${most} would have been caught with ${percent(probability)} probability.`;
}

/** "in 96 of 10,000 fresh samples". */
export function freshWords({ fresh, confirmed }: Named, report: Pick<Report, 'published'>): string {
  const samples = subjectOf(report).fresh;
  if (fresh === null) return `not looked for in ${samples}`;
  if (fresh.hits === 0 && confirmed) return `close again in ${whole(fresh.samples)} ${samples}, below the threshold`;
  if (fresh.hits === 0) return `in none of ${whole(fresh.samples)} ${samples}`;
  return `in ${whole(fresh.hits)} of ${whole(fresh.samples)} ${samples}`;
}

function leakage(report: Report): Words {
  const { headline, qualifier } = decidingResult(report) === null ? leakedPeople(report) : leakedGroup(report);
  const { rates, leakedFraction } = report;
  const chance = rates === null ? 'Some people' : `About ${percent(rates.controls.rate)} of people`;
  const named = namedWords(report);
  return {
    headline,
    qualifier,
    means: [
      ...(leakedFraction === null || leakedFraction.low <= 0
        ? []
        : [
            `About ${whole(leakedFraction.people.estimate)} of the ${whole(report.members.identities)} training people are given away beyond chance, with 95% confidence ${peopleRange(leakedFraction.people)}.`,
          ]),
      ...(named === null ? [] : [named]),
      report.published
        ? 'Whoever has these pictures and a photo of a person can learn that this person was in the training set. Publishing them discloses personal data; "rewound withhold" lists the pictures to keep back.'
        : 'Whoever can sample this generator and has a photo of a person can learn that this person was in the training set. Publishing it, or many of its samples, discloses personal data.',
    ],
    doesNotMean: [
      `Not every single match is proof about that one person. ${chance} would be matched this closely by chance; the finding is what goes beyond that.`,
      `People who are not listed are not thereby safe: more ${subjectOf(report).samples}, or a stronger recognizer, may find more of them.`,
    ],
    caught: caught(report),
  };
}

/** Members as a group stand out. */
function leakedGroup(report: Report): Pick<Words, 'headline' | 'qualifier'> {
  const result = decidingResult(report);
  const delta = result?.delta ?? report.delta;
  const p = result?.permutation?.p ?? null;
  const subject = subjectOf(report);
  const by =
    result === null || result === report.results[0] ? '' : `By the recognizer ${result.recognizer.name}, training`;
  return {
    headline: `${subject.This} gives away people ${subject.trained}.`,
    qualifier:
      delta === null
        ? 'Training people are found more often than people it never saw.'
        : `${by || 'Training'} people are found ${points(delta.estimate).replace('+', '')} points more often than people it never saw, ` +
          `with 95% confidence at least ${points(delta.low).replace('+', '')} points more` +
          `${p === null ? '' : ` (permutation p = ${pValue(p)})`}.`,
  };
}

/** The group does not stand out; one or a few people do. */
function leakedPeople(report: Report): Pick<Words, 'headline' | 'qualifier'> {
  const people = decidingPeople(report);
  const [most] = people;
  if (most === undefined) return leakedGroup(report);
  const alone = people.length === 1;
  const who = `${alone ? 'One' : whole(people.length)} of ${whole(report.members.identities)} training people`;
  const seen = freshWords(most, report);
  const subject = subjectOf(report);
  return {
    headline: alone
      ? `${subject.This} gives away a person ${subject.trained}.`
      : `${subject.This} gives away some people ${subject.trained}.`,
    qualifier:
      `${who} ${alone ? 'comes' : 'come'} up again and again, far closer than anybody it never saw: ` +
      `${alone ? `${seen}, which had no part in naming that person. ` : `the most frequent ${seen}, which had no part in naming anybody. `}` +
      'The group of training people as a whole is not found more often than chance.',
  };
}

/** How many people are named, how many of them twice over, and how far that can be trusted. */
function namedWords(report: Report): string | null {
  const { identities, discoveries } = report;
  if (identities.length === 0) return null;
  const again = confirmedPeople(report).length;
  const { fresh } = subjectOf(report);
  const samples = `${whole(discoveries.fresh)} ${fresh} that had no part in naming anybody`;
  const check =
    discoveries.fresh === 0
      ? report.published
        ? 'The set is too small to set pictures apart, so nothing confirms that.'
        : 'No fresh samples were made to confirm that.'
      : again === 0
        ? `None came up again in ${samples}.`
        : `${again < identities.length ? whole(again) : again === 1 ? 'This person' : 'All of them'} came up again in ${samples}.`;
  return `${counted(identities.length, 'person is', 'people are')} named below. Of people named this way, on average at most ${percent(discoveries.q)} are there by chance. ${check}`;
}

function notDetected(report: Report): Words {
  const { delta, rates, leakedFraction } = report;
  const bound = delta === null ? null : points(Math.max(0, delta.high)).replace('+', '');
  const named = namedWords(report);
  return {
    headline: 'No leakage was detected.',
    qualifier:
      bound === null
        ? 'That is not a proof of safety.'
        : `That is not a proof of safety: what was seen still allows training people to be found up to ${bound} points more often than others. Only a larger difference is ruled out, with 95% confidence.`,
    means: [
      `The difference between training people and people ${subjectOf(report).the} never saw could be chance.`,
      ...(leakedFraction === null
        ? []
        : [
            `It is compatible with up to ${whole(leakedFraction.people.high)} of the ${whole(report.members.identities)} training people being given away.`,
          ]),
      ...(rates === null
        ? []
        : [`The matches below are what chance produces: about ${percentRange(rates.controls)} of people get one.`]),
      ...(named === null ? [] : [`${named} That is not enough for the verdict, but worth a closer look.`]),
    ],
    doesNotMean: [
      report.published
        ? 'It does not say that the pictures are safe to publish.'
        : 'It does not say that the generator is safe to publish.',
      'It does not say that a person the recognizer cannot recognise, or one who comes up rarely, was not learned.',
    ],
    caught: caught(report),
  };
}

/** How much would have been noticed: never without what would not. */
function caught(report: Report): string[] {
  const { power, audit, controls, published } = report;
  const { rarest, zeroHitBound, genuineRate } = power;
  const sometimes =
    genuineRate === null || zeroHitBound.adjusted === null
      ? ' How often the recognizer fails to know a person again is not known, and would add to that.'
      : ` The recognizer knows ${percent(genuineRate.estimate)} of photos by another photo of the same person; counting those it misses, that is ${oneIn(zeroHitBound.adjusted)}.`;
  return [
    ...(controls === null
      ? []
      : [
          detectableWords(power) ?? 'With so few people, not even a leak of all of them would surely have been caught.',
        ]),
    ...(published ? [searchedWords(published, audit.samples)] : []),
    ...(rarest > 0 && (!published || published.drawn < published.pictures)
      ? [
          `A person who appears in fewer than ${oneIn(rarest)} ${subjectOf(report).samples} may have been missed, as ${counted(audit.samples, `${subjectOf(report).sample} was`, `${subjectOf(report).samples} were`)} ${subjectOf(report).made}.${sometimes}`,
        ]
      : []),
  ];
}

/** How much of a set was searched. */
function searchedWords({ pictures, drawn, apart, unreadable }: Published, searched: number): string {
  const all =
    drawn === pictures
      ? `Every picture of the set was searched: ${whole(drawn)}`
      : `${whole(drawn)} of ${whole(pictures)} pictures were drawn by chance and searched`;
  const parts =
    apart > 0 ? `, ${whole(searched)} for the verdict and ${whole(apart)} that were set apart to confirm it` : '';
  const lost = unreadable > 0 ? ` ${whole(unreadable)} of them could not be read.` : '';
  return `${all}${parts}.${lost} A person who is not recognised in a picture was missed.`;
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
    caught: caught(report),
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
      'It does not say that nobody is given away.',
      'It does not say that it leaks: differences seen here can come from the photos alone.',
    ],
    caught: [],
  };
}
