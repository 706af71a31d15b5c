import { createHash } from 'node:crypto';
import { batchRange } from '../../../shared/audit/counts/shards.ts';
import { TallyBuilder } from '../../../shared/audit/counts/tally-builder.ts';
import { pictureGeometry } from '../../../shared/checkpoint/picture.ts';
import type { Calibration, Compute, Inspection, ProbeRequest } from '../../../shared/engine/compute.ts';
import { decodeGallery } from '../../../shared/faces/gallery.ts';
import { stubProfile } from '../stub-profile.ts';

/** Values of an embedding. */
const LENGTH = 8;
const SIDE = 32;

type Read = (path: string) => Uint8Array;

/** What the world may do to a task before it is done: fail, or take a while. */
export type Before = (task: keyof Compute, request: unknown) => Promise<void>;

/**
 * An engine without models: everything it finds is drawn from a digest of what it was given, so that the same files
 * give the same bytes wherever they lie. The first member of the gallery is given away.
 */
export function stubCompute(read: Read, before: Before = async () => undefined): Compute {
  const after =
    <Q, R>(task: keyof Compute, work: (request: Q) => R | Promise<R>) =>
    async (request: Q): Promise<R> => {
      await before(task, request);
      return work(request);
    };
  return {
    weightFiles: after('weightFiles', () => []),
    listArchive: after('listArchive', () => ({ format: 'zip' as const, entries: [], passed: [], tables: [] })),
    inspect: after('inspect', () => INSPECTION),
    convert: after('convert', ({ path }) => ({ ...INSPECTION, model: read(path), weights: [] })),
    calibrate: after('calibrate', ({ model, recognizers }) => ({
      ...CALIBRATION,
      recognizers: recognizers.map(() => RECOGNIZER),
      model: read(model.path),
    })),
    enrol: after('enrol', ({ photos }) => {
      const embeddings = new Float32Array(photos.length * LENGTH);
      photos.forEach(({ path }, i) => {
        embeddings.set(embedding(createHash('sha256').update(read(path)).digest()), i * LENGTH);
      });
      return { embeddings, states: photos.map(() => 'enrolled' as const) };
    }),
    link: after('link', () => ({ threshold: 1, a: new Uint32Array(), b: new Uint32Array() })),
    profile: after('profile', (request) => stubProfile(request, read)),
    probe: after('probe', (request) => ({
      tallies: request.searches.map(({ gallery }) => tallyOf(request, read(gallery))),
    })),
    calibratePictures: after('calibratePictures', ({ pictures, recognizers }) => ({
      eyeDistance: 10,
      width: SIDE,
      height: SIDE,
      oneSize: true,
      recognizers: recognizers.map(() => RECOGNIZER),
      samples: pictures.length,
      undetected: 0,
      unreadable: 0,
      sampleMs: 1,
    })),
    probePictures: after('probePictures', () => {
      throw new Error('This engine has no pictures to probe.');
    }),
    render: after('render', ({ seeds }) => seeds.map((seed) => Buffer.from(`picture ${seed}`))),
    thumbnails: after('thumbnails', (photos) => photos.map(({ path }) => (path === '' ? null : read(path)))),
    embedSample: after('embedSample', ({ seed }) => embedding(Buffer.from(`sample ${seed}`))),
  };
}

const RECOGNIZER = { name: 'stub', embedding: LENGTH, size: SIDE, licence: 'none' };

const CALIBRATION: Calibration = {
  spec: {
    format: 'stub',
    latent: { input: 'z', dims: [4], size: 4, distribution: 'normal', low: 0, high: 0 },
    classes: null,
    psi: null,
    image: { output: 'image', type: 'float32', layout: 'NCHW' },
    fixedBatch: null,
    parameters: 1,
  },
  range: [-1, 1],
  assumptions: [],
  geometry: pictureGeometry(SIDE, SIDE, 3, SIDE),
  alignment: { mode: 'fixed', points: [10, 10, 20, 10, 15, 15, 11, 20, 19, 20], spread: 0.01, eyeDistance: 10 },
  recognizers: [RECOGNIZER],
  samples: 16,
  undetected: 0,
  sampleMs: 1,
  model: new Uint8Array(),
  weights: [],
};

const INSPECTION: Inspection = {
  spec: CALIBRATION.spec,
  assumptions: [],
  range: [-1, 1],
  externalFiles: [],
  contents: {
    kind: 'model',
    producer: 'stub',
    irVersion: 8,
    opsets: new Map(),
    inputs: [],
    outputs: [],
    parameters: 1,
    externalFiles: [],
    nodes: 1,
  },
};

function embedding(bytes: Uint8Array): Float32Array {
  const values = Float32Array.from({ length: LENGTH }, (_, i) => bytes[i % bytes.length]! - 127.5);
  const norm = Math.hypot(...values);
  return values.map((value) => value / norm);
}

function tallyOf({ samples, batch, seed, k, shard }: ProbeRequest, gallery: Uint8Array) {
  const { layout } = decodeGallery(gallery);
  const faces = layout.identityOf.length;
  const builder = new TallyBuilder({ samples, batch, seed, identities: layout.isMember.length, faces }, shard, layout);
  for (let b = shard.firstBatch; b < shard.firstBatch + shard.batches; b++) {
    const { first, count } = batchRange({ samples, batch }, b);
    builder.addBatch({ batch: b, firstSeed: seed + first, rows: count, ...search(seed + first, count, faces, k) });
  }
  return builder.finish();
}

/** Similarities of `rows` samples to all faces, as a search would report them. */
function search(firstSeed: number, rows: number, faces: number, k: number) {
  const kept = Math.min(k, faces);
  const columnMax = new Float32Array(faces).fill(-1);
  const columnArg = new Int32Array(faces);
  const topValues = new Float32Array(rows * kept);
  const topFaces = new Int32Array(rows * kept);
  for (let row = 0; row < rows; row++) {
    const similarities = Float32Array.from({ length: faces }, (_, face) => similarity(firstSeed + row, face));
    const nearest = [...similarities.keys()].sort((a, b) => similarities[b]! - similarities[a]! || a - b);
    for (let i = 0; i < kept; i++) {
      topFaces[row * kept + i] = nearest[i]!;
      topValues[row * kept + i] = similarities[nearest[i]!]!;
    }
    for (let face = 0; face < faces; face++) {
      if (similarities[face]! <= columnMax[face]!) continue;
      columnMax[face] = similarities[face]!;
      columnArg[face] = row;
    }
  }
  return { columnMax, columnArg, topValues, topFaces };
}

/** In [0, 0.5), or above 0.9 for every fifth sample and the first face. */
function similarity(seed: number, face: number): number {
  let x = Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(face + 1, 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
  x ^= x >>> 13;
  return (x >>> 0) / 2 ** 33 + (face === 0 && seed % 5 === 0 ? 0.45 : 0);
}
