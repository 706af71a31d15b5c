/** Says what is in a set of pictures that was named in the place of a checkpoint. */
import { stat } from 'node:fs/promises';
import { formatOf } from '../../shared/collection/archive.ts';
import { countReasons } from '../../shared/collection/entry.ts';
import type { Context } from '../../shared/pipeline/base/context.ts';
import { droppedCheckpoint } from '../../shared/pipeline/base/layout.ts';
import { photoFiles } from '../../shared/pipeline/planning/photo-files.ts';
import { findPictures, type PictureSet } from '../../shared/pipeline/planning/picture-set.ts';
import { stderr, stdout } from '../../shared/terminal.ts';
import { contactSheet } from './contact-sheet.ts';
import { putFile } from './files.ts';
import { auditedFile, pictureFolder } from './picture-source.ts';
import { withProject } from './project.ts';
import { pictureLines } from './understanding.ts';

/** Pictures on a contact sheet. */
const SHOWN = 48;

type Looking = Pick<Context, 'objects' | 'compute'>;

/** Says what a set of pictures is, and shows some of them on a page. False where the path names something else. */
export async function inspectPictures(
  path: string,
  { json, samples }: { readonly json: boolean; readonly samples: string | undefined },
): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isDirectory() && !(found?.isFile() && formatOf(path))) return false;
  const source = (await pictureFolder(path)) ?? auditedFile(path);
  return withProject(source.mounts, async (context) => {
    if (source.marker !== undefined) await context.objects.put(source.key, new TextEncoder().encode(source.marker));
    const [place, object] = [droppedCheckpoint(source.key), await context.objects.head(source.key)];
    const set = place && object && (await findPictures(context, place, object, { digests: false }));
    if (!set) return false;
    if (json) stdout.json(JSON.stringify(asJson(set), undefined, 2));
    else for (const line of pictureLines(set, false)) stdout.line(line);
    if (samples !== undefined) await writeSheet(context, set, samples);
    return true;
  });
}

function asJson({ format, pictures, passed }: PictureSet) {
  const folders = new Set(pictures.map(({ folder }) => folder)).size;
  return { kind: 'pictures', format, pictures: pictures.length, folders, passed: countReasons(passed) };
}

/** A few pictures from the whole of the set, evenly spaced. */
async function writeSheet(context: Looking, { pictures }: PictureSet, to: string): Promise<void> {
  const shown = Math.min(SHOWN, pictures.length);
  const chosen = Array.from({ length: shown }, (_, i) => pictures[Math.floor((i * pictures.length) / shown)]!);
  const thumbnails = await context.compute.thumbnails(await photoFiles(context, chosen));
  const unreadable = thumbnails.filter((one) => one === null).length;
  const line = `${shown} of ${pictures.length.toLocaleString('en')} pictures${unreadable > 0 ? `, of which ${unreadable} cannot be read` : ''}.`;
  await putFile(to, contactSheet('Pictures', [line], [{ title: '', pictures: thumbnails }]));
  stderr.line(line);
  stderr.line(to);
}
