/** `rewound show`: makes one sample again beside the gallery faces nearest to it. */
import { join } from 'node:path';
import sharp from 'sharp';
import { RewoundError } from '../../shared/errors.ts';
import { decodeGallery } from '../../shared/faces/gallery.ts';
import { keys } from '../../shared/pipeline/base/layout.ts';
import { readJson } from '../../shared/pipeline/base/sealed-json.ts';
import { generatorFiles, recognizerRequest } from '../../shared/pipeline/planning/plan/files.ts';
import { readPlan } from '../../shared/pipeline/planning/plan/store.ts';
import { photosOf, renderSeeds } from '../../shared/pipeline/results/pictures.ts';
import { rosterSchema } from '../../shared/pipeline/results/roster.ts';
import type { Role } from '../../shared/report/model.ts';
import { photoKey } from '../../shared/report/render/html.ts';
import { stdout } from '../../shared/terminal.ts';
import { command } from './command.ts';
import { putFile } from './files.ts';
import { asWhole, required, withDefault } from './option.ts';
import { userPath } from './paths.ts';
import { readPointer } from './pointer.ts';
import { Station } from './station.ts';

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
  summary: 'Makes the sample of one seed again, as OUT/seed-N.png, beside the gallery faces nearest to it.',
  takes: ['REPORT_FOLDER'],
  options: {
    seed: required('N', 'a seed from the report', asWhole(0, 2 ** 32 - 1), 'a seed from the report'),
    nearest: withDefault('N', 'gallery faces beside it', asWhole(1, 20), '5'),
  },
  run: ({ seed, nearest }, [folder = '']) => showSeed(userPath(folder), seed, nearest),
});

async function showSeed(out: string, seed: number, nearest: number): Promise<number> {
  const { audit, work, mounts } = await readPointer(out);
  const station = new Station({ folder: work, mounts, device: 'cpu' });
  try {
    const { context } = station;
    if (!(await context.objects.head(keys.gallery(audit, 0)))) {
      throw new RewoundError('NOT_FOUND', `The work of this audit is no longer in ${work}.`, {
        help: 'Run the audit again with the same settings; the result is the same.',
      });
    }
    const plan = await readPlan(context, audit);
    const { spec, geometry, alignment } = plan.generator;
    const [sample] = await renderSeeds(context, plan, [seed]);
    const embedding = await context.compute.embedSample({
      model: await generatorFiles(context, plan),
      spec,
      geometry,
      alignment,
      recognizer: await recognizerRequest(context, plan),
      seed,
    });
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
async function sheet(pictures: readonly (Uint8Array | undefined)[]): Promise<Uint8Array> {
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
