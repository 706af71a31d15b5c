/** Says before the work starts how the data of an audit were understood. */

import { countReasons, type PassedOver, REASONS } from '../../shared/collection/entry.ts';
import { passedLine, pictureSetLine, understoodLine } from '../../shared/collection/understood.ts';
import { isCommandMarker } from '../../shared/pipeline/base/layout.ts';
import type { Identified } from '../../shared/pipeline/planning/identify.ts';
import { PARTS, type Part, type Side } from '../../shared/pipeline/planning/people.ts';
import type { PictureSet } from '../../shared/pipeline/planning/picture-set.ts';

const WIDTH = 12;

/** A line for each side, one for what was passed over of it, and with `list` one for each thing that was. */
export function understandingOf(found: Pick<Identified, Part | 'pictures' | 'place'>, list: boolean): string[] {
  const set = 'value' in found.pictures ? found.pictures.value : undefined;
  return [
    ...(set ? pictureLines(set, list) : []),
    ...(isCommandMarker(found.place.file)
      ? [`${'samples'.padEnd(WIDTH)}made by the command that was given, which is called once for each part of the work`]
      : []),
    ...PARTS.flatMap((part) => {
      const side = found[part];
      return side ? sideLines(part, side, list) : [];
    }),
  ];
}

/** What was understood of pictures in the place of a checkpoint. */
export function pictureLines({ format, pictures, passed }: PictureSet, list: boolean): string[] {
  const folders = new Set(pictures.map(({ folder }) => folder)).size;
  return [
    `${'pictures'.padEnd(WIDTH)}${pictureSetLine({ format, pictures: pictures.length, folders })}`,
    ...passedLines(passed, passedLine({ passed: countReasons(passed) }), list),
  ];
}

export function sideLines(name: string, side: Side, list: boolean): string[] {
  if (side.kind === 'embeddings') return [`${name.padEnd(WIDTH)}embeddings made beforehand, with labels.csv`];
  return [
    `${name.padEnd(WIDTH)}${understoodLine(side.understood)}`,
    ...passedLines(side.passed, passedLine(side.understood), list),
  ];
}

/** What was passed over: how much in a line, and with `list` each by name. */
function passedLines(passed: readonly PassedOver[], summary: string | undefined, list: boolean): string[] {
  if (summary === undefined) return [];
  const more = !list && passed.length > 0 ? ' (--list shows them)' : '';
  const names = list ? passed.map(({ name, reason }) => `${''.padEnd(WIDTH)}${name}: ${REASONS[reason]}`) : [];
  return [`${''.padEnd(WIDTH)}${summary}${more}`, ...names];
}
