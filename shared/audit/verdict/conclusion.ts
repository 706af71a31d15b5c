/** Combines what the recognizers say into the verdict. */
import type { Comparison } from '../evidence/comparison.ts';
import type { Named } from '../evidence/naming.ts';
import { holm } from '../numbers/holm.ts';
import type { Analysis } from './analysis.ts';
import type { Gate } from './gate.ts';
import { explain } from './reasons.ts';
import { DECISIVE_Q, decide, type Verdict } from './verdict.ts';

/** A gate, and whose it is: a recognizer's place, or null for all. */
export interface OwnedGate extends Gate {
  readonly recognizer: number | null;
}

/** A named member, in the numbers of the first recognizer that names them. */
export interface NamedPerson extends Named {
  /** Its place. */
  readonly recognizer: number;
  /** How many recognizers name them. */
  readonly agree: number;
}

export interface Conclusion {
  readonly verdict: Verdict;
  readonly reasons: readonly string[];
  readonly gates: readonly OwnedGate[];
  /** Of each recognizer; null where it does not judge. */
  readonly pHolm: readonly (number | null)[];
  /** Nobody where the audit is invalid: such names would mean nothing. */
  readonly people: readonly NamedPerson[];
}

interface Judge {
  readonly place: number;
  readonly comparison: Comparison;
  readonly named: readonly Named[];
}

/** What a conclusion needs to know of the audit beside its analyses. */
export interface ConcludeOptions {
  readonly controlsGiven: boolean;
  readonly samples: number;
  /** Whether the samples are pictures that were given, and not a generator's. */
  readonly given?: boolean;
}

/**
 * From what each recognizer says to the verdict. A recognizer that cannot tell people apart at the threshold does not
 * judge, as long as another one can; any other failed gate makes the audit invalid. With several judges each must be
 * the surer: p values are adjusted by Holm's method, and levels at which one person decides are divided by their number.
 */
export function conclude(
  analyses: readonly Analysis[],
  { controlsGiven, samples, given = false }: ConcludeOptions,
): Conclusion {
  const [first] = analyses;
  if (!first) throw new RangeError('Nobody was asked.');
  const able = [...analyses.keys()].filter((place) => analyses[place]!.gates.every(isAble));
  const gates: OwnedGate[] = [
    ...first.common.map((gate) => ({ ...gate, recognizer: null })),
    ...analyses.flatMap((analysis, recognizer) => analysis.gates.map((gate) => ({ ...gate, recognizer }))),
  ];
  const binding =
    able.length > 0 ? gates.filter(({ recognizer }) => recognizer === null || able.includes(recognizer)) : gates;
  const judges = able.flatMap((place): Judge[] => {
    const { comparison, naming } = analyses[place]!;
    return comparison && naming ? [{ place, comparison, named: naming.named }] : [];
  });
  const adjusted = holm(judges.map(({ comparison }) => comparison.permutation.p));
  const tests = judges.map(({ comparison, named }, i) => ({
    delta: comparison.delta,
    pHolm: adjusted[i]!,
    decisive: named.filter((one) => decides(one, judges.length)).length,
  }));
  const verdict = decide({ gates: binding, controlsGiven, tests });
  const people = verdict === 'INVALID' ? [] : gather(judges);
  const leading = tests.reduce((best, { pHolm }, i) => (pHolm < tests[best]!.pHolm ? i : best), 0);
  const judge = judges[leading];
  return {
    verdict,
    reasons: explain({
      verdict,
      gates: binding,
      samples,
      given,
      people,
      finding: judge
        ? {
            ...judge.comparison,
            pHolm: tests[leading]!.pHolm,
            judges: judges.length,
            ...powerOf(analyses[judge.place]!),
          }
        : null,
    }),
    gates,
    pHolm: analyses.map((_, place) => adjusted[judges.findIndex((one) => one.place === place)] ?? null),
    people,
  };
}

function powerOf({ genuine, detectable }: Analysis) {
  return { genuine, detectable };
}

function isAble({ name, passed }: Gate): boolean {
  return name !== 'matcher' || passed !== false;
}

/** Whether one person, found again in fresh samples, is enough for the verdict. */
function decides({ fresh, qConformal, qTail }: Named, judges: number): boolean {
  if (!fresh?.confirmed) return false;
  return Math.min(qConformal, qTail ?? 1) <= DECISIVE_Q / judges;
}

function gather(judges: readonly Judge[]): readonly NamedPerson[] {
  const people = new Map<number, NamedPerson>();
  for (const { place, named } of judges) {
    for (const one of named) {
      const known = people.get(one.identity);
      people.set(one.identity, known ? { ...known, agree: known.agree + 1 } : { ...one, recognizer: place, agree: 1 });
    }
  }
  return [...people.values()];
}
