/** Simulates audits of photos of which nothing says who is in them, with and without labels. */
import { layOut } from '../../shared/audit/counts/roster.ts';
import { derivedSeed } from '../../shared/audit/numbers/keyed.ts';
import { RandomState } from '../../shared/audit/numbers/random.ts';
import type { Person as Entry } from '../../shared/audit/verdict/analysis.ts';
import { linkRows } from '../../shared/engine/link.ts';
import type { Similarity } from '../../shared/faces/similarity.ts';
import type { EnrolledPhoto } from '../../shared/pipeline/results/embedded.ts';
import { type Gathered, type Person, personOf } from '../../shared/pipeline/results/gather.ts';
import { groupUnlabelled } from '../../shared/pipeline/results/grouping.ts';
import type { People } from './people.ts';
import { isotropic, LENGTH } from './population.ts';

export interface UnlabelledWorld {
  /** People a side, each with 1 to `most` photos. */
  readonly people: number;
  readonly most: number;
  /** Mean cosine of two photos of one person: how well the recognizer knows people again. */
  readonly genuine: number;
}

interface Side {
  readonly labelled: Gathered;
  readonly unlabelled: Gathered;
}

/** The people of one audit as labels say them, and as the recognizer groups them. */
export async function peopleWithAndWithoutLabels(
  seed: number,
  world: UnlabelledWorld,
  similarity: Pick<Similarity, 'cosines'>,
): Promise<{ readonly labelled: People; readonly grouped: People }> {
  const random = new RandomState(derivedSeed('unlabelled', seed));
  const [members, controls] = [drawSide(random, 'm', world), drawSide(random, 'c', world)];
  const compute = { link: (request: Parameters<typeof linkRows>[0]) => linkRows(request, similarity, () => undefined) };
  const grouped = await groupUnlabelled({ compute }, members.unlabelled, controls.unlabelled);
  return {
    labelled: peopleOf(members.labelled, controls.labelled),
    grouped: peopleOf(grouped.members, grouped.controls),
  };
}

function drawSide(random: RandomState, side: string, { people, most, genuine }: UnlabelledWorld): Side {
  // Two photos of a person with noise of variance s have the cosine 1 / (1 + s) in the mean.
  const noise = Math.sqrt((1 / genuine - 1) / LENGTH);
  const direction = new Float64Array(LENGTH);
  const draw = new Float64Array(LENGTH);
  const labelled: Person[] = [];
  for (let i = 0; i < people; i++) {
    isotropic(random, direction);
    const photos = Array.from({ length: 1 + random.below(most) }, (_, p): EnrolledPhoto => {
      random.randn(draw);
      const norm = Math.sqrt(draw.reduce((sum, value, k) => sum + (direction[k]! + noise * value) ** 2, 0));
      const embedding = Float32Array.from(draw, (value, k) => (direction[k]! + noise * value) / norm);
      return {
        identity: `${side}${i}`,
        photo: `${side}${i}-${p}`,
        content: `${side}${i}-${p}`,
        embeddings: [embedding],
      };
    });
    labelled.push(personOf(`${side}${i}`, photos));
  }
  const counts = { photos: 0, undetected: 0, unreadable: 0, overlapping: 0, leftOut: [] };
  const alone = labelled.flatMap(({ photos }) =>
    photos.map((photo) => personOf(photo.photo, [{ ...photo, unlabelled: true as const }])),
  );
  return { labelled: { people: labelled, counts }, unlabelled: { people: alone, counts } };
}

/** One photo of everybody, as an audit takes them where somebody has only one. */
function peopleOf(members: Gathered, controls: Gathered): People {
  const all = [...members.people, ...controls.people];
  const embeddings = new Float32Array(all.length * LENGTH);
  const roster = all.map(({ key, photos }, i): Entry => {
    embeddings.set(photos[0]!.embeddings[0]!, i * LENGTH);
    return {
      key,
      role: i < members.people.length ? 'members' : 'controls',
      photos: [photos[0]!.photo],
      available: photos.length,
    };
  });
  return {
    roster,
    gallery: { embeddings, length: LENGTH, layout: layOut(roster) },
    directions: [],
    members: members.people.length,
    photos: 1,
  };
}
