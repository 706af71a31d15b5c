/** Says before the work starts how the data of an audit were understood. */

import { REASONS } from '../../shared/collection/entry.ts';
import { passedLine, understoodLine } from '../../shared/collection/understood.ts';
import type { Identified } from '../../shared/pipeline/planning/identify.ts';
import { PARTS, type Part, type Side } from '../../shared/pipeline/planning/people.ts';

const WIDTH = 12;

/** A line for each side, one for what was passed over of it, and with `list` one for each thing that was. */
export function understandingOf(found: Pick<Identified, Part>, list: boolean): string[] {
  return PARTS.flatMap((part) => {
    const side = found[part];
    return side ? sideLines(part, side, list) : [];
  });
}

export function sideLines(name: string, side: Side, list: boolean): string[] {
  if (side.kind === 'embeddings') return [`${name.padEnd(WIDTH)}embeddings made beforehand, with labels.csv`];
  const passed = passedLine(side.understood);
  const names = list ? side.passed.map((one) => `${''.padEnd(WIDTH)}${one.name}: ${REASONS[one.reason]}`) : [];
  const more = passed !== undefined && !list && side.passed.length > 0 ? ' (--list shows them)' : '';
  return [
    `${name.padEnd(WIDTH)}${understoodLine(side.understood)}`,
    ...(passed === undefined ? [] : [`${''.padEnd(WIDTH)}${passed}${more}`]),
    ...names,
  ];
}
