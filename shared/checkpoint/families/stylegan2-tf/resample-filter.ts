/** Computes the filter of a `resample_kernel`. */
import type { PlainValue } from '../../formats/saved-module.ts';
import type { Filter } from '../stylegan2/architecture.ts';

/** None is the mean of neighbours. */
const BOX: readonly PlainValue[] = [1, 1];

/**
 * The filter of a `resample_kernel`: taps, which stand for their product with themselves, or a square of rows; divided
 * by its sum (upfirdn_2d of github.com/NVlabs/stylegan2). Undefined where it is none.
 */
export function resampleFilter(value: PlainValue): Filter | undefined {
  const rows = value === null ? BOX : value;
  if (!isList(rows)) return undefined;
  const taps = rows.length;
  if (taps < 2 || taps > 64) return undefined;
  const line = rows.filter((item) => typeof item === 'number');
  const plane =
    line.length === taps
      ? line.flatMap((a) => line.map((b) => a * b))
      : rows.flatMap((row) =>
          isList(row) && row.length === taps ? row.filter((item) => typeof item === 'number') : [],
        );
  const sum = plane.reduce((total, tap) => total + tap, 0);
  if (plane.length !== taps ** 2 || !Number.isFinite(sum) || sum === 0) return undefined;
  const floats = () => Float32Array.from(plane, (tap) => tap / sum);
  return { tensor: { type: 'float32', shape: [taps, taps], floats }, gain: 1 };
}

function isList(value: PlainValue): value is readonly PlainValue[] {
  return Array.isArray(value);
}
