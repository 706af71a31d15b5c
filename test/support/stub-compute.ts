import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { batchRange } from '../../shared/audit/counts/shards.ts';
import { TallyBuilder } from '../../shared/audit/counts/tally-builder.ts';
import { dot } from '../../shared/audit/numbers/dot.ts';
import { RandomState } from '../../shared/audit/numbers/random.ts';
import { pictureGeometry } from '../../shared/checkpoint/picture.ts';
import { listArchive, readPictures } from '../../shared/collection/archive.ts';
import type { Compute, Inspection, ModelFiles, PhotoFile } from '../../shared/engine/compute.ts';
import { linkRows } from '../../shared/engine/link.ts';
import type { PhotoState } from '../../shared/faces/enrolled.ts';
import { decodeGallery } from '../../shared/faces/gallery.ts';
import { requireContent } from '../../shared/seal.ts';
import { stubProfile } from './stub-profile.ts';

/** Values of an embedding: few, so that a search takes no time. */
export const LENGTH = 16;

/** A photo in this world: its text is who it shows, and which picture it is; "nobody ..." shows no face, "broken" is none. */
export const photoOf = (person: string, photo: number | string) => `${person} ${photo}`;

/** A generator in this world: its text names the people it remembers, each as often as they are named. */
export const generatorOf = (...people: readonly string[]) => `shows ${people.join(' ')}`;

/** Whom a built generator shows. Its files are checked as in the engine. */
function readModel({ external, ...model }: ModelFiles): readonly string[] {
  for (const { path, content } of [model, ...external]) {
    if (content !== undefined) requireContent(readFileSync(path), content, 'A file of the generator');
  }
  const [, ...shown] = readFileSync(model.path, 'utf8').split(' ');
  return shown;
}

export interface StubCompute extends Compute {
  /** Calls so far, by task. */
  readonly calls: Record<keyof Compute, number>;
}

/**
 * The engine without models: photos and generators are small texts, a person is a random direction, a picture of a
 * person a point near it. Everything is a function of the bytes, as in the engine.
 */
export function stubCompute(changes: Partial<Compute> = {}): StubCompute {
  const calls = {
    weightFiles: 0,
    listArchive: 0,
    link: 0,
    inspect: 0,
    convert: 0,
    calibrate: 0,
    enrol: 0,
    profile: 0,
    probe: 0,
    calibratePictures: 0,
    probePictures: 0,
    render: 0,
    thumbnails: 0,
    embedSample: 0,
  };
  const compute: Compute = {
    async listArchive({ path, ...options }) {
      return listArchive(path, options);
    },
    async weightFiles() {
      return [];
    },
    async inspect() {
      return INSPECTION;
    },
    async convert({ path }) {
      return { ...INSPECTION, model: await readFile(path), weights: [] };
    },
    async calibrate({ model, recognizers }) {
      return {
        spec: SPEC,
        range: [-1, 1],
        assumptions: [{ what: 'latent input', value: 'z', source: 'model file' }],
        geometry: pictureGeometry(64, 64, 3, 150),
        alignment: { mode: 'fixed', points: [24, 25, 40, 25, 32, 34, 25, 43, 39, 43], spread: 0.05, eyeDistance: 16 },
        recognizers: recognizers.map(() => RECOGNIZER),
        samples: 256,
        undetected: 0,
        sampleMs: 1,
        model: await readFile(model.path),
        weights: [],
      };
    },
    async enrol({ photos }) {
      const embeddings = new Float32Array(photos.length * LENGTH);
      const texts = await Promise.all(photos.map(textOf));
      const states = texts.map((text, i): PhotoState => {
        const [person, photo] = personIn(text);
        if (person === 'broken') return 'unreadable';
        if (person === 'nobody') return 'undetected';
        embeddings.set(embed(person, photo), i * LENGTH);
        return 'enrolled';
      });
      return { embeddings, states };
    },
    link: (request) =>
      linkRows(
        request,
        { cosines: async (rows, columns) => cosinesOf(rows, columns, request.length) },
        () => undefined,
      ),
    profile: (request) => stubProfile(request, readFileSync),
    async probe({ model, searches, samples, seed, batch, k, shard }) {
      const shown = readModel(model);
      const tallies = searches.map(({ gallery }) => {
        const { embeddings, layout } = decodeGallery(readFileSync(gallery));
        const faces = layout.identityOf.length;
        const frame = { samples, batch, seed, identities: layout.isMember.length, faces };
        const builder = new TallyBuilder(frame, shard, layout);
        for (let b = shard.firstBatch; b < shard.firstBatch + shard.batches; b++) {
          const { first, count } = batchRange(frame, b);
          const made = Array.from({ length: count }, (_, i) => sample(shown, seed + first + i));
          builder.addBatch({ batch: b, firstSeed: seed + first, rows: count, ...search(made, embeddings, faces, k) });
        }
        return builder.finish();
      });
      return { tallies };
    },
    async calibratePictures({ pictures, recognizers }) {
      const texts = await Promise.all(pictures.map(textOf));
      const faceless = texts.filter((text) => text.startsWith('nobody')).length;
      const unreadable = texts.filter((text) => text.startsWith('broken')).length;
      return {
        eyeDistance: faceless + unreadable < texts.length ? 16 : null,
        width: 64,
        height: 64,
        oneSize: true,
        recognizers: recognizers.map(() => RECOGNIZER),
        samples: texts.length,
        undetected: faceless,
        unreadable,
        sampleMs: 1,
      };
    },
    async probePictures({ pictures, searches, samples, seed, batch, k, shard }) {
      const texts = await Promise.all(pictures.map(textOf));
      const state = Uint8Array.from(texts, (text) =>
        text.startsWith('broken') ? 2 : text.startsWith('nobody') ? 1 : 0,
      );
      const look = Uint32Array.from(
        texts.flatMap((text) => [...text].reduce(([a], c) => [(a! * 31 + c.charCodeAt(0)) >>> 0, 1], [0, 1])),
      );
      const results = searches.map(({ gallery }) => {
        const { embeddings, layout } = decodeGallery(readFileSync(gallery));
        const faces = layout.identityOf.length;
        const frame = { samples, batch, seed, identities: layout.isMember.length, faces };
        const builder = new TallyBuilder(frame, shard, layout);
        const face = new Uint32Array(pictures.length);
        const similarity = new Float32Array(pictures.length);
        let done = 0;
        for (let b = shard.firstBatch; b < shard.firstBatch + shard.batches; b++) {
          const { first, count } = batchRange(frame, b);
          const rows = texts.slice(done, done + count).map((text) => embed(...personIn(text)));
          const found = search(rows, embeddings, faces, k);
          const faceFound = state.slice(done, done + count).map((one) => (one === 0 ? 1 : 0));
          builder.addBatch({ batch: b, firstSeed: seed + first, rows: count, ...found, faceFound });
          for (let row = 0; row < count; row++) {
            if (faceFound[row] === 0) continue;
            face[done + row] = found.topFaces[row * Math.min(k, faces)]!;
            similarity[done + row] = Math.min(1, found.topValues[row * Math.min(k, faces)]!);
          }
          done += count;
        }
        return { tally: builder.finish(), nearest: { state, look, face, similarity } };
      });
      return { tallies: results.map(({ tally }) => tally), nearest: results.map(({ nearest }) => nearest) };
    },
    async render({ model, seeds }) {
      readModel(model);
      return seeds.map((seed) => Uint8Array.of(0x89, 0x50, 0x4e, 0x47, seed & 255));
    },
    async thumbnails(photos) {
      return photos.map(({ path }) => (path === '' ? null : Uint8Array.of(0xff, 0xd8, 0xff, path.length & 255)));
    },
    async embedSample({ model, seed }) {
      return sample(readModel(model), seed);
    },
    ...changes,
  };
  const counted = Object.fromEntries(
    Object.entries(compute).map(([task, run]: [string, (request: never) => unknown]) => [
      task,
      (request: never) => {
        calls[task as keyof Compute] += 1;
        return run(request);
      },
    ]),
  ) as unknown as Compute;
  return { ...counted, calls };
}

const RECOGNIZER = { name: 'directions', embedding: LENGTH, size: 150, licence: 'none needed' };

const SPEC = {
  format: 'text',
  latent: { input: 'z', dims: [8], size: 8, distribution: 'normal', low: -1, high: 1 },
  classes: null,
  psi: null,
  image: { output: 'image', type: 'float32', layout: 'NCHW' },
  fixedBatch: null,
  parameters: 0,
} as const satisfies Inspection['spec'];

const INSPECTION: Inspection = {
  spec: SPEC,
  assumptions: [],
  range: [-1, 1],
  externalFiles: [],
  contents: {
    kind: 'model',
    producer: 'a test',
    irVersion: 8,
    opsets: new Map([['', 17]]),
    inputs: [],
    outputs: [],
    parameters: 0,
    externalFiles: [],
    nodes: 0,
  },
};

/** Who is in a photo, and which of theirs it is. */
function personIn(text: string): [person: string, photo: string] {
  const [person = '', photo = ''] = text.split(' ');
  return [person, photo];
}

/** A person as seen in one picture: their direction, and a little of chance. */
function embed(person: string, picture: string): Float32Array {
  const [who, how] = [direction(person), direction(`${person} in ${picture}`)];
  return normalised(who.map((value, i) => value + 0.35 * how[i]!));
}

/** Half of the samples show somebody the generator remembers, the others strangers. */
function sample(shown: readonly string[], seed: number): Float32Array {
  const random = new RandomState(seed);
  const person = random.below(2) === 0 && shown.length > 0 ? shown[random.below(shown.length)]! : `stranger ${seed}`;
  return embed(person, `sample ${seed}`);
}

function search(probes: readonly Float32Array[], gallery: Float32Array, faces: number, k: number) {
  const kept = Math.min(k, faces);
  const cosines = probes.map((probe) =>
    Float32Array.from({ length: faces }, (_, face) => {
      let sum = 0;
      for (let i = 0; i < LENGTH; i++) sum += probe[i]! * gallery[face * LENGTH + i]!;
      return sum;
    }),
  );
  const nearest = cosines.map((row) =>
    Array.from(row.keys())
      .sort((a, b) => row[b]! - row[a]! || a - b)
      .slice(0, kept),
  );
  const winners = Array.from({ length: faces }, (_, face) => {
    let best = 0;
    cosines.forEach((row, i) => {
      if (row[face]! > cosines[best]![face]!) best = i;
    });
    return best;
  });
  return {
    columnMax: Float32Array.from(winners, (row, face) => cosines[row]![face]!),
    columnArg: Int32Array.from(winners),
    topValues: Float32Array.from(nearest.flatMap((found, row) => found.map((face) => cosines[row]![face]!))),
    topFaces: Int32Array.from(nearest.flat()),
  };
}

function direction(name: string): Float32Array {
  const seed = createHash('sha256').update(name).digest().readUInt32LE(0);
  const values = new Float32Array(LENGTH);
  new RandomState(seed).randn(values);
  return normalised(values);
}

function normalised(values: Float32Array): Float32Array {
  const norm = Math.hypot(...values);
  return values.map((value) => value / norm);
}

/** The text of a photo, which may be in an archive. */
async function textOf({ path, at, shift }: PhotoFile): Promise<string> {
  if (!at) return readFile(path, 'utf8');
  for await (const bytes of readPictures(path, [at], shift)) return new TextDecoder().decode(bytes);
  return '';
}

/** f32 [rows, columns] */
function cosinesOf(rows: Float32Array, columns: Float32Array, length: number): Float32Array {
  const [n, m] = [rows.length / length, columns.length / length];
  return Float32Array.from({ length: n * m }, (_, at) =>
    dot(rows, Math.floor(at / m) * length, columns, (at % m) * length, length),
  );
}
