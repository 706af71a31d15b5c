/** `rewound enrol`: embeds a folder of photos once. */
import { basename, join } from 'node:path';
import { RewoundError } from '../../shared/errors.ts';
import { encodeLabels, type Label } from '../../shared/faces/labels.ts';
import { encodeNpy } from '../../shared/faces/npy.ts';
import { ensureFolder } from '../../shared/folders.ts';
import { settingsSchema } from '../../shared/pipeline/planning/settings.ts';
import { enrolFolder } from '../../shared/pipeline/steps/enrol-folder.ts';
import { stderr, stdout } from '../../shared/terminal.ts';
import { ENGINE_OPTIONS, WORK_OPTIONS } from './audit-options.ts';
import { command } from './command.ts';
import { putFile } from './files.ts';
import { optional, required, type Values } from './option.ts';
import { asPath, requireFile, requireFolder, userPath } from './paths.ts';
import { quietProgress, terminalProgress } from './progress.ts';
import { besideItsFolder, PROJECT } from './project.ts';
import { Station } from './station.ts';

const OPTIONS = {
  out: required('DIR', 'where embeddings.npy and labels.csv go', asPath, 'where the gallery goes'),
  checkpoint: optional(
    'FILE',
    "bring the photos to the resolution of this generator's faces, as its audit does",
    asPath,
  ),
  recognizer: optional('CARD', 'JSON card of your own recognizer (docs/cards.md)', asPath),
  ...ENGINE_OPTIONS,
  ...WORK_OPTIONS,
};

export const enrol = command({
  name: 'enrol',
  summary: 'Embeds a folder of photos once, to be given as --members or --controls.',
  takes: ['FOLDER'],
  options: OPTIONS,
  run: (values, [folder = '']) => enrolPhotos(userPath(folder), values),
});

async function enrolPhotos(photos: string, values: Values<typeof OPTIONS>): Promise<number> {
  const folder = await requireFolder(photos, 'The photos');
  const { out, checkpoint, recognizer, latent, device, work } = values;
  for (const file of [checkpoint, recognizer]) if (file !== undefined) await requireFile(file);
  const progress = values.quiet ? quietProgress : terminalProgress(stderr);
  let before = 0;
  let total = 0;
  const station = new Station({
    folder: work,
    mounts: {
      [`${PROJECT}/members/`]: folder,
      ...(checkpoint ? besideItsFolder(`${PROJECT}/checkpoints`, checkpoint) : {}),
      ...(recognizer ? besideItsFolder(`${PROJECT}/recognizer`, recognizer) : {}),
    },
    device,
    onProgress: (task, done) => {
      if (task === 'enrol') progress.update('enrol', before + done, total, 'photos');
    },
  });
  try {
    const settings = settingsSchema.parse({
      recognizer: recognizer && `recognizer/${basename(recognizer)}`,
      card: latent === undefined ? undefined : { latent },
    });
    const gallery = await enrolFolder(station.context, {
      project: PROJECT,
      settings,
      checkpoint: checkpoint && `${PROJECT}/checkpoints/${basename(checkpoint)}`,
      onRun: (first, photos) => {
        before = first;
        total = photos;
      },
    });
    progress.end();
    const rows: Label[] = [];
    const kept: Float32Array[] = [];
    const length = gallery.recognizer.embedding;
    const lost = { undetected: 0, unreadable: 0 };
    for (const { photos, enrolment } of gallery.runs) {
      photos.forEach(({ identity, photo }, i) => {
        const state = enrolment.states[i]!;
        if (state !== 'enrolled') {
          lost[state] += 1;
          progress.note(
            `left out (${state === 'undetected' ? 'no face found' : 'cannot be read'}): ${identity}/${photo}`,
          );
          return;
        }
        rows.push({ identity, photo });
        kept.push(enrolment.embeddings.subarray(i * length, (i + 1) * length));
      });
    }
    if (rows.length === 0) {
      throw new RewoundError('GALLERY_EMPTY', 'No face was found in any photo.', { help: 'Check the folder.' });
    }
    const data = new Float32Array(rows.length * length);
    kept.forEach((embedding, i) => {
      data.set(embedding, i * length);
    });
    ensureFolder(out);
    await putFile(join(out, 'embeddings.npy'), encodeNpy({ rows: rows.length, columns: length, data }));
    await putFile(join(out, 'labels.csv'), encodeLabels(rows));
    const about = {
      schema: 'rewound.gallery/1',
      recognizer: gallery.recognizer.name,
      embedding: length,
      eyeDistance: gallery.resolution?.eyeDistance ?? null,
    };
    await putFile(join(out, 'gallery.json'), `${JSON.stringify(about, undefined, 2)}\n`);
    const identities = new Set(rows.map(({ identity }) => identity)).size;
    stdout.line(
      `${rows.length} photos of ${identities} people in ${out} (${lost.undetected} without a face, ${lost.unreadable} unreadable)`,
    );
    return 0;
  } finally {
    station.close();
  }
}
