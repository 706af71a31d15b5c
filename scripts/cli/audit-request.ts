/** Checks what a command line of `rewound audit` asks for. */
import { basename } from 'node:path';
import type { Device } from '../../shared/onnx/runtime.ts';
import { isCompanion } from '../../shared/pipeline/base/layout.ts';
import { BUILT_IN, type Settings, settingsSchema } from '../../shared/pipeline/planning/settings.ts';
import type { Mounts } from '../../shared/platform/local/tree.ts';
import type { Baseline } from '../../shared/report/compare/baseline.ts';
import { type Attestation, AUDIT_OPTIONS, AUDIT_TAKES, type AuditValues, QUICK_SAMPLES } from './audit-options.ts';
import { requireBaseline } from './baseline.ts';
import { parseCommand } from './command.ts';
import type { FailOn } from './exit.ts';
import { commandSource, requireCommand } from './generate-command.ts';
import { requirePseudonymKey } from './key.ts';
import { requireFile, userPath } from './paths.ts';
import { peopleOf } from './people-data.ts';
import { type AuditedSource, auditedFile, pictureFolder } from './picture-source.ts';
import { besideItsFolder, PROJECT } from './project.ts';
import { usage } from './usage.ts';

/** What `rewound audit` was asked for, checked. */
export interface AuditRequest {
  /** What is audited: a checkpoint, or pictures in its place. */
  readonly source: AuditedSource;
  /** Makes the samples, in the place of a checkpoint. */
  readonly command: string | undefined;
  /** True where the user gave no number of samples: a set of pictures is then searched as a whole. */
  readonly allSamples: boolean;
  /** The user's files as objects: key prefix to folder. */
  readonly mounts: Mounts;
  readonly settings: Settings;
  readonly device: Device;
  readonly out: string;
  readonly work: string;
  readonly json: boolean;
  readonly quiet: boolean;
  /** Whether everything that is passed over is shown by name. */
  readonly list: boolean;
  readonly failOn: FailOn;
  /** People of whom a leak must not go unseen. */
  readonly requirePower: number | undefined;
  /** What the report is compared with. */
  readonly baseline: Baseline | undefined;
  /** Set where it is to be made by the hosted service. */
  readonly remote: RemoteRequest | undefined;
}

/** What the hosted service wants to know besides. */
export interface RemoteRequest {
  readonly attestation: Attestation;
  readonly label: string | undefined;
  readonly msPerSample: number | undefined;
}

/**
 * What a command line of `rewound audit` asks for. Throws USAGE, NOT_FOUND, REPORT_UNSUPPORTED.
 * @internal
 */
export async function parseAudit(argv: readonly string[]): Promise<AuditRequest> {
  const { values, args } = parseCommand({ options: AUDIT_OPTIONS, takes: AUDIT_TAKES }, argv);
  return auditRequest(values, args);
}

export async function auditRequest(values: AuditValues, [named = '']: readonly string[]): Promise<AuditRequest> {
  const remote = remoteRequest(values);
  const source = await auditedSource(named, values.generate);
  if (remote && source.marker !== undefined) {
    if (values.generate !== undefined) throw usage('--generate runs on this machine alone, and not with --remote.');
    throw usage(
      'The service takes a set of pictures as one archive, not as a folder.',
      'Put the pictures into a zip or tar file, and give that.',
    );
  }
  const people = await peopleOf(values);
  const recognizers = await namedRecognizers(values.recognizer);
  const { seed, k, batch, shards, fresh, latent } = values;
  const checked = settingsSchema.safeParse({
    samples: values.samples ?? (values.quick ? QUICK_SAMPLES : undefined),
    ...{ seed, k, batch, shards, fresh },
    recognizer: recognizers.length === 0 ? undefined : recognizers.map(({ name }) => name),
    card: latent === undefined ? undefined : { latent },
    people: people.settings,
    pictures: !values['no-pictures'],
    ...(values['allow-faceless'] ? { allowFaceless: true } : {}),
    ...(values.pseudonyms
      ? { identities: 'pseudonyms', pseudonymKey: requirePseudonymKey('--pseudonyms takes a key') }
      : {}),
  });
  if (!checked.success) {
    const [issue] = checked.error.issues;
    throw usage(`--${issue?.path[0]?.toString()}: ${issue?.message}.`);
  }
  const { 'fail-on': failOn, 'require-power': requirePower, device, out, work, json, quiet, list } = values;
  if (failOn.startsWith('new-') && values.baseline === undefined) {
    throw usage(`--fail-on ${failOn} needs --baseline: what is new is told from an earlier report.`);
  }
  // Before the audit: whoever named a wrong file should not learn it hours later.
  const baseline = values.baseline === undefined ? undefined : await requireBaseline(values.baseline);
  return {
    source,
    command: values.generate,
    mounts: {
      ...source.mounts,
      ...people.mounts,
      ...Object.assign({}, ...recognizers.map(({ mounts }) => mounts)),
    },
    settings: checked.data,
    allSamples: values.samples === undefined && !values.quick,
    ...{ device, out, work, json, quiet, list, failOn, requirePower, baseline, remote },
  };
}

/** A checkpoint or an archive of pictures beside its folder, a folder of pictures, or a command. */
async function auditedSource(named: string, command: string | undefined): Promise<AuditedSource> {
  if (command !== undefined) {
    if (named !== '') throw usage('--generate takes the place of a checkpoint: give one of the two.');
    requireCommand(command);
    return commandSource(command);
  }
  if (named === '') {
    throw usage(
      'The checkpoint is missing.',
      'Give a checkpoint, a set of pictures (a folder or an archive), or a command with --generate.',
    );
  }
  const path = userPath(named);
  const folder = await pictureFolder(path);
  if (folder) return folder;
  await requireFile(path);
  if (isCompanion(path)) {
    throw usage(
      'A file with this ending is taken for a companion of a checkpoint: a card, a note or weights.',
      'Rename the checkpoint, for example to end in .onnx.',
    );
  }
  return auditedFile(path);
}

function remoteRequest(values: AuditValues): RemoteRequest | undefined {
  const { remote, attest: attestation, label, shards, 'ms-per-sample': msPerSample } = values;
  if (!remote) {
    const [option] =
      Object.entries({ attest: attestation, label, 'ms-per-sample': msPerSample }).find(
        ([, value]) => value !== undefined,
      ) ?? [];
    if (option !== undefined) throw usage(`--${option} goes with --remote.`);
    return undefined;
  }
  if (shards !== undefined) throw usage('--shards is for audits on this machine: the service cuts its own work.');
  if (attestation === undefined) {
    throw usage(
      '--remote needs --attest owner or --attest regulator.',
      'Say that you may use these photos for this (owner), or that you test for an authority (regulator).',
    );
  }
  if (label !== undefined && (label.trim() === '' || label.length > 200)) {
    throw usage('--label takes 1 to 200 characters.');
  }
  return { attestation, label: label?.trim(), msPerSample };
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
