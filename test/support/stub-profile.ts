import { encodeProfile } from '../../shared/audit/gallery/profile-codec.ts';
import type { ProfileRequest } from '../../shared/engine/compute.ts';
import { profileGallery } from '../../shared/engine/profile.ts';
import { decodeEnrolled } from '../../shared/faces/enrolment.ts';
import { decodeGallery } from '../../shared/faces/gallery.ts';

/** The engine's profile of a gallery, with products in plain loops in the place of the runtime. */
export async function stubProfile(
  { gallery: path, seed, placebo }: ProfileRequest,
  read: (path: string) => Uint8Array,
): Promise<Uint8Array> {
  const gallery = decodeGallery(read(path));
  const { length } = gallery;
  const strangers = placebo ? decodeEnrolled(read(placebo), length) : new Float32Array(0);
  const cosines = async (rows: Float32Array, columns: Float32Array) => {
    const [n, m] = [rows.length / length, columns.length / length];
    return Float32Array.from({ length: n * m }, (_, at) => {
      const [row, column] = [Math.floor(at / m), at % m];
      let sum = 0;
      for (let i = 0; i < length; i++) sum += rows[row * length + i]! * columns[column * length + i]!;
      return sum;
    });
  };
  const maxima = async (rows: Float32Array, columns: Float32Array) => {
    const [n, m] = [rows.length / length, columns.length / length];
    const best = { rows: new Float32Array(n).fill(-1), columns: new Float32Array(m).fill(-1) };
    for (const [at, value] of (await cosines(rows, columns)).entries()) {
      const [row, column] = [Math.floor(at / m), at % m];
      best.rows[row] = Math.max(best.rows[row]!, value);
      best.columns[column] = Math.max(best.columns[column]!, value);
    }
    return best;
  };
  return encodeProfile(await profileGallery(gallery, strangers, seed, { cosines, maxima }, () => undefined));
}
