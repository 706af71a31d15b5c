/** Reads widths and heights in the settings of a network. */
import type { ModuleReader } from '../module-reader.ts';

/** In the order of the file. */
export type Size = readonly [width: number, height: number];

/** Of pictures and of everything between layers; a network of 1024 pixels needs less than 1200. */
const LIMIT = 2048;

/** A width and a height in the settings of a network. */
export function sizeOf(record: ModuleReader, name: string): Size {
  const [width = 0, height = 0] = record.numbers(name, 2);
  for (const side of [width, height]) {
    if (!Number.isInteger(side) || side < 1 || side > LIMIT)
      throw record.refused(name, `sides of 1 to ${LIMIT} pixels`);
  }
  return [width, height];
}
