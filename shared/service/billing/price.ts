/**
 * What an audit costs on Google Cloud, as arithmetic: from the size of the work and what was measured of it. Prices are
 * list prices in US dollars without tax, free tiers and discounts, in a region of the lowest tier (europe-west4,
 * us-central1). Where prices are looked up again, the date goes with them.
 */

export const PRICES_READ = '2026-11';

interface Machine {
  /** Dollars for a second of the GPU, without zonal redundancy. */
  readonly gpu: number;
  /** The fewest vCPUs and GiB that it comes with, which are paid for too (terraform/functions.tf). */
  readonly cpus: number;
  readonly gibibytes: number;
}

/** https://cloud.google.com/run/pricing, "Services (instance-based billing)", GPU without zonal redundancy. */
export const GPUS = {
  'nvidia-l4': { gpu: 0.000_186_7, cpus: 4, gibibytes: 16 },
  // $3.19 for an hour of it with its 20 vCPUs and 80 GiB.
  'nvidia-rtx-pro-6000': { gpu: 0.000_366_1, cpus: 20, gibibytes: 80 },
} as const satisfies Readonly<Record<string, Machine>>;
export type Gpu = keyof typeof GPUS;

const USD = {
  /** https://cloud.google.com/run/pricing, instance-based billing: what comes with a GPU. */
  cpuSecond: 0.000_018,
  gibibyteSecond: 0.000_002,
  /** The same page, request-based billing: services without a GPU pay while they work. */
  requestCpuSecond: 0.000_024,
  requestGibibyteSecond: 0.000_002_5,
  request: 0.4 / 1e6,
  /** https://cloud.google.com/pubsub/pricing, publishing and push each; at least 1,000 bytes a message. */
  messageByte: 40 / 2 ** 40,
  /** https://cloud.google.com/firestore/pricing, by document, in one region. */
  recordRead: 0.03 / 1e5,
  recordWrite: 0.09 / 1e5,
  recordDelete: 0.01 / 1e5,
  /** https://cloud.google.com/storage/pricing, Standard storage in one region. */
  objectWrite: 0.005 / 1000,
  objectRead: 0.0004 / 1000,
  gibibyteMonth: 0.02,
} as const;

/** What one thing that is done costs in calls, apart from the machine that does it. */
interface Calls {
  readonly messages: number;
  readonly recordReads: number;
  readonly recordWrites: number;
  readonly objectReads: number;
  readonly objectWrites: number;
}

/**
 * A shard of samples, when all goes well: one message; its audit's state, and whether the next of its chain is done
 * (reads); its done record (a write); the plan, the result, the generator, recognizer and gallery looked up, the result
 * read once by merge (reads); the result (a write). Galleries and generators themselves are read once an instance.
 * @internal
 */
export const SAMPLE_SHARD: Calls = { messages: 1, recordReads: 2, recordWrites: 1, objectReads: 8, objectWrites: 1 };
/** A shard of photos: the same, but a photo is looked up and read on its own, see PHOTO. */
const PHOTO_SHARD: Calls = { messages: 1, recordReads: 2, recordWrites: 1, objectReads: 4, objectWrites: 1 };
const PHOTO: Calls = { messages: 0, recordReads: 0, recordWrites: 0, objectReads: 2, objectWrites: 0 };
/** An audit once: its state from the first to the last, marks and locks; plan, generator, roster, gallery, report. */
const AUDIT: Calls = { messages: 6, recordReads: 40, recordWrites: 12, objectReads: 60, objectWrites: 14 };

/** Bytes a message counts as, though it has fewer. */
const MESSAGE_BYTES = 1000;
/** An object that holds one match costs so much at most: its place in a staircase and in a table (tally-codec.ts). */
const MATCH_BYTES = 26;
/** Fresh samples keep more of the nearest faces (pipeline/plan-file.ts). */
const FRESH_K = 100;

/** Samples that planning generates (engine/calibrate.ts), about. */
const PLANNING_SAMPLES = 400;
const PHOTOS_PER_SHARD = 256;
/**
 * Seconds that assemble, merge, conclude and the small functions work, and the machine they do it on
 * (terraform/functions.tf). In it is what galleries say of themselves: 6 s for 10,000 photos on two cores.
 */
const CPU_WORK = { seconds: 120, cpus: 4, gibibytes: 16 };

export interface AuditWork {
  readonly samples: number;
  /** Measured milliseconds for one sample on this GPU: generate, align, embed and search. */
  readonly sampleMs: number;
  /** Pieces the samples are cut into. */
  readonly shards: number;
  /** Samples after those that confirm whoever is named, in pieces of the same size; 0 if nobody is. */
  readonly fresh: number;
  /** Photos that have to be embedded; 0 if an earlier audit did, or if embeddings were given. */
  readonly photos: number;
  /** Measured milliseconds for one photo. */
  readonly photoMs: number;
  /** Nearest faces kept for each sample. */
  readonly k: number;
  readonly gpu: Gpu;
  /** GPUs that work at the same time. */
  readonly gpus: number;
  /** Seconds from an instance's start to its first message: image, driver, models. */
  readonly coldStartS: number;
  /** Seconds that an instance is kept, and paid for, after its last message. */
  readonly idleS: number;
  /** Milliseconds in which a shard does nothing but open its models. */
  readonly shardStartMs: number;
  /** Days that results of shards are kept. */
  readonly workDays: number;
}

/** What is not said of an audit. */
export const USUAL = {
  photos: 0,
  photoMs: 15,
  k: 10,
  gpu: 'nvidia-l4',
  gpus: 1,
  // With a model of 3 GB 54 s were measured; most generators are smaller.
  coldStartS: 60,
  // Cloud Run says "up to 15 minutes", with a GPU ten: https://cloud.google.com/run/docs/about-instance-autoscaling
  idleS: 600,
  shardStartMs: 2000,
  workDays: 14,
} as const satisfies Partial<AuditWork>;

export interface Item {
  readonly what: string;
  /** How much of it, and in what. */
  readonly amount: number;
  readonly unit: string;
  readonly usd: number;
}

export interface AuditPrice {
  readonly items: readonly Item[];
  /** Dollars for everything. */
  readonly total: number;
  /** Hours that GPUs are paid for. */
  readonly gpuHours: number;
  /** Hours until the report, if every GPU is there when it is asked for. */
  readonly hours: number;
}

/** Dollars for a second of an instance with a GPU. */
export function gpuSecond(gpu: Gpu): number {
  const { gpu: price, cpus, gibibytes } = GPUS[gpu];
  return price + cpus * USD.cpuSecond + gibibytes * USD.gibibyteSecond;
}

/**
 * Dollars for messages, records and objects of one shard of samples.
 * @internal
 */
export function shardCallsPrice(): number {
  return callsPrice([[SAMPLE_SHARD, 1]]).reduce((sum, { usd }) => sum + usd, 0);
}

/** The price of an audit. */
export function auditPrice(work: AuditWork): AuditPrice {
  const { samples, fresh, sampleMs, shards, photos, photoMs, gpu, gpus, coldStartS, idleS, shardStartMs } = work;
  const photoShards = Math.ceil(photos / PHOTOS_PER_SHARD);
  const freshShards = freshShardsOf(work);
  // Plan, enrol, probe and confirm are services of their own: each warms up for itself and idles for itself.
  const starts = [1, photoShards, shards, freshShards].reduce((sum, pieces) => sum + Math.min(gpus, pieces), 0);

  const planning = (PLANNING_SAMPLES * sampleMs) / 1000;
  const enrolment = (photos * photoMs) / 1000;
  const probes = (samples * sampleMs + shards * shardStartMs) / 1000;
  const confirmation = (fresh * sampleMs + freshShards * shardStartMs) / 1000;
  const gpuItem = (what: string, seconds: number): Item => ({
    what,
    amount: seconds / 3600,
    unit: 'GPU-hours',
    usd: seconds * gpuSecond(gpu),
  });
  const gpuItems = [
    gpuItem('planning', planning),
    gpuItem('photos', enrolment),
    gpuItem('samples', probes),
    gpuItem('fresh samples', confirmation),
    gpuItem('cold starts', starts * coldStartS),
    gpuItem('idle tails', starts * idleS),
  ];

  const { seconds, cpus, gibibytes } = CPU_WORK;
  const cpu = seconds * (cpus * USD.requestCpuSecond + gibibytes * USD.requestGibibyteSecond);
  const gibibytesKept = ((samples * work.k + fresh * Math.max(work.k, FRESH_K)) * MATCH_BYTES) / 2 ** 30;
  const items: Item[] = [
    ...gpuItems,
    { what: 'statistics', amount: (seconds * cpus) / 3600, unit: 'vCPU-hours', usd: cpu },
    ...callsPrice([
      [SAMPLE_SHARD, shards + freshShards],
      [PHOTO_SHARD, photoShards],
      [PHOTO, photos],
      [AUDIT, 1],
    ]),
    {
      what: 'results kept',
      amount: gibibytesKept,
      unit: 'GiB',
      usd: gibibytesKept * USD.gibibyteMonth * (work.workDays / 30),
    },
  ];
  return {
    items,
    total: items.reduce((sum, { usd }) => sum + usd, 0),
    gpuHours: gpuItems.reduce((sum, { amount }) => sum + amount, 0),
    hours: hoursUntilReport(work, { planning, photoShards, freshShards }),
  };
}

/** As the pipeline cuts them (plan-file.ts). */
function freshShardsOf({ samples, shards, fresh }: AuditWork): number {
  return Math.ceil((shards * fresh) / samples);
}

/** The longest chain of shards decides: they are handed out in turn, and none is cut in two. */
function hoursUntilReport(
  work: AuditWork,
  { planning, photoShards, freshShards }: { planning: number; photoShards: number; freshShards: number },
): number {
  const { samples, fresh, sampleMs, shards, photoMs, gpus, coldStartS, shardStartMs } = work;
  const rounds = (count: number) => Math.ceil(count / gpus);
  const enrol = photoShards === 0 ? 0 : coldStartS + (rounds(photoShards) * PHOTOS_PER_SHARD * photoMs) / 1000;
  const sampling = (count: number, pieces: number) =>
    pieces === 0 ? 0 : coldStartS + (rounds(pieces) * ((count / pieces) * sampleMs + shardStartMs)) / 1000;
  const probe = sampling(samples, shards);
  const confirm = sampling(fresh, freshShards);
  return (coldStartS + planning + enrol + probe + confirm + CPU_WORK.seconds) / 3600;
}

function callsPrice(done: readonly (readonly [Calls, number])[]): Item[] {
  const sum = (key: keyof Calls) => done.reduce((total, [calls, times]) => total + calls[key] * times, 0);
  const messages = sum('messages');
  const records = sum('recordReads') + sum('recordWrites');
  return [
    {
      what: 'messages',
      amount: messages,
      unit: 'messages',
      // Each is published and delivered, and the request that delivers it counts for services without a GPU.
      usd: messages * (2 * MESSAGE_BYTES * USD.messageByte + USD.request),
    },
    {
      what: 'records',
      amount: records,
      unit: 'reads, writes',
      // What is written is deleted one day.
      usd: sum('recordReads') * USD.recordRead + sum('recordWrites') * (USD.recordWrite + USD.recordDelete),
    },
    {
      what: 'objects',
      amount: sum('objectReads') + sum('objectWrites'),
      unit: 'reads, writes',
      usd: sum('objectReads') * USD.objectRead + sum('objectWrites') * USD.objectWrite,
    },
  ];
}
