import { equalise } from '../audit/equalise.ts';
import { encodeGallery } from '../faces/gallery.ts';
import { isRunning } from './audits.ts';
import type { Context } from './context.ts';
import { dispatch } from './fan-in.ts';
import { apart, type Gathered, gather, type Person } from './gather.ts';
import { refuseRunaway } from './hops.ts';
import { keys } from './keys.ts';
import type { AssembleMessage } from './messages.ts';
import { putOnce } from './once.ts';
import { assembled, encodeJson, type Plan, readPlan } from './plan-file.ts';
import { rejecting } from './reject.ts';
import type { Roster } from './roster-file.ts';

/**
 * From embedded photos to the galleries of the audit, one a recognizer: nobody on both sides, the same number of photos
 * for everybody. What the galleries say of themselves, without the generator, is measured at once: before the first
 * sample.
 */
export async function assemble(context: Context, { audit, hops }: AssembleMessage): Promise<void> {
  if (!(await isRunning(context, audit))) return;
  await rejecting(context, audit, async () => {
    const plan = await readPlan(context, audit);
    refuseRunaway(plan, hops);
    if (!(await context.objects.head(assembled(plan)))) {
      await build(context, plan);
    }
    await dispatch(context, plan);
  });
}

async function build(context: Context, plan: Plan): Promise<void> {
  const [members, controls] = apart(await gather(context, plan, 'members'), await gather(context, plan, 'controls'));
  const placebo = await gather(context, plan, 'placebo');
  const roster = makeRoster(plan, { members, controls, placebo });
  const people = [...members.people, ...controls.people];
  await putOnce(context, keys.roster(plan.audit), encodeJson(roster));
  for (const [place, { info }] of plan.recognizers.entries()) {
    const embeddings = stack(people, roster.people, place, info.embedding);
    await putOnce(context, keys.gallery(plan.audit, place), encodeGallery(embeddings, info.embedding, roster.people));
    if (placebo.people.length === 0) continue;
    const unseen = placebo.people.map(({ key, photos }) => ({
      key,
      role: 'controls' as const,
      photos: photos.map(({ photo }) => photo),
    }));
    const faces = encodeGallery(stack(placebo.people, unseen, place, info.embedding), info.embedding, unseen);
    await putOnce(context, keys.placebo(plan.audit, place), faces);
  }
}

function makeRoster(
  plan: Plan,
  { members, controls, placebo }: Readonly<Record<'members' | 'controls' | 'placebo', Gathered>>,
): Roster {
  const sides = [
    ...members.people.map((person) => ({ ...person, role: 'members' as const })),
    ...controls.people.map((person) => ({ ...person, role: 'controls' as const })),
  ];
  const { photosPerIdentity, chosen } = equalise(
    sides.map(({ key, photos }) => ({ key, photos: photos.map(({ photo }) => photo) })),
    plan.settings.seed,
  );
  return {
    version: 1,
    photosPerIdentity,
    people: sides.map(({ key, role, identity, photos }, i) => ({
      key,
      role,
      identity,
      photos: chosen[i]!.map((place) => photos[place]!.photo),
      available: photos.length,
    })),
    counts: { members: members.counts, controls: controls.counts, placebo: placebo.counts },
  };
}

/** f32 [faces, length]: one recognizer's embeddings of the chosen photos, person by person. */
function stack(
  people: readonly Person[],
  chosen: readonly { readonly photos: readonly string[] }[],
  recognizer: number,
  length: number,
): Float32Array {
  const faces = chosen.flatMap(({ photos }, i) => {
    const named = new Map(people[i]!.photos.map((one) => [one.photo, one.embeddings[recognizer]!]));
    return photos.map((photo) => named.get(photo)!);
  });
  const out = new Float32Array(faces.length * length);
  for (const [i, face] of faces.entries()) out.set(face, i * length);
  return out;
}
