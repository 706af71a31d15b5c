import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { localTasks } from '../../shared/engine/tasks.ts';
import { recognizerCardSchema } from '../../shared/faces/recognizer.ts';
import type { EnrolledPhoto } from '../../shared/pipeline/results/embedded.ts';
import { type Gathered, personOf } from '../../shared/pipeline/results/gather.ts';
import { groupUnlabelled } from '../../shared/pipeline/results/grouping.ts';
import { tempDir } from '../support/temp.ts';
import { HALVES, ORL, photosOf } from './orl.ts';
import { cardOf, putRecognizer, RECOGNIZERS } from './recognizers.ts';

const tasks = localTasks({ device: 'cpu', threads: 1 }, () => undefined);

/** One half of ORL without labels: each photo a person of its own, named by a number. */
async function unlabelled(
  people: readonly number[],
  recognizer: Parameters<typeof tasks.enrol>[0]['recognizer'],
  length: number,
): Promise<Gathered> {
  const photos = people.flatMap((person) => photosOf(person));
  const { embeddings } = await tasks.enrol({ photos: photos.map((path) => ({ path })), recognizer, resolution: null });
  const enrolled = photos.map(
    (path, i): EnrolledPhoto => ({
      identity: `${i}`,
      photo: path,
      content: path,
      unlabelled: true,
      embeddings: [embeddings.subarray(i * length, (i + 1) * length)],
    }),
  );
  const counts = { photos: photos.length, undetected: 0, unreadable: 0, overlapping: 0, leftOut: [] };
  return { people: enrolled.map((photo) => personOf(photo.identity, [photo])), counts };
}

const personIn = ({ photo }: EnrolledPhoto) => /s(\d+)\//.exec(photo)![1]!;

/** Of all pairs of photos that were put together, the share of the same person's; and of these, the share that was found. */
function pairwise(people: Gathered['people'], photos: number) {
  let [together, right] = [0, 0];
  for (const { photos: own } of people) {
    for (const [i, one] of own.entries()) {
      for (const other of own.slice(i + 1)) {
        together += 1;
        if (personIn(one) === personIn(other)) right += 1;
      }
    }
  }
  return { precision: right / together, recall: right / (photos * 4.5) };
}

describe.skipIf(!ORL || !RECOGNIZERS)('ORL without labels', () => {
  it.each(['built-in', 'fr_feature'] as const)('is grouped into its people by %s', async (name) => {
    const project = tempDir();
    if (name !== 'built-in') putRecognizer(project, name);
    const request =
      name === 'built-in'
        ? ({ kind: 'built-in' } as const)
        : {
            kind: 'card' as const,
            card: recognizerCardSchema.parse(JSON.parse(readFileSync(join(project, cardOf(name)), 'utf8'))),
            path: join(project, 'recognizer', `${name}.onnx`),
            external: [],
          };
    const length = name === 'built-in' ? 128 : 512;
    const [members, controls] = [
      await unlabelled(HALVES[0], request, length),
      await unlabelled(HALVES[1], request, length),
    ];
    const grouped = await groupUnlabelled({ compute: tasks }, members, controls);
    for (const side of ['members', 'controls'] as const) {
      const { precision, recall } = pairwise(grouped[side].people, 200);
      expect(precision).toBeGreaterThanOrEqual(0.999);
      expect(recall).toBeGreaterThanOrEqual(0.95);
      expect(grouped[side].people).toHaveLength(20);
    }
  });
});
