/** Renders junit.xml. */
import type { Gate, Report } from '../model.ts';
import { GATES, verdictWords } from '../words.ts';

/**
 * `junit.xml`: the verdict and every condition as test cases, for build servers. LEAKAGE is a failure, INVALID and what
 * made it so are errors; RESEMBLANCE_ONLY and what could not be judged are skipped, which is not passed.
 * Nobody is named. No time is written, so that two runs of one audit give the same bytes.
 */
export function renderJunit(report: Report): string {
  const cases = [...report.gates.map((gate) => gateCase(gate, report.verdict)), verdictCase(report)];
  const counts = (['failure', 'error', 'skipped'] as const).map(
    (kind) => cases.filter((one) => one.kind === kind).length,
  );
  const [failures, errors, skipped] = counts;
  const numbers = `tests="${cases.length}" failures="${failures}" errors="${errors}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="Rewound" ${numbers}>
  <testsuite name="${xmlText(`Audit of ${report.generator.file}`)}" ${numbers} skipped="${skipped}">
${cases.map(write).join('\n')}
  </testsuite>
</testsuites>
`;
}

interface Case {
  readonly name: string;
  readonly classname: string;
  readonly kind: 'passed' | 'failure' | 'error' | 'skipped';
  readonly type?: string;
  readonly message?: string;
  readonly text?: string;
}

function gateCase({ name, recognizer, passed, reason, help }: Gate, verdict: Report['verdict']): Case {
  const what = {
    name: recognizer === null ? GATES[name] : `${GATES[name]} (${recognizer})`,
    classname: 'rewound.conditions',
  };
  if (passed === null) return { ...what, kind: 'skipped', message: reason };
  if (passed) return { ...what, kind: 'passed' };
  // A recognizer that does not know people again did not judge: another one did.
  if (verdict !== 'INVALID') return { ...what, kind: 'skipped', message: reason };
  return { ...what, kind: 'error', type: name, message: reason, text: help };
}

function verdictCase(report: Report): Case {
  const { verdict, reasons } = report;
  const { headline, qualifier, caught } = verdictWords(report);
  const what = { name: 'Verdict', classname: 'rewound' };
  const text = [qualifier, ...reasons, ...caught].join('\n');
  switch (verdict) {
    case 'LEAKAGE':
      return { ...what, kind: 'failure', type: verdict, message: headline, text };
    case 'INVALID':
      return { ...what, kind: 'error', type: verdict, message: headline, text };
    case 'RESEMBLANCE_ONLY':
      return { ...what, kind: 'skipped', message: `${headline} ${qualifier}` };
    case 'NOT_DETECTED':
      return { ...what, kind: 'passed', text: `${headline} ${text}` };
  }
}

function write({ name, classname, kind, type, message, text }: Case): string {
  const open = `    <testcase name="${xmlText(name)}" classname="${classname}"`;
  const said = message === undefined ? '' : ` message="${xmlText(message)}"`;
  switch (kind) {
    case 'passed':
      return text === undefined
        ? `${open}/>`
        : `${open}>\n      <system-out>${xmlText(text)}</system-out>\n    </testcase>`;
    case 'skipped':
      return `${open}>\n      <skipped${said}/>\n    </testcase>`;
    case 'failure':
    case 'error':
      return `${open}>\n      <${kind}${said} type="${xmlText(type ?? kind)}">${xmlText(text ?? '')}</${kind}>\n    </testcase>`;
  }
}

/** Text for XML 1.0, in elements and in quoted attributes; what XML cannot hold becomes U+FFFD. */
function xmlText(text: string): string {
  return text
    .toWellFormed()
    .replace(FORBIDDEN, '\uFFFD')
    .replace(/[&<>"'\t\r]/g, (sign) => ENTITIES[sign] ?? sign);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\t': '&#9;',
  '\r': '&#13;',
};

/** Control characters and non-characters (XML 1.0, section 2.2), and those that turn the direction of text. */
const FORBIDDEN = /(?![\t\n\r])[\p{Cc}\uFFFE\uFFFF\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;
