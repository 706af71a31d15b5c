/** Measures what a gallery says of itself. */
import type { Layout } from '../audit/counts/roster.ts';
import { blindScores } from '../audit/gallery/blind.ts';
import { centroidsOf } from '../audit/gallery/centroids.ts';
import type { GalleryProfile, GenuineMatches, ImpostorTail } from '../audit/gallery/profile.ts';
import { agreementOf, NearestOthers, typicalityOf } from '../audit/gallery/spread.ts';
import { TopPairs } from '../audit/gallery/top-pairs.ts';
import { dot } from '../audit/numbers/dot.ts';
import { derivedSeed } from '../audit/numbers/keyed.ts';
import { RandomState } from '../audit/numbers/random.ts';
import type { Gallery } from '../faces/gallery.ts';
import type { Similarity } from '../faces/similarity.ts';

/** Faces compared with as many others at a time. */
const BLOCK = 1024;
/** Faces whose cross-identity pairs are looked at: fifty million pairs. */
const PAIRED_FACES = 10_000;
/** Of few pairs, all are kept. */
const LEAST_TAIL = 10_000;
const GENUINE_PEOPLE = 20_000;
/** People whose nearest others are looked for, among each other. */
const CROWDED_PEOPLE = 10_000;

/**
 * What a gallery says of itself, without the generator.
 *
 * @param placebo f32 [faces, length] of a third set of people, L2-normalised; empty if there is none.
 * @param onFaces told how many faces have been compared.
 */
export async function profileGallery(
  gallery: Gallery,
  placebo: Float32Array,
  seed: number,
  similarity: Pick<Similarity, 'cosines' | 'maxima'>,
  onFaces: (done: number) => void,
): Promise<GalleryProfile> {
  const { embeddings, length, layout } = gallery;
  let done = 0;
  const tick = (faces: number) => {
    done += faces;
    onFaces(done);
  };
  const impostors = await impostorTail(gallery, seed, similarity, tick);
  const nearestMember = await nearestMembers(gallery, similarity, tick);
  const centroids = centroidsOf(embeddings, length, layout);
  const { scores, nullAucs } = blindScores(centroids, layout.isMember, seed);
  return {
    impostors,
    genuine: genuineMatches(gallery, seed),
    blind: scores,
    blindNull: nullAucs,
    spread: {
      typicality: typicalityOf(centroids, length),
      crowding: await crowdingOf(centroids, length, seed, similarity, tick),
      agreement: agreementOf(embeddings, length, layout),
    },
    nearestMember,
    placebo: await placeboScores(gallery, placebo, similarity, tick),
    placeboFaces: placebo.length / length,
  };
}

/** All pairs of photos of different people; of a large gallery, those of people and photos chosen by seed. */
async function impostorTail(
  gallery: Gallery,
  seed: number,
  similarity: Pick<Similarity, 'cosines' | 'maxima'>,
  tick: (faces: number) => void,
): Promise<ImpostorTail> {
  const faces = pairedFaces(gallery.layout, seed);
  const identities = Uint32Array.from(faces, (face) => gallery.layout.identityOf[face]!);
  const photos = new Map<number, number>();
  for (const identity of identities) photos.set(identity, (photos.get(identity) ?? 0) + 1);
  const choose = (n: number) => (n * (n - 1)) / 2;
  const pairs = [...photos.values()].reduce((rest, n) => rest - choose(n), choose(faces.length));
  const top = new TopPairs(Math.max(1, Math.ceil(pairs / 100), Math.min(pairs, LEAST_TAIL)));
  for (let i = 0; i < faces.length; i += BLOCK) {
    const rows = rowsOf(gallery, faces.subarray(i, i + BLOCK));
    for (let j = i; j < faces.length; j += BLOCK) {
      const columns = identities.subarray(j, j + BLOCK);
      const cosines = await similarity.cosines(rows, rowsOf(gallery, faces.subarray(j, j + BLOCK)));
      for (let row = 0; row < rows.length / gallery.length; row++) {
        top.addRow(identities[i + row]!, cosines, row * columns.length, columns, i === j ? row + 1 : 0);
      }
    }
    tick(Math.min(BLOCK, faces.length - i));
  }
  return { pairs, identities: photos.size, ...top.finish() };
}

/** Mean cosine of each person to the five nearest others; of very many people, among those chosen by seed. */
async function crowdingOf(
  centroids: Float32Array,
  length: number,
  seed: number,
  similarity: Pick<Similarity, 'cosines'>,
  tick: (faces: number) => void,
): Promise<Float32Array> {
  const everybody = centroids.length / length;
  const random = new RandomState(derivedSeed('crowding', seed));
  const chosen = random.permutation(everybody).subarray(0, CROWDED_PEOPLE).sort();
  const rows = (first: number) => {
    const block = chosen.subarray(first, first + BLOCK);
    const out = new Float32Array(block.length * length);
    for (const [i, person] of block.entries())
      out.set(centroids.subarray(person * length, (person + 1) * length), i * length);
    return out;
  };
  const nearest = new NearestOthers(chosen.length);
  for (let i = 0; i < chosen.length; i += BLOCK) {
    const own = rows(i);
    const count = own.length / length;
    for (let j = 0; j < chosen.length; j += BLOCK) {
      const cosines = await similarity.cosines(own, rows(j));
      const others = cosines.length / count;
      for (let row = 0; row < count; row++) {
        for (let column = 0; column < others; column++) {
          if (i + row !== j + column) nearest.add(i + row, cosines[row * others + column]!);
        }
      }
    }
    tick(count);
  }
  const means = nearest.means();
  const crowding = new Float32Array(everybody).fill(Number.NaN);
  for (const [i, person] of chosen.entries()) crowding[person] = means[i]!;
  return crowding;
}

/** Faces of as many people as can be, at most PAIRED_FACES; as many photos of each as there is room for. Ascending. */
function pairedFaces({ faceStart }: Layout, seed: number): Uint32Array {
  const everybody = faceStart.length - 1;
  const random = new RandomState(derivedSeed('impostor pairs', seed));
  const people = random.permutation(everybody).subarray(0, PAIRED_FACES).sort();
  const each = Math.max(1, Math.floor(PAIRED_FACES / everybody));
  const faces: number[] = [];
  for (const identity of people) {
    const own = Array.from(
      { length: faceStart[identity + 1]! - faceStart[identity]! },
      (_, i) => faceStart[identity]! + i,
    );
    random.shuffle(own);
    faces.push(...own.slice(0, each));
  }
  return Uint32Array.from(faces).sort();
}

/** Each photo against the most similar other one of its person; of very many people, those chosen by seed. */
function genuineMatches({ embeddings, length, layout: { faceStart } }: Gallery, seed: number): GenuineMatches {
  const random = new RandomState(derivedSeed('genuine matches', seed));
  const several = [...faceStart.keys()].filter((i) => i > 0 && faceStart[i]! - faceStart[i - 1]! > 1).map((i) => i - 1);
  random.shuffle(several);
  const people = several.slice(0, GENUINE_PEOPLE).sort((a, b) => a - b);
  const identity: number[] = [];
  const similarity: number[] = [];
  for (const person of people) {
    const [first, end] = [faceStart[person]!, faceStart[person + 1]!];
    const best = new Float32Array(end - first).fill(-1);
    for (let a = first; a < end; a++) {
      for (let b = a + 1; b < end; b++) {
        const value = Math.min(1, dot(embeddings, a * length, embeddings, b * length, length));
        best[a - first] = Math.max(best[a - first]!, value);
        best[b - first] = Math.max(best[b - first]!, value);
      }
    }
    for (const value of best) {
      identity.push(person);
      similarity.push(value);
    }
  }
  return { identity: Uint32Array.from(identity), similarity: Float32Array.from(similarity) };
}

/** [faces] similarity of each face to the most similar other face of a member; -1 where there is no other. */
async function nearestMembers(
  gallery: Gallery,
  similarity: Pick<Similarity, 'cosines' | 'maxima'>,
  tick: (faces: number) => void,
): Promise<Float32Array> {
  const { identityOf, isMember } = gallery.layout;
  const faces = Uint32Array.from(identityOf.keys());
  const members = faces.filter((face) => isMember[identityOf[face]!] === 1);
  const controls = faces.filter((face) => isMember[identityOf[face]!] === 0);
  const nearest = new Float32Array(faces.length).fill(-1);
  const raise = (own: Uint32Array, values: Float32Array) => {
    for (const [i, face] of own.entries()) nearest[face] = Math.max(nearest[face]!, Math.min(1, values[i]!));
  };
  for (let i = 0; i < members.length; i += BLOCK) {
    const own = members.subarray(i, i + BLOCK);
    const rows = rowsOf(gallery, own);
    raise(own, maximaOfOthers(await similarity.cosines(rows, rows), own.length));
    // Every pair of blocks is multiplied once, and says something of both.
    for (let j = i + BLOCK; j < members.length; j += BLOCK) {
      const others = members.subarray(j, j + BLOCK);
      const maxima = await similarity.maxima(rows, rowsOf(gallery, others));
      raise(own, maxima.rows);
      raise(others, maxima.columns);
    }
    tick(own.length);
  }
  for (let i = 0; i < controls.length; i += BLOCK) {
    const own = controls.subarray(i, i + BLOCK);
    const rows = rowsOf(gallery, own);
    for (let j = 0; j < members.length; j += BLOCK) {
      const maxima = await similarity.maxima(rows, rowsOf(gallery, members.subarray(j, j + BLOCK)));
      raise(own, maxima.rows);
    }
    tick(own.length);
  }
  return nearest;
}

/** [n] each row's maximum in f32 [n, n], its own column left out. */
function maximaOfOthers(cosines: Float32Array, n: number): Float32Array {
  const maxima = new Float32Array(n).fill(-1);
  for (let row = 0; row < n; row++) {
    for (let column = 0; column < n; column++) {
      if (column !== row && cosines[row * n + column]! > maxima[row]!) maxima[row] = cosines[row * n + column]!;
    }
  }
  return maxima;
}

/** [identities] each one's best similarity to any placebo face; empty if there is none. */
async function placeboScores(
  gallery: Gallery,
  placebo: Float32Array,
  similarity: Pick<Similarity, 'cosines' | 'maxima'>,
  tick: (faces: number) => void,
): Promise<Float32Array> {
  if (placebo.length === 0) return new Float32Array(0);
  const { length, layout } = gallery;
  const scores = new Float32Array(layout.isMember.length).fill(-1);
  for (let i = 0; i < layout.identityOf.length; i += BLOCK) {
    const rows = gallery.embeddings.subarray(i * length, (i + BLOCK) * length);
    for (let j = 0; j < placebo.length; j += BLOCK * length) {
      const maxima = await similarity.maxima(rows, placebo.subarray(j, j + BLOCK * length));
      for (const [row, value] of maxima.rows.entries()) {
        const identity = layout.identityOf[i + row]!;
        scores[identity] = Math.max(scores[identity]!, Math.min(1, value));
      }
    }
    tick(rows.length / length);
  }
  return scores;
}

/** The embeddings of faces, ascending: a view where they lie side by side, else a copy. */
function rowsOf({ embeddings, length }: Gallery, faces: Uint32Array): Float32Array {
  const [first = 0] = faces;
  if (faces.at(-1) === first + faces.length - 1) {
    return embeddings.subarray(first * length, (first + faces.length) * length);
  }
  const rows = new Float32Array(faces.length * length);
  for (const [i, face] of faces.entries()) {
    rows.set(embeddings.subarray(face * length, (face + 1) * length), i * length);
  }
  return rows;
}
