/** What a command that audits watches, and what it is given in the end. */
import type { Printed } from './exit.ts';
import type { Progress } from './progress.ts';

/** How an audit is watched while it runs. */
export interface Watch {
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Sets what is said if the audit is interrupted from now on. */
  readonly ifStopped: (words: string) => void;
}

export const REPORT_FILES = ['report.html', 'report.json', 'report.sarif', 'junit.xml'] as const;
/** Only of an audit of pictures: which of them resemble whom. */
export const MATCHES_FILE = 'matches.csv';
export type ReportFile = (typeof REPORT_FILES)[number] | typeof MATCHES_FILE;

/** An audit that has come to an end somewhere. */
export interface Ended {
  /** Why there is no report, and with what the command ends then. */
  readonly failure: { readonly error: Printed; readonly exit: number } | undefined;
  readonly file: (name: ReportFile) => Promise<Uint8Array>;
  /** Called when the report lies in its folder. */
  readonly onReport?: () => Promise<void>;
  readonly close: () => Promise<void>;
}
