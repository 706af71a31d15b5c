/** `rewound show`: makes one sample again beside the gallery faces nearest to it. */
import { join } from 'node:path';
import sharp from 'sharp';
import { RewoundError } from '../../shared/errors.ts';
import { decodeGallery } from '../../shared/faces/gallery.ts';
import type { Context } from '../../shared/pipeline/base/context.ts';
import { keys } from '../../shared/pipeline/base/layout.ts';
import { readJson } from '../../shared/pipeline/base/sealed-json.ts';
import { withGenerated } from '../../shared/pipeline/planning/generated.ts';
import { generatorFiles, pictureResolution, recognizerRequest } from '../../shared/pipeline/planning/plan/files.ts';
import { CHUNK, plannedPictures, withPictureFiles } from '../../shared/pipeline/planning/plan/pictures.ts';
import {
  isOfCommand,
  isOfPictures,
  networkPlan,
  type PicturesPlan,
  type Plan,
} from '../../shared/pipeline/planning/plan/schema.ts';
import { readPlan } from '../../shared/pipeline/planning/plan/store.ts';
import { photosOf, renderSeeds } from '../../shared/pipeline/results/pictures.ts';
import { rosterSchema } from '../../shared/pipeline/results/roster.ts';
import type { Role } from '../../shared/report/model.ts';
import { photoKey } from '../../shared/report/render/html.ts';
import { stdout } from '../../shared/terminal.ts';
import { COMMAND_OPTION } from './audit-options.ts';
import { command } from './command.ts';
import { putFile } from './files.ts';
import { generateWith } from './generate-command.ts';
import { asText, asWhole, optional, withDefault } from './option.ts';
import { userPath } from './paths.ts';
import { readPointer } from './pointer.ts';
import { Station } from './station.ts';
import { usage } from './usage.ts';

/** Side of each face on the sheet, and the gap between them, in pixels. */
const SIDE = 256;
const GAP = 16;

interface Neighbour {
  readonly role: Role;
  readonly identity: string;
  readonly photo: string;
  readonly similarity: number;
}

export const show = command({
  name: 'show',
  summary:
    'Shows one sample again, or one picture of an audited set, as OUT/seed-N.png, beside the gallery faces nearest to it.',
  takes: ['REPORT_FOLDER'],
  options: {
    seed: optional('N', 'a seed from the report', asWhole(0, 2 ** 32 - 1)),
    picture: optional('NAME', 'a picture of the audited set, as the report calls it', asText),
    ...COMMAND_OPTION,
    nearest: withDefault('N', 'gallery faces beside it', asWhole(1, 20), '5'),
  },
  run: ({ seed, picture, nearest, generate }, [folder = '']) => {
    if ((seed === undefined) === (picture === undefined))
      throw usage('Give --seed N, or --picture NAME for a set of pictures.');
    return showSample(userPath(folder), { seed, picture }, nearest, generate);
  },
});

/** One sample, by its seed or by the name of its picture. */
interface Wanted {
  readonly seed: number | undefined;
  readonly picture: string | undefined;
}

async function showSample(out: string, wanted: Wanted, nearest: number, command: string | undefined): Promise<number> {
  const { audit, work, mounts } = await readPointer(out);
  const generate = command === undefined ? undefined : generateWith(command, { signal: AbortSignal.any([]) });
  const station = new Station({ folder: work, mounts, device: 'cpu', ...(generate ? { generate } : {}) });
  try {
    const { context } = station;
    if (!(await context.objects.head(keys.gallery(audit, 0)))) {
      throw new RewoundError('NOT_FOUND', `The work of this audit is no longer in ${work}.`, {
        help: 'Run the audit again with the same settings; the result is the same.',
      });
    }
    const plan = await readPlan(context, audit);
    const seed = isOfPictures(plan) ? await seedOf(context, plan, wanted) : seedIn(wanted);
    const [sample] = await renderSeeds(context, plan, [seed]);
    const embedding = await embedSeed(context, plan, seed);
    const roster = await readJson(context, keys.roster(audit), rosterSchema);
    const gallery = decodeGallery(await context.objects.get(keys.gallery(audit, 0)));
    const neighbours = embedding ? nearestFaces(embedding, gallery.embeddings, roster.people, nearest) : [];
    const photos = await photosOf(context, plan, neighbours);
    const file = join(out, `seed-${seed}.png`);
    await putFile(file, await sheet([sample, ...neighbours.map((neighbour) => photos.get(photoKey(neighbour)))]));
    stdout.line(file);
    if (!embedding) stdout.line('No face was found in this sample.');
    for (const { role, identity, photo, similarity } of neighbours) {
      stdout.line(`  ${similarity.toFixed(4)}  ${role === 'members' ? 'member ' : 'control'}  ${identity}/${photo}`);
    }
    return 0;
  } finally {
    station.close();
  }
}

function seedIn({ seed }: Wanted): number {
  if (seed !== undefined) return seed;
  throw usage('This audit is of a generator: give --seed N.');
}

/** The seed that stands for a picture of a set. Throws NOT_FOUND. */
async function seedOf(context: Context, plan: PicturesPlan, { seed, picture }: Wanted): Promise<number> {
  const { drawn } = plan.generator.set;
  const first = plan.settings.seed;
  if (seed !== undefined && seed >= first && seed < first + drawn) return seed;
  for (let at = 0; seed === undefined && at < drawn; at += CHUNK) {
    const chunk = await plannedPictures(context, plan, at, CHUNK);
    const found = chunk.findIndex(({ name }) => name === picture);
    if (found >= 0) return first + at + found;
  }
  throw new RewoundError('NOT_FOUND', 'There is no such picture in the audited set.', {
    help: 'Give the name as matches.csv or the report has it, in quotes.',
  });
}

/** The embedding of a sample; null where no face is found in it. */
async function embedSeed(context: Context, plan: Plan, seed: number): Promise<Float32Array | null> {
  const recognizer = await recognizerRequest(context, plan);
  if (isOfPictures(plan)) {
    const pictures = await plannedPictures(context, plan, seed - plan.settings.seed, 1);
    const { states, embeddings } = await withPictureFiles(context, pictures, (photos) =>
      context.compute.enrol({ photos, recognizer, resolution: pictureResolution(plan) }),
    );
    return states[0] === 'enrolled' ? embeddings : null;
  }
  if (isOfCommand(plan)) {
    const { states, embeddings } = await withGenerated(context, [seed], (photos) =>
      context.compute.enrol({ photos, recognizer, resolution: pictureResolution(plan) }),
    );
    return states[0] === 'enrolled' ? embeddings : null;
  }
  const network = networkPlan(plan);
  const { spec, geometry, alignment } = network.generator;
  const model = await generatorFiles(context, network);
  return context.compute.embedSample({ model, spec, geometry, alignment, recognizer, seed });
}

/** The people nearest to an embedding, each by their nearest photo. */
function nearestFaces(
  embedding: Float32Array,
  gallery: Float32Array,
  people: readonly { role: Role; identity: string; photos: readonly string[] }[],
  count: number,
): Neighbour[] {
  const length = embedding.length;
  let row = 0;
  const best = people.map(({ role, identity, photos }) => {
    const scored = photos.map((photo) => {
      const face = gallery.subarray(row * length, (row + 1) * length);
      row += 1;
      return { role, identity, photo, similarity: face.reduce((sum, value, i) => sum + value * embedding[i]!, 0) };
    });
    return scored.reduce((a, b) => (b.similarity > a.similarity ? b : a));
  });
  return best.sort((a, b) => b.similarity - a.similarity).slice(0, count);
}

/** Pictures side by side, the sample first; a grey square where there is none. */
async function sheet(pictures: readonly (Uint8Array | null | undefined)[]): Promise<Uint8Array> {
  const tiles = await Promise.all(
    pictures.map(async (picture, i) => ({
      input: picture
        ? await sharp(picture).resize(SIDE, SIDE, { fit: 'contain', background: '#000' }).png().toBuffer()
        : await sharp({ create: { width: SIDE, height: SIDE, channels: 3, background: '#888' } })
            .png()
            .toBuffer(),
      left: GAP + i * (SIDE + GAP) + (i > 0 ? GAP : 0),
      top: GAP,
    })),
  );
  const width = 2 * GAP + pictures.length * (SIDE + GAP);
  return sharp({ create: { width, height: SIDE + 2 * GAP, channels: 3, background: '#fff' } })
    .composite(tiles)
    .png()
    .toBuffer();
}
