/** Counts one shard, batch by batch. */
import { BINS, binOf } from '../numbers/bins.ts';
import type { Layout } from './roster.ts';
import { batchRange, type Shard } from './shards.ts';
import type { Staircases } from './staircase.ts';
import type { Frame, Tally, Timing } from './tally.ts';
import { contentDigest } from './tally-codec.ts';

/** What the search found for one batch. */
export interface ProbedBatch {
  /** Batch in the global grid. */
  readonly batch: number;
  /** Seed of the batch's first sample. */
  readonly firstSeed: number;
  /** Samples in the batch. */
  readonly rows: number;
  /**
   * [faces] the best similarity of any row to each face. Rows in which no face was found carry the embedding 0, hence
   * similarity 0 to everybody: they can hide a negative maximum, which no threshold would ever count.
   */
  readonly columnMax: Float32Array;
  /** [faces] the row that has it, the first of several. */
  readonly columnArg: Int32Array | BigInt64Array;
  /** [rows, k] the similarities of the k nearest faces. */
  readonly topValues: Float32Array;
  /** [rows, k] those faces. */
  readonly topFaces: Int32Array | BigInt64Array;
  /** [rows] 0 where no face was found in the sample; left out if one was found in all. */
  readonly faceFound?: Uint8Array;
}

/** Counts one shard, batch by batch, in the order of the grid. */
export class TallyBuilder {
  readonly #frame: Frame;
  readonly #shard: Omit<Shard, 'index'>;
  readonly #layout: Layout;
  readonly #nearestMember: Float32Array | undefined;
  #nextBatch: number;
  #samples = 0;
  #undetected = 0;
  #authentic = 0;
  #timing: Timing = { generate: 0, align: 0, embed: 0, search: 0 };
  /** [identities] height of the identity's last stair. */
  readonly #height: Float32Array;
  readonly #stairs = {
    identity: [] as number[],
    batch: [] as number[],
    seed: [] as number[],
    face: [] as number[],
    similarity: [] as number[],
  };
  /** Counts by identity * BINS + bin. */
  readonly #hits = new Map<number, number>();
  /** Counts by side * BINS + bin, members 1 and controls 0. */
  readonly #best = new Uint32Array(2 * BINS);
  /** The identities seen in the row at hand, with their best similarity. */
  readonly #rowIdentity: number[] = [];
  readonly #rowSimilarity: number[] = [];

  /** @param nearestMember [faces] similarity to the most similar other face of a member; counts authentic samples. */
  constructor(frame: Frame, shard: Omit<Shard, 'index'>, layout: Layout, nearestMember?: Float32Array) {
    if (layout.isMember.length !== frame.identities || layout.identityOf.length !== frame.faces) {
      throw new RangeError('The gallery is not the one the audit was planned with.');
    }
    if (nearestMember && nearestMember.length !== frame.faces) throw new RangeError('Not one nearest member a face.');
    this.#frame = frame;
    this.#shard = shard;
    this.#layout = layout;
    this.#nearestMember = nearestMember;
    this.#nextBatch = shard.firstBatch;
    this.#height = new Float32Array(frame.identities).fill(Number.NEGATIVE_INFINITY);
  }

  /** @throws RangeError if the batch is not the next one, its shapes do not fit, or a similarity is not a number. */
  addBatch(probed: ProbedBatch): void {
    this.#check(probed);
    this.#addStairs(probed);
    this.#addCounts(probed);
    this.#nextBatch++;
    this.#samples += probed.rows;
  }

  /** Adds milliseconds. */
  addTiming(timing: Timing): void {
    const so = this.#timing;
    this.#timing = {
      generate: so.generate + timing.generate,
      align: so.align + timing.align,
      embed: so.embed + timing.embed,
      search: so.search + timing.search,
    };
  }

  /** @throws RangeError if batches of the shard are missing. */
  finish(): Tally {
    const { firstBatch, batches } = this.#shard;
    if (this.#nextBatch !== firstBatch + batches) throw new RangeError('The shard lacks batches.');
    const hits = [...this.#hits.keys()].sort((a, b) => a - b);
    const best: number[] = [];
    for (let key = 0; key < this.#best.length; key++) if (this.#best[key]! > 0) best.push(key);
    const counts = {
      firstBatch,
      batches,
      samples: this.#samples,
      undetected: this.#undetected,
      authentic: this.#nearestMember ? this.#authentic : null,
      timing: this.#timing,
      digest: new Uint8Array(32),
      best: {
        member: Uint8Array.from(best, (key) => Math.floor(key / BINS)),
        bin: Uint16Array.from(best, (key) => key % BINS),
        count: Uint32Array.from(best, (key) => this.#best[key]!),
      },
      hits: {
        identity: Uint32Array.from(hits, (key) => Math.floor(key / BINS)),
        bin: Uint16Array.from(hits, (key) => key % BINS),
        count: Uint32Array.from(hits, (key) => this.#hits.get(key)!),
      },
    };
    const tally = { frame: this.#frame, shards: [counts], stairs: this.#byIdentity() };
    return { ...tally, shards: [{ ...counts, digest: contentDigest(tally) }] };
  }

  #check({ batch, firstSeed, rows, columnMax, columnArg, topValues, topFaces, faceFound }: ProbedBatch): void {
    const { first, count } = batchRange(this.#frame, batch);
    const last = this.#shard.firstBatch + this.#shard.batches - 1;
    const { faces, seed } = this.#frame;
    if (batch !== this.#nextBatch || batch > last) throw new RangeError(`Batch ${batch} is not the next one.`);
    if (rows !== count || firstSeed !== seed + first) throw new RangeError(`Batch ${batch} is not the grid's.`);
    if (columnMax.length !== faces || columnArg.length !== faces) throw new RangeError('Not one maximum a face.');
    if (topValues.length !== topFaces.length || topValues.length % rows) throw new RangeError('Not k faces a row.');
    if (faceFound && faceFound.length !== rows) throw new RangeError('Not one detection a row.');
  }

  /** One candidate an identity: its faces' greatest maximum; of equal ones the earliest row, then the lowest face. */
  #addStairs({ batch, firstSeed, columnMax, columnArg, faceFound }: ProbedBatch): void {
    const { faceStart } = this.#layout;
    const height = this.#height;
    for (let identity = 0; identity < height.length; identity++) {
      const end = faceStart[identity + 1]!;
      let best = height[identity]!;
      let face = -1;
      let row = -1;
      for (let f = faceStart[identity]!; f < end; f++) {
        // Rounding can leave [-1, 1] by a hair. Neither comparison holds for NaN, which must not pass unseen.
        const value = Math.max(-1, Math.min(1, columnMax[f]!));
        if (value < best || (value === best && (face < 0 || Number(columnArg[f]) >= row))) continue;
        if (Number.isNaN(value)) throw new RangeError('A similarity is not a number.');
        const candidate = Number(columnArg[f]);
        // A sample without a face is never anybody's best match, not even at similarity 0.
        if (faceFound && faceFound[candidate] === 0) continue;
        best = value;
        face = f;
        row = candidate;
      }
      if (face < 0) continue;
      height[identity] = best;
      const stairs = this.#stairs;
      stairs.identity.push(identity);
      stairs.batch.push(batch);
      stairs.seed.push(firstSeed + row);
      stairs.face.push(face);
      stairs.similarity.push(best);
    }
  }

  #addCounts({ rows, topValues, topFaces, faceFound }: ProbedBatch): void {
    const { identityOf, isMember } = this.#layout;
    const k = topValues.length / rows;
    const identities = this.#rowIdentity;
    const similarities = this.#rowSimilarity;
    for (let row = 0; row < rows; row++) {
      if (faceFound && faceFound[row] === 0) {
        this.#undetected++;
        continue;
      }
      identities.length = 0;
      similarities.length = 0;
      for (let i = row * k; i < (row + 1) * k; i++) {
        const identity = identityOf[Number(topFaces[i])];
        const value = topValues[i]!;
        if (identity === undefined || Number.isNaN(value)) throw new RangeError('A match is not in the gallery.');
        const seen = identities.indexOf(identity);
        if (seen < 0) {
          identities.push(identity);
          similarities.push(value);
        } else if (value > similarities[seen]!) similarities[seen] = value;
      }
      if (this.#isAuthentic(topValues, topFaces, row * k, k)) this.#authentic++;
      let member = Number.NEGATIVE_INFINITY;
      let control = Number.NEGATIVE_INFINITY;
      for (let i = 0; i < identities.length; i++) {
        const identity = identities[i]!;
        const value = similarities[i]!;
        const key = identity * BINS + binOf(value);
        this.#hits.set(key, (this.#hits.get(key) ?? 0) + 1);
        if (isMember[identity] === 1) member = Math.max(member, value);
        else control = Math.max(control, value);
      }
      if (member > Number.NEGATIVE_INFINITY) this.#best[BINS + binOf(member)]! += 1;
      if (control > Number.NEGATIVE_INFINITY) this.#best[binOf(control)]! += 1;
    }
  }

  /**
   * Whether a sample is not nearer to its nearest member's face than that face is to its own nearest other member's. The
   * nearest faces come first; a sample with no member among them is nearer to k others, and no copy of a member.
   */
  #isAuthentic(topValues: Float32Array, topFaces: Int32Array | BigInt64Array, start: number, k: number): boolean {
    const nearest = this.#nearestMember;
    if (!nearest) return false;
    const { identityOf, isMember } = this.#layout;
    for (let i = start; i < start + k; i++) {
      const face = Number(topFaces[i]);
      if (isMember[identityOf[face]!] === 1) return topValues[i]! <= nearest[face]!;
    }
    return true;
  }

  /** The stairs, so far ordered by batch, in the order of Staircases: a counting sort. */
  #byIdentity(): Staircases {
    const { identity, batch, seed, face, similarity } = this.#stairs;
    const offset = new Uint32Array(this.#frame.identities + 1);
    for (const i of identity) offset[i + 1]! += 1;
    for (let i = 1; i < offset.length; i++) offset[i]! += offset[i - 1]!;
    const next = offset.slice();
    const to = identity.map((i) => next[i]!++);
    const sorted = {
      offset,
      batch: new Uint32Array(to.length),
      seed: new Uint32Array(to.length),
      face: new Uint32Array(to.length),
      similarity: new Float32Array(to.length),
    };
    for (const [from, row] of to.entries()) {
      sorted.batch[row] = batch[from]!;
      sorted.seed[row] = seed[from]!;
      sorted.face[row] = face[from]!;
      sorted.similarity[row] = similarity[from]!;
    }
    return sorted;
  }
}
