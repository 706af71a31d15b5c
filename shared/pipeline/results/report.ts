/** Makes the report of an audit. */
import { MOST_PHOTOS } from '../../audit/counts/equalise.ts';
import type { Role } from '../../audit/counts/roster.ts';
import type { Report } from '../../report/model.ts';
import { sampleShards } from '../planning/plan/sampling.ts';
import { isOfCommand, isOfPictures, networkPlan, type Plan } from '../planning/plan/schema.ts';
import { type Analyses, facesSeen } from './analyses.ts';
import { findings } from './findings.ts';
import type { PublishedFindings } from './published.ts';
import type { Roster } from './roster.ts';

/** The report as data, from what was planned, counted and concluded. `total` is in milliseconds. */
export function makeReport(
  plan: Plan,
  analyses: Analyses,
  published: PublishedFindings | undefined,
  total: number,
): Report {
  const { settings, generator } = plan;
  const { alignment } = generator;
  const { roster, measured, conclusion, timing } = analyses;
  const found = findings(plan, analyses);
  return {
    schema: 'rewound.report/1',
    verdict: conclusion.verdict,
    reasons: [...conclusion.reasons],
    audit: {
      id: plan.audit,
      samples: settings.samples,
      seed: settings.seed,
      batch: settings.batch,
      shards: sampleShards(plan, 'probe').length,
      k: settings.k,
      device: plan.device,
    },
    generator: {
      file: sourceName(plan.checkpoint.file),
      md5: plan.checkpoint.md5,
      ...pictureOf(plan),
      assumptions: [
        ...generator.assumptions,
        ...alignmentNotes(plan),
        ...galleryNotes(plan),
        ...photoNotes(roster),
        ...overlapNotes(plan, roster),
      ],
      ...facesSeen(plan, measured[0]!.summary),
      alignment: { mode: alignment.mode, spread: alignment.spread, eyeDistance: alignment.eyeDistance },
    },
    members: side(plan, roster, 'members'),
    controls: plan.controls ? side(plan, roster, 'controls') : null,
    photosPerIdentity: roster.photosPerIdentity,
    ...(published ? { published: published.report } : {}),
    ...found,
    ...(published ? { matches: found.matches.map((match) => ({ ...match, ...nameOf(match, published) })) } : {}),
    limits: LIMITS,
    timing: {
      generateMs: timing.generate,
      alignMs: timing.align,
      embedMs: timing.embed,
      searchMs: timing.search,
      totalMs: Math.round(total),
    },
  };
}

function nameOf({ seed }: Report['matches'][number], { names }: PublishedFindings): { readonly picture?: string } {
  const picture = names.get(seed);
  return picture === undefined ? {} : { picture };
}

/** What was audited is called: a small file that stands for a folder or a command gives it its own name. */
function sourceName(file: string): string {
  return file.replace(/\.(pictures|command)\.json$/, '');
}

/** What the pictures are like, and what the network draws them from. */
function pictureOf(plan: Plan) {
  if (isOfPictures(plan)) {
    const { format, width, height } = plan.generator;
    return { format: `pictures, ${format}`, width, height, channels: 3, latent: null, range: null };
  }
  if (isOfCommand(plan)) {
    const { width, height } = plan.generator;
    return { format: 'made by a command', width, height, channels: 3, latent: null, range: null };
  }
  const { spec, geometry, range } = networkPlan(plan).generator;
  const { size, distribution, low, high } = spec.latent;
  const bounds = distribution === 'uniform' ? { low, high } : { low: null, high: null };
  return {
    format: spec.format,
    width: geometry.width,
    height: geometry.height,
    channels: geometry.channels,
    latent: { size, distribution, ...bounds },
    range,
  };
}

function side(plan: Plan, { people, counts, grouping }: Roster, role: Role): Report['members'] {
  const { photos, undetected, unreadable, overlapping, leftOut } = counts[role];
  const identities = people.filter((person) => person.role === role).length;
  const given = plan[role];
  const understood = given?.kind === 'photos' ? given.understood : undefined;
  return {
    ...{ identities, photos, undetected, unreadable, overlapping, leftOut },
    ...(grouping ? { grouped: { ...grouping[role], threshold: grouping.threshold } } : {}),
    ...(understood ? { understood } : {}),
  };
}

function alignmentNotes({ generator: { alignment, calibration } }: Plan): Report['generator']['assumptions'] {
  const measured = `measured on ${calibration.samples} samples, ${calibration.undetected} of them without a face`;
  const value =
    alignment.mode === 'fixed'
      ? 'at a fixed place in every sample, so samples are not searched one by one'
      : 'somewhere else in every sample, so each is searched';
  return [{ what: 'place of the face', value, source: measured }];
}

function galleryNotes({ members, controls }: Plan): Report['generator']['assumptions'] {
  return [members, controls].some((one) => one?.kind === 'embeddings')
    ? [
        {
          what: 'gallery',
          value: 'embeddings made beforehand',
          source: 'given by the owner and not checked against photos',
        },
      ]
    : [];
}

/** Everybody counts with as many photos as whoever has the fewest: what that costs is said. */
function photoNotes({ people, photosPerIdentity }: Roster): Report['generator']['assumptions'] {
  const fewest = people.filter(({ available }) => available === photosPerIdentity).length;
  const median = people.map(({ available }) => available).sort((a, b) => a - b)[Math.floor(people.length / 2)]!;
  if (median <= photosPerIdentity || photosPerIdentity >= MOST_PHOTOS) return [];
  return [
    {
      what: 'photos compared',
      value: `${photosPerIdentity} of each person`,
      source: `${fewest} of ${people.length} people have no more; half of all have ${median} or more, which would find more`,
    },
  ];
}

function overlapNotes({ controls }: Plan, { overlapJudged }: Roster): Report['generator']['assumptions'] {
  if (!controls || overlapJudged) return [];
  return [
    {
      what: 'people on both sides',
      value: 'only those with the same photo on both are left out',
      source: 'faces were not compared: too few people, with fewer than about a hundred a side, to say who is the same',
    },
  ];
}

/** What no audit of this kind can tell. */
const LIMITS = [
  'The recognizer errs, and not equally for all groups of people; where groups are known, audit them separately.',
  'The audit assumes access to the training photos. It is a check by the owner of the photos or a regulator, not a way to find strangers.',
  'A recognizer that was itself trained on the member photos would find them too well. Which one was used is stated above.',
  'Members and controls must come from the same collection. If they differ in age, lighting or source, the difference between them says nothing about the generator.',
  'Not finding anyone in this many samples bounds how often a person appears; it does not exclude that more samples would.',
];
