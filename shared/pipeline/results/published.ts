/** Says which pictures of a set resemble whom: what a publisher would withhold. */
import { decodeNearest, PICTURE_STATES } from '../../audit/counts/nearest.ts';
import { layOut } from '../../audit/counts/roster.ts';
import { samplesIn } from '../../audit/counts/shards.ts';
import { csvLine } from '../../csv.ts';
import type { Published, Role } from '../../report/model.ts';
import type { Renaming } from '../../report/pseudonyms.ts';
import type { Context } from '../base/context.ts';
import { keys } from '../base/layout.ts';
import { type PlannedPicture, plannedPictures } from '../planning/plan/pictures.ts';
import { sampleShards, samplingOf } from '../planning/plan/sampling.ts';
import type { PicturesPlan } from '../planning/plan/schema.ts';
import type { Analyses } from './analyses.ts';

/** Folders listed in a report. */
const MOST_FOLDERS = 500;

/** A picture that resembles a person more closely than the threshold. */
export interface MatchingPicture {
  readonly seed: number;
  readonly picture: string;
  readonly recognizer: string;
  readonly similarity: number;
  readonly role: Role;
  readonly identity: string;
  readonly photo: string;
}

/** What was found in a set of pictures, beside what is said of any audit. */
export interface PublishedFindings {
  readonly report: Published;
  /** Names of the pictures that resemble each person most, by seed. */
  readonly names: ReadonlyMap<number, string>;
  /** All pictures above the threshold, in the order of the set. */
  readonly matching: readonly MatchingPicture[];
}

/** Looks at each picture of a set once more, shard by shard: memory holds one shard and the pictures that match. */
export async function publishedFindings(
  context: Context,
  plan: PicturesPlan,
  { roster, analyses, measured }: Analyses,
): Promise<PublishedFindings> {
  const layout = layOut(roster.people);
  const { stairs } = measured[0]!.summary;
  const wanted = new Set(roster.people.map((_, i) => stairs.seed[stairs.offset[i + 1]! - 1]));
  const names = new Map<number, string>();
  const matching: MatchingPicture[] = [];
  const folders = new Map<string, FolderCount>();
  const copies = { looks: new Copies(), contents: new Copies() };
  let [unreadable, above] = [0, 0];
  for await (const shard of shardsOf(context, plan, layout.identityOf.length)) {
    for (const [row, picture] of shard.pictures.entries()) {
      const seed = shard.firstSeed + row;
      if (wanted.has(seed)) names.set(seed, picture.name);
      const { state, look } = shard.nearest[0]!;
      const isRead = PICTURE_STATES[state[row]!] !== 'unreadable';
      if (isRead) {
        copies.looks.add(look[2 * row]!, look[2 * row + 1]!);
        copies.contents.add(...halves(picture.md5));
      } else unreadable += 1;
      const folder = countOf(folders, picture.folder);
      folder.pictures += 1;
      if (PICTURE_STATES[state[row]!] !== 'searched') continue;
      for (const [recognizer, { face, similarity }] of shard.nearest.entries()) {
        const threshold = analyses[recognizer]?.comparison?.threshold;
        if (threshold === undefined || !(similarity[row]! > threshold)) continue;
        const number = layout.identityOf[face[row]!]!;
        const { role, identity, photos } = roster.people[number]!;
        matching.push({
          seed,
          picture: picture.name,
          recognizer: plan.recognizers[recognizer]!.info.name,
          similarity: similarity[row]!,
          role,
          identity,
          photo: photos[face[row]! - layout.faceStart[number]!]!,
        });
        if (recognizer > 0) continue;
        above += 1;
        folder.above += 1;
        folder.people.set(number, (folder.people.get(number) ?? 0) + 1);
      }
    }
  }
  return {
    report: {
      ...plan.generator.set,
      unreadable,
      alike: Math.max(0, copies.looks.shared() - copies.contents.shared()),
      above: analyses[0]?.comparison ? above : null,
      byFolder: plan.generator.set.folders > 0 ? foldersAbove(folders, roster.people) : [],
    },
    names,
    matching,
  };
}

/** `matches.csv`: every picture above the threshold with the person it resembles most, by each recognizer. */
export function renderMatchingPictures(
  matching: readonly MatchingPicture[],
  renaming: Pick<Renaming, 'person' | 'photo' | 'picture'> | undefined,
): string {
  const lines = matching.map(({ seed, picture, recognizer, similarity, role, identity, photo }) =>
    csvLine([
      renaming?.picture ? renaming.picture(seed) : picture,
      recognizer,
      similarity.toFixed(6),
      role === 'members' ? 'member' : 'control',
      renaming ? renaming.person(role, identity) : identity,
      renaming ? renaming.photo(role, identity, photo) : photo,
    ]),
  );
  return [csvLine(['picture', 'recognizer', 'similarity', 'role', 'identity', 'photo']), ...lines, ''].join('\n');
}

interface FolderCount {
  pictures: number;
  above: number;
  /** By place in the roster. */
  readonly people: Map<number, number>;
}

function countOf(folders: Map<string, FolderCount>, folder: string): FolderCount {
  const known = folders.get(folder);
  if (known) return known;
  const fresh: FolderCount = { pictures: 0, above: 0, people: new Map() };
  folders.set(folder, fresh);
  return fresh;
}

/** Folders with pictures above the threshold, those with the largest share of such pictures first. */
function foldersAbove(
  folders: ReadonlyMap<string, FolderCount>,
  people: readonly { readonly role: Role; readonly identity: string }[],
): Published['byFolder'] {
  return [...folders]
    .filter(([, { above }]) => above > 0)
    .map(([folder, { pictures, above, people: counts }]) => {
      const [number, ofThem] = [...counts].reduce((a, b) => (b[1] > a[1] || (b[1] === a[1] && b[0] < a[0]) ? b : a));
      const { role, identity } = people[number]!;
      return { folder, pictures, above, role, identity, ofThem };
    })
    .sort((a, b) => b.above / b.pictures - a.above / a.pictures || b.above - a.above || (a.folder < b.folder ? -1 : 1))
    .slice(0, MOST_FOLDERS);
}

interface ShardOfPictures {
  readonly firstSeed: number;
  readonly pictures: readonly PlannedPicture[];
  /** By recognizer. */
  readonly nearest: readonly ReturnType<typeof decodeNearest>[];
}

async function* shardsOf(context: Context, plan: PicturesPlan, faces: number): AsyncGenerator<ShardOfPictures> {
  for (const stage of ['probe', 'confirm'] as const) {
    const sampling = samplingOf(plan, stage);
    for (const { index, firstBatch, batches } of sampleShards(plan, stage)) {
      const first = samplesIn(sampling, firstBatch);
      const count = samplesIn(sampling, firstBatch + batches) - first;
      const firstSeed = sampling.seed + first;
      const pictures = await plannedPictures(context, plan, firstSeed - plan.settings.seed, count);
      const nearest = await Promise.all(
        plan.recognizers.map(async (_, recognizer) => {
          const bytes = await context.objects.get(keys.nearest(plan.audit, stage, index, recognizer));
          return decodeNearest(bytes, count, faces);
        }),
      );
      yield { firstSeed, pictures, nearest };
    }
  }
}

/** Counts 64-bit values that occur more than once. */
class Copies {
  #values = new BigUint64Array(2 ** 12);
  #length = 0;

  add(low: number, high: number): void {
    if (this.#length === this.#values.length) {
      const larger = new BigUint64Array(2 * this.#values.length);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length++] = (BigInt(high) << 32n) | BigInt(low);
  }

  /** How many of the values are equal to another one of them. */
  shared(): number {
    const sorted = this.#values.subarray(0, this.#length).sort();
    return sorted.reduce<number>((many, value, i) => {
      return many + (value === sorted[i - 1] || value === sorted[i + 1] ? 1 : 0);
    }, 0);
  }
}

/** The first 64 bits of an MD5 in base64, as two numbers. */
function halves(md5: string): [number, number] {
  const bytes = Buffer.from(md5, 'base64');
  return bytes.length < 8 ? [0, 0] : [bytes.readUInt32LE(0), bytes.readUInt32LE(4)];
}
