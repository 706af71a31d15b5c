/** Finds which values of an image mean black and white. */
import { RewoundError } from '../errors.ts';
import type { Assumption, Range } from './spec/generator.ts';

/** Raw pixel values of the calibration samples. */
export interface RawValues {
  readonly data: Float32Array;
  readonly type: string;
}

const KNOWN: readonly Range[] = [
  [-1, 1],
  [0, 1],
  [0, 255],
];
/** A range fits if no more than this share of values leaves it by more than 2% of its width ... */
const OUTSIDE = 0.05;
/** A stated range is only checked for being mistaken: StyleGANs leave theirs, and it takes half of the values to be wrong. */
const STATED_OUTSIDE = 0.25;
/** ... and the values span at least this share of it. Values in 0..1 span half of -1..1, so no two known ranges fit. */
const SPAN = 0.6;

/**
 * The values of black and white: as the card states, or the one usual range that the samples fit.
 * Throws GENERATOR_OUTPUT where the samples do not fit the stated range, CHECKPOINT_AMBIGUOUS where none is stated and
 * none of the usual ones fits.
 */
export function findRange(values: RawValues, stated: Range | undefined): { range: Range; assumption: Assumption } {
  if (values.type === 'uint8') {
    return { range: [0, 255], assumption: assumption([0, 255], 'model file: 8-bit output') };
  }
  const [least, greatest] = extremes(values.data);
  const seen = `${least.toPrecision(3)} to ${greatest.toPrecision(3)}`;
  if (stated) {
    if (!(stated[0] < stated[1]) || !fits(values.data, [least, greatest], stated, STATED_OUTSIDE)) {
      throw new RewoundError(
        'GENERATOR_OUTPUT',
        `The pictures do not fit the stated range ${stated[0]} to ${stated[1]}: values go from ${seen}.`,
        { help: 'Correct "image.range" in the card beside the checkpoint: the values of black and of white.' },
      );
    }
    return { range: stated, assumption: assumption(stated, 'card beside the checkpoint, and the samples fit it') };
  }
  const fitting = KNOWN.filter((range) => fits(values.data, [least, greatest], range, OUTSIDE));
  if (fitting.length !== 1) {
    throw new RewoundError(
      'CHECKPOINT_AMBIGUOUS',
      `The range of the pictures' values cannot be told: they go from ${seen}.`,
      {
        help: 'Say it in a card beside the checkpoint: {"image": {"range": [-1, 1]}}, the values of black and of white.',
      },
    );
  }
  return { range: fitting[0]!, assumption: assumption(fitting[0]!, `measured: the samples' values go from ${seen}`) };
}

function assumption([black, white]: Range, source: string): Assumption {
  return { what: 'image range', value: `${black} is black, ${white} is white`, source };
}

function extremes(data: Float32Array): [number, number] {
  let least = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  for (const value of data) {
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  return [least, greatest];
}

function fits(data: Float32Array, [least, greatest]: Range, [black, white]: Range, share: number): boolean {
  const width = white - black;
  const slack = 0.02 * width;
  let outside = 0;
  for (const value of data) if (value < black - slack || value > white + slack) outside += 1;
  const span = Math.min(greatest, white) - Math.max(least, black);
  return outside <= share * data.length && span >= SPAN * width;
}
