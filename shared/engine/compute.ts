/** The port to everything that runs a model or decodes a picture. */
import type { Nearest } from '../audit/counts/nearest.ts';
import type { Shard } from '../audit/counts/shards.ts';
import type { Tally } from '../audit/counts/tally.ts';
import type { Links } from '../audit/gallery/groups.ts';
import type { PictureGeometry } from '../checkpoint/picture.ts';
import type { ModelWeights, ReadGenerator } from '../checkpoint/read-generator.ts';
import type { CheckpointCard } from '../checkpoint/spec/card.ts';
import type { Assumption, GeneratorSpec } from '../checkpoint/spec/generator.ts';
import type { Recipe } from '../checkpoint/spec/recipe.ts';
import type { ListOptions } from '../collection/archive.ts';
import type { Listing, Locator } from '../collection/entry.ts';
import type { Enrolment } from '../faces/enrolled.ts';
import type { RecognizerCard, RecognizerInfo } from '../faces/recognizer.ts';

/**
 * The native side: everything that runs a model or decodes a picture. It works in a process of its own, on local files,
 * and knows nothing of objects, records or messages.
 */
export interface Compute {
  /** The files of weights that an ONNX model names. */
  weightFiles(path: string): Promise<readonly string[]>;
  /** What is in an archive of pictures. */
  listArchive(request: ListArchiveRequest): Promise<Listing>;
  /** Reads a checkpoint without running it. */
  inspect(request: InspectRequest): Promise<Inspection>;
  /** A checkpoint as an ONNX model. */
  convert(request: InspectRequest): Promise<Conversion>;
  /** Runs a few samples: how big the pictures are, what range they have, where the faces lie, how long it takes. */
  calibrate(request: CalibrateRequest): Promise<Calibration>;
  /** Photos to embeddings. */
  enrol(request: EnrolRequest): Promise<Enrolment>;
  /** Pairs of rows of one side that are more alike than different people are. */
  link(request: LinkRequest): Promise<Links>;
  /** What a gallery says of itself, without the generator: an encoded GalleryProfile. */
  profile(request: ProfileRequest): Promise<Uint8Array>;
  /** A shard of samples: generate, embed, search. */
  probe(request: ProbeRequest): Promise<ProbeResult>;
  /** Looks at a few pictures that stand in the place of a generator's samples. */
  calibratePictures(request: PictureCalibration): Promise<PicturesCalibrated>;
  /** A shard of such pictures: embed, search. */
  probePictures(request: PicturesProbe): Promise<PicturesProbed>;
  /** Samples as pictures. */
  render(request: RenderRequest): Promise<readonly Uint8Array[]>;
  /** Photos as small JPEGs for a report; null for those that cannot be read. */
  thumbnails(photos: readonly PhotoFile[]): Promise<readonly (Uint8Array | null)[]>;
  /** One sample's embedding; null where no face is found in it. */
  embedSample(request: EmbedSampleRequest): Promise<Float32Array | null>;
}

/** A file of weights that an ONNX model keeps beside it. */
export interface ExternalFile {
  /** As the model names it. */
  readonly location: string;
  readonly path: string;
  /** What its bytes must be called (see `contentOf`), where Rewound wrote it. */
  readonly content?: string;
}

export interface ModelFiles {
  readonly path: string;
  /** As an external file's. */
  readonly content?: string;
  readonly external: readonly ExternalFile[];
}

/** The recognizer: the built-in one, or the user's by its card. */
export type RecognizerRequest =
  | { readonly kind: 'built-in' }
  | ({ readonly kind: 'card'; readonly card: RecognizerCard } & ModelFiles);

export interface InspectRequest {
  readonly path: string;
  readonly card: CheckpointCard;
  /** How to run a checkpoint that is of no known family. */
  readonly recipe?: Recipe | undefined;
}

/** What a checkpoint says of itself. */
export type Inspection = Omit<ReadGenerator, 'build'>;

export interface Conversion extends Inspection {
  readonly model: Uint8Array;
  /** Beside the model, where it would be too large for one file. */
  readonly weights: readonly ModelWeights[];
}

export interface CalibrateRequest {
  readonly model: ModelFiles;
  readonly card: CheckpointCard;
  readonly recipe?: Recipe | undefined;
  readonly recognizers: readonly RecognizerRequest[];
  readonly seed: number;
  readonly batch: number;
}

/** Where faces are cut out of generated pictures. */
export interface Alignment {
  /** fixed: at the mean place of the landmarks; detected: every sample is looked at. */
  readonly mode: 'fixed' | 'detected';
  /** Mean landmarks in pixels of the source picture. */
  readonly points: readonly number[];
  /** Spread of the landmarks in eye distances. */
  readonly spread: number;
  /** Distance between the eyes in pixels of the source picture. */
  readonly eyeDistance: number;
}

export interface Calibration {
  readonly spec: GeneratorSpec;
  readonly range: readonly [number, number];
  readonly assumptions: readonly Assumption[];
  readonly geometry: PictureGeometry;
  readonly alignment: Alignment;
  /** In the order they were asked for. */
  readonly recognizers: readonly RecognizerInfo[];
  /** Samples looked at, and those without a face. */
  readonly samples: number;
  readonly undetected: number;
  /** Milliseconds a sample took, from latent to embedding, once everything was warm. */
  readonly sampleMs: number;
  /** The generator with the picture graph appended. */
  readonly model: Uint8Array;
  /** Files of weights that were built with it; what lay beside the checkpoint is not among them. */
  readonly weights: readonly ModelWeights[];
}

/**
 * The size generated faces have: photos are shrunk to it before they are embedded, and treated as generated pictures
 * are. Null: as they are.
 */
export interface Resolution {
  /** Distance between the eyes, in pixels. */
  readonly eyeDistance: number;
  /** Whether the face is looked for again in the shrunk photo, as it is in every sample. */
  readonly detect: boolean;
  /** Faces are left as they are until they are larger by more than this factor; 1 where it is left out. */
  readonly slack?: number;
}

export interface ListArchiveRequest extends ListOptions {
  readonly path: string;
}

/** A photo in a local file: all of it, or a part of one that is an archive. */
export interface PhotoFile {
  readonly path: string;
  /** Where it is in the archive. */
  readonly at?: Locator | undefined;
  /** Where in the archive the file begins, if it holds a part of it. */
  readonly shift?: number;
}

export interface EnrolRequest {
  readonly photos: readonly PhotoFile[];
  readonly recognizer: RecognizerRequest;
  readonly resolution: Resolution | null;
}

export interface LinkRequest {
  /** f32 [count, length]: embeddings of length 1, or means of such. */
  readonly rows: Float32Array;
  readonly length: number;
  /** For each row, 1 for a member's. */
  readonly isMember: Uint8Array;
}

export interface ProfileRequest {
  /** The gallery file (see gallery.ts). */
  readonly gallery: string;
  readonly seed: number;
  /** Embedded photos of a third set of people (see enrolment.ts), to put in the generator's place. */
  readonly placebo: string | null;
}

export interface ProbeRequest {
  readonly model: ModelFiles;
  /** Milliseconds a sample takes, as calibration measured them: what a batch may take follows from it. */
  readonly sampleMs: number;
  readonly spec: GeneratorSpec;
  readonly geometry: PictureGeometry;
  readonly alignment: Alignment;
  /** Each sample is generated once and searched with each. */
  readonly searches: readonly SearchRequest[];
  readonly samples: number;
  readonly seed: number;
  readonly batch: number;
  readonly k: number;
  readonly shard: Omit<Shard, 'index'>;
}

/** One recognizer with the gallery it enrolled. */
export interface SearchRequest {
  readonly recognizer: RecognizerRequest;
  /** The gallery file (see gallery.ts). */
  readonly gallery: string;
  /** The gallery's profile, where authentic samples are to be counted. */
  readonly profile?: string;
}

export interface ProbeResult {
  /** One for each search. */
  readonly tallies: readonly Tally[];
}

export interface PictureCalibration {
  readonly pictures: readonly PhotoFile[];
  readonly recognizers: readonly RecognizerRequest[];
  /** See Resolution. */
  readonly slack: number;
}

/** What a look at some pictures has shown. */
export interface PicturesCalibrated {
  /** Median distance between the eyes, in pixels of the pictures; null where no face was found. */
  readonly eyeDistance: number | null;
  /** Median size of the pictures as they were decoded, in pixels. */
  readonly width: number;
  readonly height: number;
  /** Whether all have the same size. */
  readonly oneSize: boolean;
  /** In the order they were asked for. */
  readonly recognizers: readonly RecognizerInfo[];
  /** Pictures looked at, those without a face, and those that could not be read. */
  readonly samples: number;
  readonly undetected: number;
  readonly unreadable: number;
  /** Milliseconds a picture took, from the file to the embedding. */
  readonly sampleMs: number;
}

export interface PicturesProbe extends Omit<ProbeRequest, 'model' | 'spec' | 'geometry' | 'alignment'> {
  /** Those of the shard, in the order of the grid. */
  readonly pictures: readonly PhotoFile[];
  /** What the pictures' faces usually have: much larger faces are brought down to it. */
  readonly resolution: Resolution;
  /** What every picture must have, in pixels, where the pictures must not differ. Throws PICTURES_INVALID else. */
  readonly size?: { readonly width: number; readonly height: number };
}

export interface PicturesProbed extends ProbeResult {
  /** One for each search. */
  readonly nearest: readonly Nearest[];
}

export interface RenderRequest {
  readonly model: ModelFiles;
  readonly spec: GeneratorSpec;
  readonly geometry: PictureGeometry;
  readonly seeds: readonly number[];
}

export interface EmbedSampleRequest {
  readonly model: ModelFiles;
  readonly spec: GeneratorSpec;
  readonly geometry: PictureGeometry;
  readonly alignment: Alignment;
  readonly recognizer: RecognizerRequest;
  readonly seed: number;
}
