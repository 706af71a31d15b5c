/** Makes the pictures of a report. */

import type { PhotoFile } from '../../engine/compute.ts';
import { asRewoundError } from '../../errors.ts';
import type { Match, Report } from '../../report/model.ts';
import type { Pictures } from '../../report/render/html.ts';
import { photoKey, shownMatches } from '../../report/render/html.ts';
import type { Context } from '../base/context.ts';
import { withGenerated } from '../planning/generated.ts';
import { photoFiles } from '../planning/photo-files.ts';
import { generatorFiles } from '../planning/plan/files.ts';
import { picturesAt } from '../planning/plan/pictures.ts';
import { isOfCommand, isOfPictures, networkPlan, type Plan } from '../planning/plan/schema.ts';

/**
 * The generated faces and photos the page shows side by side. None where the settings ask for none. The `report` to be
 * shown may stand under pseudonyms: `named` is the same with names, by which photos are found.
 */
export async function evidence(context: Context, plan: Plan, report: Report, named: Report): Promise<Pictures> {
  const sides = [plan.members, plan.controls];
  const embeddingsOnly = sides.every((side) => side?.kind !== 'photos');
  if (!plan.settings.pictures) return { samples: new Map(), photos: new Map(), embeddingsOnly };
  const shown = shownMatches(report);
  const seeds = [...new Set(shown.map(({ seed }) => seed))];
  const pictures = await renderSeeds(context, plan, seeds);
  return {
    samples: new Map(seeds.flatMap((seed, i) => (pictures[i] ? [[seed, pictures[i]] as const] : []))),
    photos: await shownPhotos(context, plan, shown, named),
    embeddingsOnly,
  };
}

async function shownPhotos(context: Context, plan: Plan, shown: readonly Match[], named: Report) {
  const byRank = new Map(named.matches.map((match) => [match.rank, match]));
  const pairs = shown.map((match) => [match, byRank.get(match.rank)!] as const);
  const photos = await photosOf(
    context,
    plan,
    pairs.map(([, match]) => match),
  );
  return new Map(
    pairs.flatMap(([match, original]) => {
      const picture = photos.get(photoKey(original));
      return picture ? [[photoKey(match), picture] as const] : [];
    }),
  );
}

/** The samples of these seeds as pictures; null for a picture of a set that is gone or cannot be read. */
export async function renderSeeds(
  context: Context,
  plan: Plan,
  seeds: readonly number[],
): Promise<readonly (Uint8Array | null)[]> {
  if (isOfPictures(plan)) {
    const places = seeds.map((seed) => seed - plan.settings.seed);
    const pictures = await picturesAt(context, plan, places);
    const files = await Promise.all(
      pictures.map((one) => (one ? photoFiles(context, [one]).catch(whereGone) : [{ path: '' }])),
    );
    return context.compute.thumbnails(files.flat());
  }
  if (isOfCommand(plan)) return withGenerated(context, seeds, (files) => context.compute.thumbnails(files));
  const network = networkPlan(plan);
  const { spec, geometry } = network.generator;
  return context.compute.render({ model: await generatorFiles(context, network), spec, geometry, seeds });
}

/** Photos of matches as small JPEGs, by their key in a report; those that are gone are left out. */
export async function photosOf(
  context: Context,
  plan: Plan,
  matches: readonly Pick<Match, 'role' | 'identity' | 'photo'>[],
): Promise<ReadonlyMap<string, Uint8Array>> {
  const places = matches.flatMap((match) => {
    const side = plan[match.role];
    if (side?.kind !== 'photos') return [];
    const place = side.photos.find(({ identity, photo }) => identity === match.identity && photo === match.photo);
    return place ? [{ key: photoKey(match), place }] : [];
  });
  const files = await Promise.all(places.map(({ place }) => photoFiles(context, [place]).catch(whereGone)));
  const thumbnails = await context.compute.thumbnails(files.flat());
  return new Map(
    places.flatMap(({ key }, i) => {
      const picture = thumbnails[i];
      return picture ? [[key, picture] as const] : [];
    }),
  );
}

/** No path for a photo that its owner deleted or replaced. That storage does not answer is no reason to leave it out. */
function whereGone(cause: unknown): PhotoFile[] {
  const { code, transient } = asRewoundError(cause);
  if (!transient && (code === 'NOT_FOUND' || code === 'OBJECT_CHANGED')) return [{ path: '' }];
  throw cause;
}
