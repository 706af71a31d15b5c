/** Gives addresses for the files of a hosted audit. */
import { z } from 'zod';
import { RewoundError } from '../../errors.ts';
import { MOST_CARD_BYTES } from '../../pipeline/base/given-text.ts';
import { isCompanion } from '../../pipeline/base/layout.ts';
import { PARTS } from '../../pipeline/planning/people.ts';
import { tombstoneOf } from '../../pipeline/runs/tombstones.ts';
import { isHidden, isSegment, MAX_DEPTH } from '../../platform/names.ts';
import type { UploadTicket } from '../../platform/ports.ts';
import type { ServiceContext } from '../core/context.ts';
import { projectOf } from '../core/paths.ts';
import { changeHosted, type HostedAudit, readHosted } from './hosted-audit.ts';

/** Folders of an audit that its owner fills. `project.json` is written by the service. */
const FOLDERS = [...PARTS, 'recognizer', 'checkpoints'] as const;

const MIB = 2 ** 20;
/** Bytes that one file may have. */
const MOST_BYTES = { photo: 64 * MIB, embeddings: 4 * 1024 * MIB, other: 16 * 1024 * MIB } as const;
/** Files that are no photos: checkpoints with weights beside them, recognizers, cards. */
const MOST_OTHERS = 100;
/** Bytes that addresses are given out for: of all photos together, on average each, and of all other files. */
const MOST_GRANTED = { photo: 8 * MIB, others: 64 * 1024 * MIB } as const;
/** How often they are: an upload that broke off, or that nobody noted, needs its address again. */
const ANEW = 3;
/** Bytes of a path, so that the key it becomes is too long for no store. */
const MOST_PATH = 900;
/** Names of a path: what a key has, without those of the audit's own folder. */
const MOST_SEGMENTS = MAX_DEPTH - 3;
/** Files in one request. */
export const MOST_FILES = 500;
/** An address is good for so long: enough for gigabytes over a slow line. */
export const TICKET_MS = 6 * 3_600_000;

export const uploadFileSchema = z.strictObject({
  path: z.string().min(1).max(900).meta({
    description:
      'Below the audit: members/, controls/ or placebo/ with PERSON/PHOTO, recognizer/FILE, or checkpoints/FILE. It can be a pseudonym of your own.',
    example: 'members/anna/1.jpg',
  }),
  size: z.int().min(1).max(MOST_BYTES.other).meta({
    description:
      'Bytes, exactly. A photo has at most 64 MiB, a .json file 1 MiB, embeddings and their labels 4 GiB, anything else 16 GiB.',
    example: 204800,
  }),
});
export type UploadFile = z.infer<typeof uploadFileSchema>;

/** What to do about a file: put it to this address; nothing, if it is there. */
export type UploadAnswer = { readonly path: string } & (
  | { readonly there: true }
  | ({ readonly there: false; readonly method: 'PUT' } & UploadTicket)
);

/** An address for each file that is not there yet. Each takes its file once. Throws CONFLICT for an audit that was started. */
export async function ticketsFor(
  context: ServiceContext,
  account: string,
  id: string,
  files: readonly UploadFile[],
): Promise<UploadAnswer[]> {
  const audit = await readHosted(context, account, id);
  if (audit.startedAt !== null || audit.outcome) {
    throw new RewoundError('CONFLICT', 'The audit was started: nothing can be uploaded for it any more.', {
      help: 'Create a new audit.',
    });
  }
  for (const file of files) checkFile(file);
  const project = projectOf(account, id);
  const unless = tombstoneOf(project);
  const expiresAt = context.clock.now() + TICKET_MS;
  const looked = await Promise.all(
    files.map(async ({ path, size }) => {
      const key = `${project}/${path}`;
      const there = await context.objects.head(key);
      if (there && there.size !== size) {
        throw new RewoundError('CONFLICT', 'A file of another size is there already under one of these paths.', {
          help: 'Files cannot be replaced. Create a new audit, or use another path.',
        });
      }
      return { key, path, size, there: there !== undefined };
    }),
  );
  await grant(
    context,
    account,
    id,
    looked.filter(({ there }) => !there),
  );
  return Promise.all(
    looked.map(async ({ key, path, size, there }): Promise<UploadAnswer> => {
      if (there) return { path, there };
      return { path, there, method: 'PUT', ...(await context.uploads.ticket(key, { size, expiresAt, unless })) };
    }),
  );
}

/**
 * Notes what addresses are given out for, before they are: nothing is paid yet, and whatever has an address may be
 * stored. Throws TOO_LARGE.
 */
async function grant(
  context: ServiceContext,
  account: string,
  id: string,
  files: readonly { readonly size: number }[],
): Promise<void> {
  if (files.length === 0) return;
  const size = files.reduce((sum, file) => sum + file.size, 0);
  await changeHosted(context, account, id, (audit) => {
    const granted = { files: audit.granted.files + files.length, bytes: audit.granted.bytes + size };
    const most = mostGranted(audit);
    if (granted.files <= most.files && granted.bytes <= most.bytes) return { ...audit, granted };
    throw new RewoundError('TOO_LARGE', 'The audit was given addresses for more than its files can need.', {
      help: `There are ${most.files} addresses for ${audit.photos} photos and ${MOST_OTHERS} other files, and ${Math.floor(most.bytes / MIB)} MiB in all. Create an audit with as many photos as there are, and save them as JPEGs of a few megabytes.`,
    });
  });
}

function mostGranted({ photos }: HostedAudit): HostedAudit['granted'] {
  return {
    files: ANEW * (photos + MOST_OTHERS),
    bytes: ANEW * (photos * MOST_GRANTED.photo + MOST_GRANTED.others),
  };
}

function checkFile({ path, size }: UploadFile): void {
  const segments = path.split('/');
  const [folder = ''] = segments;
  const isValid = segments.every((name) => isSegment(name) && !isHidden(name)) && Buffer.byteLength(path) <= MOST_PATH;
  if (segments.length < 2 || !isFolder(folder) || !isValid) {
    throw new RewoundError('REQUEST_INVALID', 'A path is not one that an audit has.', {
      help: `Paths begin with ${FOLDERS.map((name) => `${name}/`).join(', ')} and have at most ${MOST_PATH} bytes; no name may be empty, begin with a dot, end in .part, .partial, .tmp or .crdownload, hold a backslash or a line break, or have more than 255 bytes.`,
    });
  }
  if (segments.length > MOST_SEGMENTS) {
    throw new RewoundError('TOO_DEEP', `A path has more than ${MOST_SEGMENTS} names.`, {
      help: 'Put files into fewer folders: a photo needs one for its person.',
    });
  }
  if (/\.json$/i.test(path) && size > MOST_CARD_BYTES) {
    throw new RewoundError('TOO_LARGE', `A card or a recipe has more than ${MOST_CARD_BYTES / MIB} MiB.`, {
      help: 'Say in it only what docs/cards.md lists.',
    });
  }
  if (!isPart(folder)) return;
  if (/\.(npy|csv)$/i.test(path)) {
    // Read whole, by a machine with four times as much memory.
    if (size <= MOST_BYTES.embeddings) return;
    throw new RewoundError('TOO_LARGE', `Embeddings have more than ${MOST_BYTES.embeddings / MIB} MiB.`, {
      help: 'Save them as float32; two million of 512 numbers have room.',
    });
  }
  if (size > MOST_BYTES.photo) {
    throw new RewoundError('TOO_LARGE', `A photo has more than ${MOST_BYTES.photo / MIB} MiB.`, {
      help: 'Save it as a JPEG of a few megabytes.',
    });
  }
}

function isFolder(name: string): name is (typeof FOLDERS)[number] {
  return FOLDERS.some((folder) => folder === name);
}

function isPart(name: string): boolean {
  return PARTS.some((part) => part === name);
}

/** What was uploaded for an audit: how many photos, and its one checkpoint. Throws CONFLICT if that cannot be audited. */
export async function checkUploads(
  { objects }: Pick<ServiceContext, 'objects'>,
  account: string,
  id: string,
  audit: HostedAudit,
): Promise<{ readonly key: string; readonly generation: string }> {
  const project = projectOf(account, id);
  const checkpoints: { key: string; generation: string }[] = [];
  let [photos, others] = [0, 0];
  for await (const { key, generation } of objects.list(`${project}/`)) {
    const path = key.slice(project.length + 1);
    const [folder = ''] = path.split('/', 1);
    if (isPart(folder) && !/\.(npy|csv|json)$/i.test(path)) photos += 1;
    else others += 1;
    if (isCheckpoint(path, audit)) checkpoints.push({ key, generation });
  }
  const [checkpoint] = checkpoints;
  if (!checkpoint) throw incomplete('No checkpoint was uploaded.', 'Upload it below checkpoints/.');
  if (checkpoints.length > 1) {
    throw incomplete(
      `${checkpoints.length} checkpoints were uploaded.`,
      'Create one audit for each, or say in "checkpoint" which of the files it is.',
    );
  }
  if (photos > audit.photos) {
    throw incomplete(
      `${photos} photos were uploaded, and ${audit.photos} were quoted.`,
      'Create an audit with as many photos as there are.',
    );
  }
  if (others > MOST_OTHERS) {
    throw incomplete(`${others} files were uploaded that are no photos.`, `Upload at most ${MOST_OTHERS}.`);
  }
  return checkpoint;
}

/** The file that its owner named; else whatever is no companion of one. */
function isCheckpoint(path: string, { checkpointFile }: HostedAudit): boolean {
  if (checkpointFile !== null) return path === `checkpoints/${checkpointFile}`;
  return path.startsWith('checkpoints/') && !isCompanion(path);
}

function incomplete(message: string, help: string): RewoundError {
  return new RewoundError('CONFLICT', message, { help });
}
