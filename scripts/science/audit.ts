/** Simulates an audit of embeddings that are drawn at random. */
import { batchCount, batchRange } from '../../shared/audit/counts/shards.ts';
import { type Summary, summarise } from '../../shared/audit/counts/summary.ts';
import { TallyBuilder } from '../../shared/audit/counts/tally-builder.ts';
import type { GalleryProfile } from '../../shared/audit/gallery/profile.ts';
import { derivedSeed } from '../../shared/audit/numbers/keyed.ts';
import { RandomState } from '../../shared/audit/numbers/random.ts';
import { type Analysis, analyse, type Measured } from '../../shared/audit/verdict/analysis.ts';
import { type Conclusion, conclude } from '../../shared/audit/verdict/conclusion.ts';
import { profileGallery } from '../../shared/engine/profile.ts';
import { GallerySearch } from '../../shared/faces/search.ts';
import { Similarity } from '../../shared/faces/similarity.ts';
import { Runtime } from '../../shared/onnx/runtime.ts';
import { samplingOf } from '../../shared/pipeline/planning/plan/sampling.ts';
import { settingsSchema } from '../../shared/pipeline/planning/settings.ts';
import type { Generator, Sampler } from './generators.ts';
import { gather, type People, type Sizes } from './people.ts';
import { isotropic, LENGTH, type Population } from './population.ts';
import { peopleWithAndWithoutLabels, type UnlabelledWorld } from './unlabelled.ts';

/** A gallery to audit with. */
export interface World {
  readonly sizes?: Partial<Sizes>;
  /** Where members and controls come from. */
  readonly populations?: readonly [Population, Population];
}

/** People who take part, and what their photos say without a generator: the same for every generator. */
export interface Prepared {
  readonly seed: number;
  readonly people: People;
  readonly profile: GalleryProfile;
}

/** What an audit spends. The draws of the statistics are those of every audit unless given. */
export interface Effort {
  readonly samples?: number;
  readonly permutations?: number;
  readonly bootstraps?: number;
}

/** An audit of embeddings that were drawn: from the search on it is every audit's way. */
export interface SimulatedAudit {
  readonly measured: Measured;
  readonly analysis: Analysis;
  readonly conclusion: Conclusion;
  /** [members] samples that show each. */
  readonly emitted: Uint32Array;
}

const SIZES: Sizes = { members: 500, controls: 500, photos: 5 };
const SAMPLES = 10_000;
const BATCH = 500;

/** Audits embeddings in the place of pictures. */
export class Simulator {
  readonly #runtime: Runtime;
  readonly #similarity: Similarity;

  private constructor(runtime: Runtime, similarity: Similarity) {
    this.#runtime = runtime;
    this.#similarity = similarity;
  }

  static async open(): Promise<Simulator> {
    const runtime = new Runtime({ device: 'cpu', threads: 1 });
    return new Simulator(runtime, await Similarity.open(runtime, LENGTH));
  }

  release(): Promise<void> {
    return this.#similarity.release();
  }

  async prepare(seed: number, { sizes, populations = [isotropic, isotropic] }: World = {}): Promise<Prepared> {
    const people = gather(new RandomState(derivedSeed('people', seed)), { ...SIZES, ...sizes }, populations);
    const nobody = new Float32Array(0);
    return { seed, people, profile: await profileGallery(people.gallery, nobody, seed, this.#similarity, ignore) };
  }

  /** As the pipeline does it: fresh samples are made where somebody is named, and only then. */
  /** The same people as labels say them, and as the recognizer groups them where there are no labels. */
  async prepareUnlabelled(
    seed: number,
    world: UnlabelledWorld,
  ): Promise<Readonly<Record<'labelled' | 'grouped', Prepared>>> {
    const { labelled, grouped } = await peopleWithAndWithoutLabels(seed, world, this.#similarity);
    const prepared = async (people: People): Promise<Prepared> => ({
      seed,
      people,
      profile: await profileGallery(people.gallery, new Float32Array(0), seed, this.#similarity, ignore),
    });
    return { labelled: await prepared(labelled), grouped: await prepared(grouped) };
  }

  async audit(
    { seed, people, profile }: Prepared,
    generator: Generator,
    { samples = SAMPLES, ...draws }: Effort = {},
  ): Promise<SimulatedAudit> {
    // The numbers of samples name them; what they show is drawn from one stream.
    const random = new RandomState(derivedSeed('samples', seed));
    const sampler = generator(people, random);
    const settings = settingsSchema.parse({ samples, seed: 0, batch: BATCH });
    const emitted = new Uint32Array(people.members);
    const probe = (stage: 'probe' | 'confirm', counts?: Uint32Array) =>
      this.#probe(people, sampler, random, samplingOf({ settings }, stage), profile.nearestMember, counts);
    const judge = (measured: Measured): SimulatedAudit => {
      const chance = { seed: derivedSeed('statistics', seed), controlsGiven: true, ...draws };
      const analysis = analyse(measured, people.roster, chance);
      return { measured, analysis, conclusion: conclude([analysis], { controlsGiven: true, samples }), emitted };
    };
    const first = judge({ summary: await probe('probe', emitted), profile, fresh: null });
    if (first.conclusion.people.length === 0) return first;
    return judge({ ...first.measured, fresh: await probe('confirm') });
  }

  async #probe(
    { gallery }: People,
    sampler: Sampler,
    random: RandomState,
    { k, ...grid }: ReturnType<typeof samplingOf>,
    nearestMember: Float32Array,
    emitted?: Uint32Array,
  ): Promise<Summary> {
    const { embeddings, layout } = gallery;
    const frame = { ...grid, identities: layout.isMember.length, faces: layout.identityOf.length };
    const batches = batchCount(frame);
    const builder = new TallyBuilder(frame, { firstBatch: 0, batches }, layout, nearestMember);
    const search = await GallerySearch.open(this.#runtime, embeddings, LENGTH, k);
    for (let batch = 0; batch < batches; batch++) {
      const { first, count: rows } = batchRange(frame, batch);
      const probes = new Float32Array(rows * LENGTH);
      for (let row = 0; row < rows; row++) {
        const member = sampler(random, probes, row * LENGTH);
        if (emitted && member >= 0) emitted[member]! += 1;
      }
      builder.addBatch({ batch, firstSeed: frame.seed + first, rows, ...(await search.search(probes)) });
    }
    await search.release();
    return summarise(builder.finish());
  }
}

function ignore(): void {}
