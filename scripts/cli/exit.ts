/** Says which exit code a verdict or an error has, and prints errors. */
import { isOurs } from '../../shared/error-codes.ts';
import type { RewoundError } from '../../shared/errors.ts';
import type { AuditRecord } from '../../shared/pipeline/runs/run.ts';
import type { Comparison } from '../../shared/report/compare/comparison.ts';
import type { Report, Verdict } from '../../shared/report/model.ts';
import { stderr } from '../../shared/terminal.ts';

/** Exit codes of the command line: 0 nothing detected, 1 leakage, 2 bad input, 3 the audit failed, 4 no claim possible. */
export const EXIT = { ok: 0, leakage: 1, usage: 2, failed: 3, noClaim: 4, interrupted: 130 } as const;

/** What ends a command with other than 0: any leakage; leakage that a baseline has not; the same, or new names; nothing. */
export const FAIL_ON = ['leakage', 'new-leakage', 'new-names', 'never'] as const;
export type FailOn = (typeof FAIL_ON)[number];

export function exitCode(verdict: Verdict, failOn: FailOn, comparison?: Comparison): number {
  if (failOn === 'never' || verdict === 'NOT_DETECTED') return EXIT.ok;
  if (verdict !== 'LEAKAGE') return EXIT.noClaim;
  if (failOn === 'leakage' || !comparison) return EXIT.leakage;
  if (failOn === 'new-names' && comparison.people?.added.some(({ confirmed }) => confirmed)) return EXIT.leakage;
  return { NEW_LEAKAGE: EXIT.leakage, NO_NEW_LEAKAGE: EXIT.ok, NO_CLAIM: EXIT.noClaim }[comparison.outcome];
}

/**
 * Why an audit is inconclusive for somebody who must rule out a leak of `people`: it found nothing, and would have missed
 * as many. Undefined where it would not, or where none was required.
 */
export function whyInconclusive(
  { verdict, power }: Pick<Report, 'verdict' | 'power'>,
  people: number | undefined,
): string | undefined {
  if (people === undefined || verdict !== 'NOT_DETECTED') return undefined;
  const least = power.detectable?.people;
  if (least !== undefined && least <= people) return undefined;
  const seen = least === undefined ? 'not even a leak of all members' : `a leak of ${least} people or more`;
  return `INCONCLUSIVE  A leak of ${people} people could have gone unseen: this audit would have caught ${seen}.`;
}

/** The exit code of an audit that ended without a verdict. Here, a device that is not there is what was asked for. */
export function exitCodeOfEnd({ state, error }: Pick<AuditRecord, 'state' | 'error'>): number {
  if (error?.code === 'FACES_MISSING') return EXIT.noClaim;
  return state === 'REJECTED' || error?.code === 'DEVICE_UNAVAILABLE' ? EXIT.usage : EXIT.failed;
}

export function exitCodeOfError({ code }: RewoundError): number {
  return isOurs(code) ? EXIT.failed : EXIT.usage;
}

/** An error as it is shown; of a service that is newer, its code may be none of ours. */
export interface Printed {
  readonly code: string;
  readonly message: string;
  readonly help: string;
}

/** What is wrong and what to do, in two lines on stderr. */
export function printError({ code, message, help }: Printed): void {
  stderr.line(`rewound: ${message} [${code}]`);
  stderr.line(`         ${help}`);
}
