/** Judges the conditions that depend on the gallery and the recognizer. */
import type { Blind } from '../gallery/blind.ts';
import type { GenuineMatches } from '../gallery/profile.ts';
import { aucInterval } from '../numbers/auc.ts';
import { clusteredRate } from '../numbers/clustered.ts';
import type { Interval } from '../numbers/intervals.ts';
import type { Draws } from '../numbers/permutation.ts';
import type { Gate } from './gate.ts';

const ALIKE_HELP =
  'Take members and controls from one collection: the same years, cameras and lighting, the same way of cutting out ' +
  'faces, and people of the same ages and origins; best split one list of people at random before training.';

/**
 * Whether members and controls can be told apart without the generator. It fails if the 95% interval of the area under
 * the ROC curve lies above 0.5: then the two sides differ in more than the training, and hits mean nothing.
 *
 * The interval is the wider, at either end, of two: a bootstrap of identities, and the one that shuffled labels give,
 * taken over to the area observed on the scale of log odds. By the second it lies above 0.5 exactly where at most 2.5%
 * of the shuffles reach so high an area; the first alone would be too narrow (see blind.ts).
 */
export function blindGate({ scores, nullAucs }: Blind, isMember: Uint8Array, draws: Draws): Gate {
  const side = (wanted: number) => scores.filter((score, i) => isMember[i] === wanted && !Number.isNaN(score));
  const [members, controls] = [side(1), side(0)];
  if (members.length === 0 || controls.length === 0 || nullAucs.length === 0) {
    return {
      name: 'blind',
      passed: null,
      value: null,
      reason:
        'Could not be judged: with fewer than two members or two controls nobody can say whether the two sides differ ' +
        'before any generator is asked.',
      help: 'Give photos of more people, better hundreds on each side.',
    };
  }
  const { value, noticed } = blindInterval(members, controls, nullAucs, draws);
  const passed = value.low <= 0.5;
  return {
    name: 'blind',
    passed,
    value,
    reason:
      `From the real photos alone, without the generator, the member of a pair of one member and one control is told ` +
      `in ${share(value.estimate)} of pairs (95% interval ${share(value.low)} to ${share(value.high)}; 50% is guessing). ` +
      (passed
        ? `With ${members.length} members and ${controls.length} controls, a difference that shows in more than ` +
          `${share(noticed)} of pairs would have been noticed.`
        : 'Members and controls differ in more than the training, so being revealed more often would mean nothing.'),
    help: ALIKE_HELP,
  };
}

function blindInterval(members: Float32Array, controls: Float32Array, nullAucs: Float32Array, draws: Draws) {
  const { estimate, low, high } = aucInterval(members, controls, draws);
  const sorted = Float64Array.from(nullAucs).sort();
  const quantile = (p: number) =>
    sorted[Math.min(sorted.length, Math.max(1, Math.round(p * (sorted.length + 1)))) - 1]!;
  const [lower, upper] = [quantile(0.025), quantile(0.975)];
  // An area of exactly 0 or 1 has no log odds: half a pair short of it has.
  const speck = 1 / (2 * members.length * controls.length);
  const observed = logit(Math.min(1 - speck, Math.max(speck, estimate)));
  return {
    value: {
      estimate,
      low: Math.min(low, estimate, logistic(observed - logit(upper))),
      high: Math.max(high, estimate, logistic(observed - logit(lower))),
    },
    noticed: upper,
  };
}

/** A recognizer that knows fewer than half of all people again would miss most leaks. */
const LEAST_GENUINE = 0.5;

/**
 * Whether the recognizer has the power to see a leak at the audit's threshold: at least half of all photos must be more
 * similar than it to another photo of their person. That is how a person is scored, too: by the best of their photos.
 */
export function matcherGate(genuine: GenuineMatches, threshold: number): Gate {
  const value = genuineRate(genuine, threshold);
  if (!value) {
    return {
      name: 'matcher',
      passed: null,
      value: null,
      reason:
        'Could not be judged: nobody has two photos that take part, so nothing shows whether a person who is given away ' +
        'would be recognised.',
      help: 'Give two or more photos of every person.',
    };
  }
  const photos = genuine.similarity.length;
  const people = new Set(genuine.identity).size;
  return {
    name: 'matcher',
    passed: value.estimate >= LEAST_GENUINE,
    value,
    reason:
      `Of ${photos} photos of ${people} people, ${share(value.estimate)} are more similar than the threshold to another ` +
      `photo of the same person (95% interval ${share(value.low)} to ${share(value.high)})` +
      (value.estimate >= LEAST_GENUINE
        ? '.'
        : ': most people who are given away would go unnoticed, so finding nothing would mean nothing.'),
    help:
      'Use a recognizer that is made for such photos, or audit the generator at a higher resolution; at this one people ' +
      'cannot be told apart well enough.',
  };
}

/**
 * The share of photos that are recognised at the threshold by another photo of their person, with an interval over
 * people; null where nobody has two.
 */
export function genuineRate({ identity, similarity }: GenuineMatches, threshold: number): Interval | null {
  if (similarity.length === 0) return null;
  const clusters = new Map<number, { hits: number; trials: number }>();
  for (const [i, person] of identity.entries()) {
    const cluster = clusters.get(person) ?? { hits: 0, trials: 0 };
    cluster.trials += 1;
    if (similarity[i]! > threshold) cluster.hits += 1;
    clusters.set(person, cluster);
  }
  return clusteredRate([...clusters.values()]);
}

/**
 * Whether faces of real people whom no generator made find members as often as controls: `delta` is the audit's own
 * comparison with `faces` of a third set in the generator's place, null where none was given. It fails if the 95%
 * interval excludes 0, on either side.
 */
export function placeboGate(delta: Interval | null, faces: number): Gate {
  const named = { name: 'placebo', value: delta } as const;
  if (!delta) {
    return {
      ...named,
      passed: null,
      reason: 'Could not be judged: no third set of photos was given to put in the place of the generator.',
      help: 'Give photos of people who are neither members nor controls, from the same collection.',
    };
  }
  const passed = delta.low <= 0 && delta.high >= 0;
  return {
    ...named,
    passed,
    reason:
      `With ${faces} faces of other real people in the place of the generator, members are revealed ` +
      `${points(Math.abs(delta.estimate))} percentage points ${delta.estimate < 0 ? 'less' : 'more'} often than controls ` +
      `(95% interval ${points(delta.low)} to ${points(delta.high)}). ` +
      (passed
        ? `A difference of more than ${points(Math.max(delta.high - delta.estimate, delta.estimate - delta.low))} ` +
          'points would have been noticed.'
        : 'No generator made these faces, so such a difference does not come from the training.'),
    help: ALIKE_HELP,
  };
}

function share(value: number): string {
  return `${(100 * value).toFixed(1)}%`;
}

function points(value: number): string {
  const text = (100 * value).toFixed(1);
  return text === '-0.0' ? '0.0' : text;
}

function logit(p: number): number {
  return Math.log(p / (1 - p));
}

function logistic(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/**
 * Whether the sides are what they are called. A generator cannot know people it never saw better than those it was
 * trained on: where controls are found more often, the sides were swapped, or the controls were trained on.
 *
 * @param auc the probability that a member is found more closely than a control, with its interval.
 */
export function sidesGate(auc: Interval): Gate {
  const passed = auc.high >= 0.5;
  return {
    name: 'sides',
    passed,
    value: auc,
    reason: passed
      ? 'Controls are not found more often than members.'
      : 'Controls are found more often than members: the sides look swapped, or the controls were trained on.',
    help: 'Check which folder is which, and that no control was in the training data; then run the audit again.',
  };
}
