/** The step from embedded photos to galleries. */
import { equalise } from '../../audit/counts/equalise.ts';
import { RewoundError } from '../../errors.ts';
import { encodeEnrolment } from '../../faces/enrolment.ts';
import { encodeGallery } from '../../faces/gallery.ts';
import type { Context } from '../base/context.ts';
import { keys } from '../base/layout.ts';
import type { AssembleMessage } from '../base/messages.ts';
import { putOnce } from '../base/once.ts';
import { encodeJson } from '../base/sealed-json.ts';
import { FEWEST_CONTROLS, FEWEST_MEMBERS } from '../planning/people.ts';
import { assembled } from '../planning/plan/files.ts';
import type { Plan } from '../planning/plan/schema.ts';
import { readPlan } from '../planning/plan/store.ts';
import { apart, apartByFace, type Gathered, gather, joinRows, type Person } from '../results/gather.ts';
import { type Grouped, groupUnlabelled } from '../results/grouping.ts';
import type { Roster } from '../results/roster.ts';
import { dispatch } from '../runs/fan-in.ts';
import { refuseRunaway } from '../runs/hops.ts';
import { rejecting } from '../runs/reject.ts';
import { isRunning } from '../runs/run.ts';

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
    if (!(await context.objects.head(assembled(plan)))) await profile(context, plan, await build(context, plan));
    await dispatch(context, plan);
  });
}

async function build(context: Context, plan: Plan): Promise<Roster> {
  const sides = apart(await gather(context, plan, 'members'), await gather(context, plan, 'controls'));
  const grouped = await groupUnlabelled(context, ...sides);
  if (grouped.grouping) requireEnough(plan, grouped);
  const { members, controls, judged } = apartByFace(plan, grouped.members, grouped.controls);
  const placebo = await gather(context, plan, 'placebo');
  const made = makeRoster(plan, { members, controls, placebo }, judged);
  const roster = grouped.grouping ? { ...made, grouping: grouped.grouping } : made;
  const people = [...members.people, ...controls.people];
  await putOnce(context, keys.roster(plan.audit), encodeJson(roster));
  for (const [place, { info }] of plan.recognizers.entries()) {
    const embeddings = stack(people, roster.people, place, info.embedding);
    await putOnce(context, keys.gallery(plan.audit, place), encodeGallery(embeddings, info.embedding, roster.people));
    if (placebo.people.length === 0) continue;
    const unseen = placebo.people.flatMap(({ photos }) => photos.map(({ embeddings }) => embeddings[place]!));
    const enrolment = { embeddings: joinRows(unseen, info.embedding), states: unseen.map(() => 'enrolled' as const) };
    await putOnce(context, keys.placebo(plan.audit, place), encodeEnrolment(enrolment));
  }
  return roster;
}

/** Whether photos that nothing labelled are of enough people. Throws GALLERY_TOO_SMALL. */
function requireEnough({ controls }: Plan, grouped: Grouped): void {
  for (const [side, fewest] of [
    ['members', FEWEST_MEMBERS],
    ['controls', controls ? FEWEST_CONTROLS : 0],
  ] as const) {
    const { length } = grouped[side].people;
    if (length >= fewest) continue;
    throw new RewoundError(
      'GALLERY_TOO_SMALL',
      `The photos of the ${side} show ${length} people, as the recognizer groups them; an audit needs ${fewest}.`,
      {
        help: 'If the folders are people, say so with --layout people; else give photos of more people, or a table of who is in them.',
      },
    );
  }
}

function makeRoster(
  plan: Plan,
  { members, controls, placebo }: Readonly<Record<'members' | 'controls' | 'placebo', Gathered>>,
  overlapJudged: boolean,
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
    overlapJudged,
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
function stack(people: readonly Person[], chosen: Roster['people'], recognizer: number, length: number): Float32Array {
  const faces = chosen.flatMap(({ photos }, i) => {
    const named = new Map(people[i]!.photos.map((one) => [one.photo, one.embeddings[recognizer]!]));
    return photos.map((photo) => named.get(photo)!);
  });
  return joinRows(faces, length);
}

/** What the galleries say of themselves. */
async function profile(context: Context, plan: Plan, roster: Roster): Promise<void> {
  const { audit, recognizers, settings } = plan;
  const { photos, undetected, unreadable } = roster.counts.placebo;
  for (const place of recognizers.keys()) {
    const bytes = await context.compute.profile({
      gallery: await context.objects.file(keys.gallery(audit, place)),
      placebo: photos > undetected + unreadable ? await context.objects.file(keys.placebo(audit, place)) : null,
      seed: settings.seed,
    });
    await putOnce(context, keys.profile(audit, place), bytes);
  }
}
