import { isOurs, type RewoundError } from '../../shared/errors.ts';
import type { AuditRecord } from '../../shared/pipeline/audits.ts';
import type { Verdict } from '../../shared/report/model.ts';

/** Exit codes of the command line: 0 nothing detected, 1 leakage, 2 bad input, 3 the audit failed, 4 no claim possible. */
export const EXIT = { ok: 0, leakage: 1, usage: 2, failed: 3, noClaim: 4, interrupted: 130 } as const;

export type FailOn = 'leakage' | 'never';

export function exitCode(verdict: Verdict, failOn: FailOn): number {
  if (failOn === 'never' || verdict === 'NOT_DETECTED') return EXIT.ok;
  return verdict === 'LEAKAGE' ? EXIT.leakage : EXIT.noClaim;
}

/** The exit code of an audit that ended without a verdict. Here, a device that is not there is what was asked for. */
export function exitCodeOfEnd({ state, error }: Pick<AuditRecord, 'state' | 'error'>): number {
  return state === 'REJECTED' || error?.code === 'DEVICE_UNAVAILABLE' ? EXIT.usage : EXIT.failed;
}

export function exitCodeOfError({ code }: RewoundError): number {
  return isOurs(code) ? EXIT.failed : EXIT.usage;
}

/** What is wrong and what to do, in two lines on stderr. */
export function printError({ code, message, help }: Pick<RewoundError, 'code' | 'message' | 'help'>): void {
  process.stderr.write(`rewound: ${message} [${code}]\n         ${help}\n`);
}
