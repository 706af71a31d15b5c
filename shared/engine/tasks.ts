/** The tasks of the engine, in the process that runs them. */
import { readFile, stat } from 'node:fs/promises';
import { decodeProfile, encodeProfile } from '../audit/gallery/profile-codec.ts';
import { type ByteSource, fileSource } from '../checkpoint/formats/source.ts';
import { PICTURE_OUTPUTS } from '../checkpoint/picture.ts';
import { readGenerator } from '../checkpoint/read.ts';
import { listArchive } from '../collection/archive.ts';
import { RewoundError } from '../errors.ts';
import { decodeEnrolled } from '../faces/enrolment.ts';
import { decodeGallery, type Gallery } from '../faces/gallery.ts';
import { FaceLocator } from '../faces/locate.ts';
import { planesToPng, thumbnail } from '../faces/photo.ts';
import { openBuiltInRecognizer, openRecognizer, type Recognizer } from '../faces/recognizer.ts';
import { GallerySearch } from '../faces/search.ts';
import { Similarity } from '../faces/similarity.ts';
import { summarize } from '../onnx/model.ts';
import { type ExternalData, floats, Runtime, type RuntimeOptions, requireDevice } from '../onnx/runtime.ts';
import { requireContent } from '../seal.ts';
import { calibrate, loadGenerator } from './calibrate.ts';
import type { Compute, ModelFiles, ProbeRequest, RecognizerRequest } from './compute.ts';
import { enrolPhotos } from './enrol.ts';
import { Sampler } from './generator.ts';
import { linkRows } from './link.ts';
import { readPhotos } from './photo-files.ts';
import { calibratePictures, probePictures } from './pictures.ts';
import { type OpenSearch, probeShard } from './probe.ts';
import { profileGallery } from './profile.ts';
import { SampleEmbedder } from './samples.ts';

/** Bytes of weights a converted model holds in its own file: a protocol buffer ends at 2 GiB. */
const LARGEST_CONVERTED = 2 ** 30;
/** Longest side of a photo in a report. */
const THUMBNAIL_SIDE = 256;

/** Things that are expensive to open, kept until others are asked for. */
class Latest<T extends { release(): Promise<void> }> {
  private held = new Map<string, T>();

  /** Opens what is not open yet, in the order of `keys`, and closes the rest first: memory never holds both. */
  async get(keys: readonly string[], open: (place: number) => Promise<T>): Promise<readonly T[]> {
    for (const [key, value] of this.held) {
      if (keys.includes(key)) continue;
      this.held.delete(key);
      await value.release();
    }
    for (const [place, key] of keys.entries()) {
      if (!this.held.has(key)) this.held.set(key, await open(place));
    }
    return keys.map((key) => this.held.get(key)!);
  }
}

/** The tasks of the engine, in the process that runs them. `onProgress` is told how many items of a task are done. */
export function localTasks(options: RuntimeOptions, onProgress: (done: number) => void): Compute {
  const runtime = new Runtime(options);
  const recognizers = new Latest<Recognizer>();
  const generators = new Latest<Awaited<ReturnType<typeof loadGenerator>>>();
  const searches = new Latest<{ search: GallerySearch; gallery: Gallery; release(): Promise<void> }>();
  let device: Promise<void> | undefined;
  let locator: Promise<FaceLocator> | undefined;
  const faces = async () => {
    device ??= requireDevice(options.device);
    await device;
    locator ??= FaceLocator.open(runtime);
    return locator;
  };
  const recognizersOf = async (requests: readonly RecognizerRequest[]) => {
    const names = await Promise.all(requests.map(nameOf));
    return recognizers.get(names, (place) => openAny(runtime, requests[place]!));
  };
  const recognizerOf = async (request: RecognizerRequest) => (await recognizersOf([request]))[0]!;
  const generatorOf = async (files: ModelFiles) => {
    const open = async () => loadGenerator(runtime, await readChecked(files), await readExternal(files));
    return (await generators.get([files.path], open))[0]!;
  };
  const searchesOf = (paths: readonly string[], k: number) =>
    searches.get(
      paths.map((path) => `${k} ${path}`),
      async (place) => {
        const gallery = decodeGallery(await readFile(paths[place]!));
        const search = await GallerySearch.open(runtime, gallery.embeddings, gallery.length, k);
        return { search, gallery, release: () => search.release() };
      },
    );
  const opened = async ({ searches, k }: Pick<ProbeRequest, 'searches' | 'k'>): Promise<readonly OpenSearch[]> => {
    const recognizers = await recognizersOf(searches.map(({ recognizer }) => recognizer));
    const galleries = await searchesOf(
      searches.map(({ gallery }) => gallery),
      k,
    );
    const profiles = await Promise.all(
      searches.map(({ profile }) => (profile ? readFile(profile).then(decodeProfile) : null)),
    );
    return galleries.map((one, i) => {
      const nearestMember = profiles[i]?.nearestMember;
      return { ...one, recognizer: recognizers[i]!, ...(nearestMember ? { nearestMember } : {}) };
    });
  };

  return {
    async weightFiles(path) {
      return summarize(await readFile(path)).externalFiles;
    },
    async listArchive({ path, ...options }) {
      return listArchive(path, options, onProgress);
    },
    async inspect({ path, card, recipe }) {
      return withFile(path, async (file) => {
        const { build: _, ...inspection } = readGenerator(file, card, recipe);
        return inspection;
      });
    },
    async convert({ path, card, recipe }) {
      return withFile(path, async (file) => {
        const { build, ...inspection } = readGenerator(file, card, recipe);
        return { ...inspection, ...build(LARGEST_CONVERTED) };
      });
    },
    async calibrate(request) {
      const recognizers = await recognizersOf(request.recognizers);
      const [beside, locator] = [await readExternal(request.model), await faces()];
      return withFile(request.model.path, (file) => {
        const generator = readGenerator(file, request.card, request.recipe);
        return calibrate(request, generator, beside, { runtime, locator, recognizers }, onProgress);
      });
    },
    async enrol({ photos, recognizer, resolution }) {
      const chain = { locator: await faces(), recognizer: await recognizerOf(recognizer) };
      return enrolPhotos(photos, resolution, chain, onProgress);
    },
    async link(request) {
      const similarity = await Similarity.open(runtime, request.length);
      try {
        return await linkRows(request, similarity, onProgress);
      } finally {
        await similarity.release();
      }
    },
    async profile({ gallery: path, seed, placebo }) {
      const gallery = decodeGallery(await readFile(path));
      const strangers = placebo ? decodeEnrolled(await readFile(placebo), gallery.length) : new Float32Array(0);
      const similarity = await Similarity.open(runtime, gallery.length);
      try {
        return encodeProfile(await profileGallery(gallery, strangers, seed, similarity, onProgress));
      } finally {
        await similarity.release();
      }
    },
    async probe(request) {
      const locator = await faces();
      const searches = await opened(request);
      const model = await generatorOf(request.model);
      const embedder = new SampleEmbedder(model, request.spec, request.geometry, locator);
      return { tallies: await probeShard(request, { embedder, searches }, runtime.times, onProgress) };
    },
    async calibratePictures(request) {
      const chain = { locator: await faces(), recognizers: await recognizersOf(request.recognizers) };
      return calibratePictures(request, chain, onProgress);
    },
    async probePictures(request) {
      const chain = { locator: await faces(), searches: await opened(request) };
      return probePictures(request, chain, runtime.times, onProgress);
    },
    async render({ model, spec, geometry: { width, height }, seeds }) {
      const sampler = new Sampler(await generatorOf(model), spec);
      onProgress(0);
      const pictures: Uint8Array[] = [];
      for (const seed of seeds) {
        const made = await sampler.run(seed, 1, [PICTURE_OUTPUTS.picture]);
        pictures.push(await planesToPng(floats(made[PICTURE_OUTPUTS.picture]), 0, width, height));
        onProgress(pictures.length);
      }
      return pictures;
    },
    async thumbnails(photos) {
      const read = await readPhotos(photos);
      return Promise.all(read.map((one) => (one.status === 'fulfilled' ? thumbnail(one.value, THUMBNAIL_SIDE) : null)));
    },
    async embedSample({ model, spec, geometry, alignment, recognizer, seed }) {
      const embedder = new SampleEmbedder(await generatorOf(model), spec, geometry, await faces());
      const { embeddings, faceFound } = await embedder.embed(seed, 1, alignment, [await recognizerOf(recognizer)]);
      return faceFound?.[0] === 0 ? null : embeddings[0]!;
    },
  };
}

/** Calls `use` with an open file. */
async function withFile<R>(path: string, use: (file: ByteSource) => Promise<R>): Promise<R> {
  const file = fileSource(path);
  try {
    return await use(file);
  } finally {
    file.close();
  }
}

/** Tells recognizers apart; the user's own file may be replaced while this process lives. */
async function nameOf(request: RecognizerRequest): Promise<string> {
  const paths = request.kind === 'card' ? [request, ...request.external].map(({ path }) => path) : [];
  const files = await Promise.all(paths.map((path) => stat(path)));
  return JSON.stringify({ ...request, files: files.map(({ mtimeMs, size }) => [mtimeMs, size]) });
}

async function readExternal({ external }: Pick<ModelFiles, 'external'>): Promise<ExternalData[]> {
  return Promise.all(external.map(async (file) => ({ path: file.location, data: await readChecked(file) })));
}

/** What is run is what was built: the very bytes are checked. Throws RESULT_DAMAGED. */
async function readChecked({ path, content }: Pick<ModelFiles, 'path' | 'content'>): Promise<Uint8Array> {
  const bytes = await readFile(path);
  if (content !== undefined) requireContent(bytes, content, 'A file of the generator that Rewound built');
  return bytes;
}

async function openAny(runtime: Runtime, request: RecognizerRequest): Promise<Recognizer> {
  if (request.kind === 'built-in') return openBuiltInRecognizer(runtime);
  const { card } = request;
  const model = await readFile(request.path);
  const { inputs, outputs } = summarize(model);
  const [input, ...otherInputs] = inputs;
  const [output] = outputs;
  if (!input || !output || otherInputs.length > 0 || input.type !== 'float32' || input.dims?.length !== 4) {
    throw unsupported('The recognizer must have one float32 picture input and an embedding output.');
  }
  const [, a, b, c] = input.dims;
  const [channels, height, width] = card.layout === 'NCHW' ? [a, b, c] : [c, a, b];
  const differs = (found: number | string | undefined, said: number) => typeof found === 'number' && found !== said;
  if (differs(channels, 3) || differs(height, card.size) || differs(width, card.size)) {
    throw unsupported(`The recognizer's input is [${input.dims.join(', ')}], not what its card says.`);
  }
  if (typeof input.dims[0] === 'number' && input.dims[0] !== 1) {
    throw unsupported('The recognizer insists on its own batch size.');
  }
  let recognizer: Recognizer;
  try {
    recognizer = await openRecognizer(runtime, {
      card,
      model,
      external: await readExternal(request),
      input: input.name,
      output: output.name,
      oneByOne: input.dims[0] === 1,
    });
  } catch (cause) {
    if (cause instanceof RewoundError) throw cause;
    throw unsupported('The ONNX runtime does not load the recognizer.', cause);
  }
  return recognizer;
}

function unsupported(message: string, cause?: unknown): RewoundError {
  return new RewoundError('RECOGNIZER_UNSUPPORTED', message, {
    help: 'Correct the card (size, layout), or export the network with a free batch dimension; see docs/cards.md.',
    cause,
  });
}
