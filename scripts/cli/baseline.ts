/** `rewound baseline`: makes of a report what later audits are compared with. */
import { dirname } from 'node:path';
import { ensureFolder } from '../../shared/folders.ts';
import {
  type Baseline,
  baselineUnderKey,
  fingerprintOf,
  holdsPseudonyms,
  namesPeople,
  parseBaseline,
  renderBaseline,
} from '../../shared/report/compare/baseline.ts';
import { stdout } from '../../shared/terminal.ts';
import { command } from './command.ts';
import { putFile, readText } from './files.ts';
import { keyBytes, pseudonymKey, requirePseudonymKey } from './key.ts';
import { withDefault } from './option.ts';
import { asPath, requireFile, userPath } from './paths.ts';
import { usage } from './usage.ts';

export const baseline = command({
  name: 'baseline',
  summary: 'Makes of report.json what later audits are compared with (audit --baseline).',
  takes: ['REPORT'],
  details:
    'It holds the numbers, and named people under pseudonyms, so that it can be committed. The key of the pseudonyms is taken from REWOUND_PSEUDONYM_KEY (64 hexadecimal digits).',
  options: { out: withDefault('FILE', 'where it is written', asPath, 'baseline.json') },
  async run({ out }, [report = '']) {
    const made = await readBaseline(userPath(report));
    const key = namesPeople(made)
      ? requirePseudonymKey('This report holds names, which a baseline must not')
      : undefined;
    ensureFolder(dirname(out));
    await putFile(out, renderBaseline(key === undefined ? made : baselineUnderKey(made, keyBytes(key))));
    stdout.line(out);
    return 0;
  },
});

/** More than the report of any audit has, which names each person. */
const MOST_BYTES = 2 ** 28;

/** A report or a baseline that the user named. Throws NOT_FOUND, USAGE or REPORT_UNSUPPORTED. */
export async function readBaseline(file: string): Promise<Baseline> {
  await requireFile(file);
  return parseBaseline(await readText(file, MOST_BYTES));
}

/** What an audit is to be compared with, checked before the audit: people must stand on both sides under one key. */
export async function requireBaseline(path: string): Promise<Baseline> {
  const baseline = await readBaseline(path);
  if (!holdsPseudonyms(baseline)) return baseline;
  const key = requirePseudonymKey('The baseline holds pseudonyms');
  if (baseline.named.key !== null && baseline.named.key !== fingerprintOf(keyBytes(key))) {
    throw usage(
      'The baseline was made under another key than REWOUND_PSEUDONYM_KEY.',
      'Set that key, or make a new baseline with "rewound baseline".',
    );
  }
  return baseline;
}

/** The key under which people are the same in a baseline and in a report. */
export function comparingKey(): Uint8Array | undefined {
  const key = pseudonymKey();
  return key === undefined ? undefined : keyBytes(key);
}
