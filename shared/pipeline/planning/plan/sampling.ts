/** Which samples a plan asks for, and how they and the photos are cut into shards. */
import { cutShards, type Shard } from '../../../audit/counts/shards.ts';
import { passedLine, pictureSetLine, understoodLine } from '../../../collection/understood.ts';
import type { SampleStage, Stage } from '../../base/stages.ts';
import type { PlannedWork, SetRead, SideRead } from '../../base/tenancy.ts';
import { freshSamples } from '../settings.ts';
import { isOfPictures, type Plan } from './schema.ts';

/** Gallery faces kept for each fresh sample: so many that nobody who is named is crowded out. */
const CONFIRM_K = 100;

/** The samples of a stage: fresh ones follow those that found people, on a grid of their own. */
export function samplingOf({ settings }: Pick<Plan, 'settings'>, stage: SampleStage) {
  const { samples, seed, batch, k } = settings;
  if (stage === 'probe') return { samples, seed, batch, k };
  return { samples: freshSamples(settings), seed: seed + samples, batch, k: Math.max(k, CONFIRM_K) };
}

const cuts = { probe: new WeakMap<object, readonly Shard[]>(), confirm: new WeakMap<object, readonly Shard[]>() };

export function sampleShards(plan: Pick<Plan, 'settings' | 'shards'>, stage: SampleStage): readonly Shard[] {
  const known = cuts[stage].get(plan);
  if (known) return known;
  const sampling = samplingOf(plan, stage);
  // Nothing was set apart, or asked for, to confirm anybody.
  if (sampling.samples === 0) return [];
  const cut = cutShards(sampling, Math.ceil((plan.shards * sampling.samples) / plan.settings.samples));
  cuts[stage].set(plan, cut);
  return cut;
}

export function stageShards(plan: Plan, stage: Stage): number {
  return stage === 'enrol' ? plan.enrolment.length : sampleShards(plan, stage).length;
}

/** What the plan asks for, as the owner of the audit is told. */
export function plannedWork(plan: Plan): PlannedWork {
  const { audit, project, sampleMs, settings, recognizers } = plan;
  const sides = [plan.members, plan.controls, plan.placebo];
  return {
    audit,
    project,
    sampleMs,
    samples: settings.samples,
    fresh: freshSamples(settings),
    k: settings.k,
    recognizers: recognizers.length,
    photos: sides.reduce((sum, side) => sum + (side?.kind === 'photos' ? side.photos.length : 0), 0),
    shards: {
      enrol: stageShards(plan, 'enrol'),
      probe: stageShards(plan, 'probe'),
      confirm: stageShards(plan, 'confirm'),
    },
    read: { members: readOf(plan.members), controls: readOf(plan.controls), pictures: setRead(plan) },
  };
}

function setRead(plan: Plan): SetRead | null {
  if (!isOfPictures(plan)) return null;
  const { format, set } = plan.generator;
  const { pictures, folders, passed } = set;
  return {
    pictures,
    summary: pictureSetLine({ format, pictures, folders }),
    passedOver: passedLine({ passed }) ?? null,
  };
}

function readOf(side: Plan['members'] | null): SideRead | null {
  if (side?.kind !== 'photos' || !side.understood) return null;
  // Names of folders and files may be those of people.
  const nameless = { ...side.understood, above: [], sources: [] };
  const { people, photos } = nameless;
  return { people, photos, summary: understoodLine(nameless), passedOver: passedLine(nameless) ?? null };
}
