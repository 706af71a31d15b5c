/** Writes and reads tallies as safetensors files. */
import { createHash } from 'node:crypto';
import { RewoundError } from '../../errors.ts';
import { elementsOf, readSafetensors, type Safetensors, tensorOf, writeSafetensors } from '../../safetensors.ts';
import { requireWhole, seal, UNSEALED } from '../../seal.ts';
import type { Frame, ShardCounts, Tally } from './tally.ts';
import { checkTally } from './tally-check.ts';

const FORMAT = 'rewound.tally/2';
/** In the place of a number that was not counted. */
const NOT_COUNTED = 0xffffffff;

/**
 * A tally as a safetensors file: the staircases as they are, the shards' tables one after the other, with offsets.
 * Canonical: equal tallies give equal bytes. Sealed.
 */
export function encodeTally(tally: Tally): Uint8Array {
  return seal(writeTally(tally, { seal: UNSEALED }));
}

function writeTally({ frame, shards, stairs }: Tally, added: { readonly seal?: string }): Uint8Array {
  const timings = shards.flatMap(({ timing: t }) => [t.generate, t.align, t.embed, t.search]);
  return writeSafetensors(
    {
      'stair.offset': tensorOf('U32', stairs.offset),
      'stair.batch': tensorOf('U32', stairs.batch),
      'stair.seed': tensorOf('U32', stairs.seed),
      'stair.face': tensorOf('U32', stairs.face),
      'stair.similarity': tensorOf('F32', stairs.similarity),
      'shard.firstBatch': u32(shards.map((shard) => shard.firstBatch)),
      'shard.batches': u32(shards.map((shard) => shard.batches)),
      'shard.samples': u32(shards.map((shard) => shard.samples)),
      'shard.undetected': u32(shards.map((shard) => shard.undetected)),
      'shard.authentic': u32(shards.map((shard) => shard.authentic ?? NOT_COUNTED)),
      'shard.timing': tensorOf('F64', Float64Array.from(timings), [shards.length, 4]),
      'shard.digest': tensorOf('U8', Uint8Array.from(shards.flatMap((shard) => [...shard.digest])), [
        shards.length,
        32,
      ]),
      'best.offset': offsets(shards.map(({ best }) => best.bin.length)),
      'best.member': tensorOf('U8', Uint8Array.from(flat(shards.map(({ best }) => best.member)))),
      'best.bin': tensorOf('U16', Uint16Array.from(flat(shards.map(({ best }) => best.bin)))),
      'best.count': tensorOf('U32', flat(shards.map(({ best }) => best.count))),
      'hit.offset': offsets(shards.map(({ hits }) => hits.bin.length)),
      'hit.identity': tensorOf('U32', flat(shards.map(({ hits }) => hits.identity))),
      'hit.bin': tensorOf('U16', Uint16Array.from(flat(shards.map(({ hits }) => hits.bin)))),
      'hit.count': tensorOf('U32', flat(shards.map(({ hits }) => hits.count))),
    },
    {
      format: FORMAT,
      samples: String(frame.samples),
      batch: String(frame.batch),
      seed: String(frame.seed),
      identities: String(frame.identities),
      faces: String(frame.faces),
      ...added,
    },
  );
}

/** @throws RESULT_DAMAGED if the bytes are not as they were written, RESULT_INCOMPLETE if they are not those of a tally. */
export function decodeTally(bytes: Uint8Array): Tally {
  requireWhole(bytes, 'A shard result');
  try {
    const file = readSafetensors(bytes);
    if (file.metadata.get('format') !== FORMAT || !file.metadata.has('seal'))
      throw new RangeError(`The format is not ${FORMAT}.`);
    const tally = { frame: decodeFrame(file), shards: decodeShards(file), stairs: decodeStairs(file) };
    checkTally(tally);
    return tally;
  } catch (cause) {
    throw new RewoundError('RESULT_INCOMPLETE', 'A shard result breaks the rules of its format.', {
      help: 'Run the same command again, or put the checkpoint into the project again: the audit starts over.',
      cause,
    });
  }
}

/** SHA-256 of everything in a tally of one shard but its timing. */
export function contentDigest(tally: Tally): Uint8Array {
  const timing = { generate: 0, align: 0, embed: 0, search: 0 };
  const digest = new Uint8Array(32);
  const shards = tally.shards.map((shard) => ({ ...shard, timing, digest }));
  return new Uint8Array(
    createHash('sha256')
      .update(writeTally({ ...tally, shards }, {}))
      .digest(),
  );
}

function decodeFrame({ metadata }: Safetensors): Frame {
  const field = (name: string) => {
    const text = metadata.get(name) ?? '';
    if (!/^(0|[1-9]\d{0,14})$/.test(text)) throw new RangeError(`"${name}" is not a number.`);
    return Number(text);
  };
  return {
    samples: field('samples'),
    batch: field('batch'),
    seed: field('seed'),
    identities: field('identities'),
    faces: field('faces'),
  };
}

function decodeStairs(file: Safetensors): Tally['stairs'] {
  return {
    offset: elementsOf(file, 'stair.offset', 'U32'),
    batch: elementsOf(file, 'stair.batch', 'U32'),
    seed: elementsOf(file, 'stair.seed', 'U32'),
    face: elementsOf(file, 'stair.face', 'U32'),
    similarity: elementsOf(file, 'stair.similarity', 'F32'),
  };
}

function decodeShards(file: Safetensors): readonly ShardCounts[] {
  const firstBatch = elementsOf(file, 'shard.firstBatch', 'U32');
  const batches = elementsOf(file, 'shard.batches', 'U32');
  const samples = elementsOf(file, 'shard.samples', 'U32');
  const undetected = elementsOf(file, 'shard.undetected', 'U32');
  const authentic = elementsOf(file, 'shard.authentic', 'U32');
  const timing = elementsOf(file, 'shard.timing', 'F64');
  const digest = elementsOf(file, 'shard.digest', 'U8');
  const bestOffset = elementsOf(file, 'best.offset', 'U32');
  const bestMember = elementsOf(file, 'best.member', 'U8');
  const bestBin = elementsOf(file, 'best.bin', 'U16');
  const bestCount = elementsOf(file, 'best.count', 'U32');
  const hitOffset = elementsOf(file, 'hit.offset', 'U32');
  const hitIdentity = elementsOf(file, 'hit.identity', 'U32');
  const hitBin = elementsOf(file, 'hit.bin', 'U16');
  const hitCount = elementsOf(file, 'hit.count', 'U32');

  const lengths = [batches, samples, undetected, authentic].map((column) => column.length);
  lengths.push(timing.length / 4, digest.length / 32, bestOffset.length - 1, hitOffset.length - 1);
  if (lengths.some((length) => length !== firstBatch.length)) throw new RangeError('Shard columns differ in length.');
  checkTable(bestOffset, [bestMember, bestBin, bestCount]);
  checkTable(hitOffset, [hitIdentity, hitBin, hitCount]);

  return Array.from(firstBatch, (first, s): ShardCounts => {
    const [generate = 0, align = 0, embed = 0, search = 0] = timing.subarray(4 * s, 4 * s + 4);
    const best = [bestOffset[s], bestOffset[s + 1]] as const;
    const hit = [hitOffset[s], hitOffset[s + 1]] as const;
    return {
      firstBatch: first,
      batches: batches[s]!,
      samples: samples[s]!,
      undetected: undetected[s]!,
      authentic: authentic[s] === NOT_COUNTED ? null : authentic[s]!,
      timing: { generate, align, embed, search },
      // Copies: a merged tally keeps these, and views would keep the whole file they came from, stairs and all.
      digest: digest.slice(32 * s, 32 * s + 32),
      best: {
        member: bestMember.slice(...best),
        bin: bestBin.slice(...best),
        count: bestCount.slice(...best),
      },
      hits: { identity: hitIdentity.slice(...hit), bin: hitBin.slice(...hit), count: hitCount.slice(...hit) },
    };
  });
}

/** @throws RangeError unless `offset` rises from 0 to the length that all columns have. */
function checkTable(offset: Uint32Array, columns: readonly { readonly length: number }[]): void {
  const rises = offset[0] === 0 && offset.every((start, i) => i === 0 || start >= offset[i - 1]!);
  if (!rises || columns.some((column) => column.length !== offset.at(-1))) {
    throw new RangeError('A table does not fit its offsets.');
  }
}

function offsets(lengths: readonly number[]) {
  const offset = new Uint32Array(lengths.length + 1);
  for (const [i, length] of lengths.entries()) offset[i + 1] = offset[i]! + length;
  return tensorOf('U32', offset);
}

function u32(values: readonly number[]) {
  return tensorOf('U32', Uint32Array.from(values));
}

function flat(columns: readonly (Uint8Array | Uint16Array | Uint32Array)[]): Uint32Array {
  const out = new Uint32Array(columns.reduce((length, column) => length + column.length, 0));
  let at = 0;
  for (const column of columns) {
    out.set(column, at);
    at += column.length;
  }
  return out;
}
