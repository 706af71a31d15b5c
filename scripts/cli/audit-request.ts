import { basename, dirname } from 'node:path';
import type { Device } from '../../shared/onnx/runtime.ts';
import { isCompanion } from '../../shared/pipeline/base/layout.ts';
import { BUILT_IN, type Settings, settingsSchema } from '../../shared/pipeline/planning/settings.ts';
import type { Mounts } from '../../shared/platform/local/tree.ts';
import type { Baseline } from '../../shared/report/compare/baseline.ts';
import { requireBaseline } from './baseline.ts';
import { FAIL_ON, type FailOn } from './exit.ts';
import { requirePseudonymKey } from './key.ts';
import {
  device,
  latent,
  oneOf,
  onlyArgument,
  parse,
  requireFile,
  requireFolder,
  usage,
  userPath,
  whole,
} from './options.ts';

/** Where the user's files appear as a project of the drop area. */
export const PROJECT = 'drop/local/audit';

/** What `rewound audit` was asked for, checked. */
export interface AuditRequest {
  /** Key of the checkpoint. */
  readonly key: string;
  /** The user's files as objects: key prefix to folder. */
  readonly mounts: Mounts;
  readonly settings: Settings;
  readonly device: Device;
  readonly out: string;
  readonly work: string;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly failOn: FailOn;
  /** What the report is compared with. */
  readonly baseline: Baseline | undefined;
  /** Set where it is to be made by the hosted service. */
  readonly remote: RemoteRequest | undefined;
}

/** What the hosted service wants to know besides. */
export interface RemoteRequest {
  readonly attestation: (typeof ATTESTATIONS)[number];
  readonly label: string | undefined;
  readonly msPerSample: number | undefined;
}

const ATTESTATIONS = ['owner', 'regulator'] as const;

export async function parseAudit(args: readonly string[]): Promise<AuditRequest> {
  const { values, positionals } = parse({
    args: [...args],
    allowPositionals: true,
    options: {
      members: { type: 'string' },
      controls: { type: 'string' },
      samples: { type: 'string' },
      quick: { type: 'boolean' },
      seed: { type: 'string' },
      k: { type: 'string' },
      batch: { type: 'string' },
      shards: { type: 'string' },
      latent: { type: 'string' },
      device: { type: 'string', default: 'cpu' },
      placebo: { type: 'string' },
      recognizer: { type: 'string', multiple: true },
      fresh: { type: 'string' },
      out: { type: 'string', default: 'rewound-report' },
      work: { type: 'string', default: '.rewound' },
      'no-pictures': { type: 'boolean' },
      pseudonyms: { type: 'boolean' },
      baseline: { type: 'string' },
      json: { type: 'boolean' },
      quiet: { type: 'boolean' },
      'fail-on': { type: 'string', default: 'leakage' },
      remote: { type: 'boolean' },
      attest: { type: 'string' },
      label: { type: 'string' },
      'ms-per-sample': { type: 'string' },
    },
  });
  const remote = remoteRequest(values);
  const checkpoint = userPath(onlyArgument(positionals, 'checkpoint'));
  if (values.members === undefined) throw usage('--members is missing: the people the generator was trained on.');
  await requireFile(checkpoint);
  if (isCompanion(checkpoint)) {
    throw usage(
      'A file with this ending is taken for a companion of a checkpoint: a card, a note or weights.',
      'Rename the checkpoint, for example to end in .onnx.',
    );
  }
  const members = await requireFolder(values.members, '--members');
  const controls = values.controls === undefined ? undefined : await requireFolder(values.controls, '--controls');
  const placebo = values.placebo === undefined ? undefined : await requireFolder(values.placebo, '--placebo');
  const recognizers = await namedRecognizers(values.recognizer ?? []);
  const samples = whole(values.samples, 'samples', 1, 1_000_000_000) ?? (values.quick ? 10_000 : undefined);
  const checked = settingsSchema.safeParse({
    samples,
    seed: whole(values.seed, 'seed', 0, 2 ** 32 - 1),
    k: whole(values.k, 'k', 1, 100),
    batch: whole(values.batch, 'batch', 1, 1024),
    shards: whole(values.shards, 'shards', 1, 100_000),
    recognizer: recognizers.length === 0 ? undefined : recognizers.map(({ name }) => name),
    fresh: whole(values.fresh, 'fresh', 1, 1_000_000_000),
    card: values.latent === undefined ? undefined : { latent: latent(values.latent) },
    pictures: !values['no-pictures'],
    ...(values.pseudonyms
      ? { identities: 'pseudonyms', pseudonymKey: requirePseudonymKey('--pseudonyms takes a key') }
      : {}),
  });
  if (!checked.success) {
    const [issue] = checked.error.issues;
    throw usage(`--${issue?.path[0]?.toString()}: ${issue?.message}.`);
  }
  const failOn = oneOf(values['fail-on'], 'fail-on', FAIL_ON);
  if (failOn.startsWith('new-') && values.baseline === undefined) {
    throw usage(`--fail-on ${failOn} needs --baseline: what is new is told from an earlier report.`);
  }
  // Before the audit: whoever named a wrong file should not learn it hours later.
  const baseline = values.baseline === undefined ? undefined : await requireBaseline(values.baseline);
  return {
    key: `${PROJECT}/checkpoints/${basename(checkpoint)}`,
    mounts: {
      ...besideItsFolder(`${PROJECT}/checkpoints`, checkpoint),
      [`${PROJECT}/members/`]: members,
      ...(controls ? { [`${PROJECT}/controls/`]: controls } : {}),
      ...(placebo ? { [`${PROJECT}/placebo/`]: placebo } : {}),
      ...Object.assign({}, ...recognizers.map(({ mounts }) => mounts)),
    },
    settings: checked.data,
    device: device(values.device),
    out: userPath(values.out),
    work: userPath(values.work),
    json: values.json ?? false,
    quiet: values.quiet ?? false,
    failOn,
    baseline,
    remote,
  };
}

interface RemoteValues {
  readonly remote?: boolean | undefined;
  readonly attest?: string | undefined;
  readonly label?: string | undefined;
  readonly shards?: string | undefined;
  readonly 'ms-per-sample'?: string | undefined;
}

function remoteRequest(values: RemoteValues): RemoteRequest | undefined {
  const { remote, attest, label, shards, 'ms-per-sample': ms } = values;
  if (!remote) {
    const [option] =
      Object.entries({ attest, label, 'ms-per-sample': ms }).find(([, value]) => value !== undefined) ?? [];
    if (option !== undefined) throw usage(`--${option} goes with --remote.`);
    return undefined;
  }
  if (shards !== undefined) throw usage('--shards is for audits on this machine: the service cuts its own work.');
  if (attest === undefined) {
    throw usage(
      '--remote needs --attest owner or --attest regulator.',
      'Say that you may use these photos for this (owner), or that you test for an authority (regulator).',
    );
  }
  if (label !== undefined && (label.trim() === '' || label.length > 200)) {
    throw usage('--label takes 1 to 200 characters.');
  }
  return {
    attestation: oneOf(attest, 'attest', ATTESTATIONS),
    label: label?.trim(),
    msPerSample: whole(ms, 'ms-per-sample', 1, 600_000),
  };
}

/**
 * A file that the user named, wherever a link of that name leads, and its folder beside it: what else the file needs may
 * come with it from a stranger, so no link in there is followed out of it.
 */
export function besideItsFolder(place: string, path: string): Mounts {
  return { [`${place}/`]: { closed: dirname(path) }, [`${place}/${basename(path)}`]: path };
}

/** Each recognizer as the settings name it, and the folder in which its card lies as a part of the project. */
async function namedRecognizers(cards: readonly string[]) {
  return Promise.all(
    cards.map(async (card, i) => {
      if (card === BUILT_IN) return { name: BUILT_IN, mounts: {} };
      const path = userPath(card);
      await requireFile(path);
      return {
        name: `recognizer-${i}/${basename(path)}`,
        mounts: besideItsFolder(`${PROJECT}/recognizer-${i}`, path),
      };
    }),
  );
}
