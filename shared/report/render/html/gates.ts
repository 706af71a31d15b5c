/** Renders the conditions of a sound result. */
import { html, type Markup } from '../../../markup/escape.ts';
import { table } from '../../../markup/table.ts';
import { countGates } from '../../findings.ts';
import { counted, whole } from '../../format.ts';
import type { Gate, Report } from '../../model.ts';
import { GATES } from '../../words.ts';

/** The conditions of a sound result: each with whether it was met, or why that could not be judged. */
export function gates(report: Report): Markup {
  if (report.gates.length === 0) return html``;
  return html`<h3 id="gates">Conditions of a sound result</h3><p class="lede">If one of them fails, the audit makes no claim, whatever else was measured.${several(report)} One that could not be judged with what was given fails nothing, but nothing speaks for it either.</p>${table(
    ['Condition', 'Result', 'What was seen'],
    report.gates.map((gate) => [
      html`${GATES[gate.name]}${gate.recognizer === null || report.results.length < 2 ? null : html` <span class="soft">${gate.recognizer}</span>`}`,
      result(gate),
      html`${gate.reason}${gate.passed === false ? html` <b>${gate.help}</b>` : null}`,
    ]),
    'text',
  )}`;
}

/** All gates in one line, for the first screen. */
export function gatesLine(report: Report): Markup | null {
  if (report.gates.length === 0) return null;
  const { met, failed, notJudged } = countGates(report);
  const parts = [
    ...(failed.length === 0
      ? []
      : [
          `${whole(failed.length)} failed${report.verdict === 'INVALID' ? '' : ' for a recognizer that does not judge'}`,
        ]),
    `${whole(met)} met`,
    ...(notJudged === 0 ? [] : [`${whole(notJudged)} could not be judged`]),
  ];
  return html`<p class="gates-line"><a href="#gates">${counted(report.gates.length, 'condition', 'conditions')} of a sound result</a>: ${parts.join(', ')}.</p>`;
}

function several({ results }: Report): string {
  return results.length < 2
    ? ''
    : ' A recognizer that does not know people again does not judge, as long as another one can.';
}

/** A tick, a cross or a dash, each with its word. */
function result({ passed }: Gate): Markup {
  const [kind, word, path] =
    passed === null
      ? ['open', 'not judged', 'M3 8H13']
      : passed
        ? ['met', 'met', 'M3 8.5L6.5 12L13 4']
        : ['failed', 'failed', 'M4 4L12 12M12 4L4 12'];
  return html`<span class="gate ${kind}"><svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true"><path d="${path}"/></svg>${word}</span>`;
}
