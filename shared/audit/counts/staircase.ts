/**
 * For every identity a staircase: the best similarity seen so far, each time it rose. Rows are ordered by identity,
 * then by batch; along an identity both batch and similarity rise strictly. The last row of an identity is its score
 * S and the sample that gave it, and the row in force after b batches its score after b batches, for every b.
 *
 * Each batch offers one candidate an identity. On equal similarity the earlier sample wins, then the lower face.
 * Columns are flat because a gallery of 20,000 identities merged from 1,000 shards has tens of millions of rows.
 */
export interface Staircases {
  /** [identities + 1]: the rows of identity i are offset[i] to offset[i + 1] - 1. */
  readonly offset: Uint32Array;
  /** [rows] batch in the global grid. */
  readonly batch: Uint32Array;
  /** [rows] seed of the sample. */
  readonly seed: Uint32Array;
  /** [rows] face in the gallery. */
  readonly face: Uint32Array;
  /** [rows] cosine similarity, in [-1, 1]. */
  readonly similarity: Float32Array;
}

export function emptyStaircases(identities: number): Staircases {
  return {
    offset: new Uint32Array(identities + 1),
    batch: new Uint32Array(0),
    seed: new Uint32Array(0),
    face: new Uint32Array(0),
    similarity: new Float32Array(0),
  };
}

/**
 * The staircases of all batches that `a` or `b` has seen. A row left out of either is dominated by a row that is in
 * it, so merging the pruned staircases loses nothing: the result is the same in any order, grouping or repetition.
 */
export function mergeStaircases(a: Staircases, b: Staircases): Staircases {
  const identities = a.offset.length - 1;
  const room = a.batch.length + b.batch.length;
  const offset = new Uint32Array(identities + 1);
  const batch = new Uint32Array(room);
  const seed = new Uint32Array(room);
  const face = new Uint32Array(room);
  const similarity = new Float32Array(room);
  let rows = 0;
  for (let identity = 0; identity < identities; identity++) {
    let i = a.offset[identity]!;
    let j = b.offset[identity]!;
    const iEnd = a.offset[identity + 1]!;
    const jEnd = b.offset[identity + 1]!;
    let best = Number.NEGATIVE_INFINITY;
    while (i < iEnd || j < jEnd) {
      const fromA = j >= jEnd || (i < iEnd && precedes(a, i, b, j));
      const source = fromA ? a : b;
      const row = fromA ? i++ : j++;
      if (source.similarity[row]! <= best) continue;
      best = source.similarity[row]!;
      batch[rows] = source.batch[row]!;
      seed[rows] = source.seed[row]!;
      face[rows] = source.face[row]!;
      similarity[rows] = best;
      rows++;
    }
    offset[identity + 1] = rows;
  }
  return {
    offset,
    batch: batch.slice(0, rows),
    seed: seed.slice(0, rows),
    face: face.slice(0, rows),
    similarity: similarity.slice(0, rows),
  };
}

/** Whether row i of `a` comes before row j of `b`: the earlier batch, or in the same batch the better candidate. */
function precedes(a: Staircases, i: number, b: Staircases, j: number): boolean {
  if (a.batch[i] !== b.batch[j]) return a.batch[i]! < b.batch[j]!;
  if (a.similarity[i] !== b.similarity[j]) return a.similarity[i]! > b.similarity[j]!;
  if (a.seed[i] !== b.seed[j]) return a.seed[i]! < b.seed[j]!;
  return a.face[i]! <= b.face[j]!;
}

/** [identities]: each identity's best similarity S, or -1 if no sample with a face was compared with it. */
export function scores(stairs: Staircases): Float32Array {
  const out = new Float32Array(stairs.offset.length - 1).fill(-1);
  for (let i = 0; i < out.length; i++) {
    const end = stairs.offset[i + 1]!;
    if (end > stairs.offset[i]!) out[i] = stairs.similarity[end - 1]!;
  }
  return out;
}
