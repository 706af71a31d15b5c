/** Files as people have them, as the paths that an audit has. */

export interface Found {
  /** As in the folder that was given. */
  readonly path: string;
  readonly file: File;
}
export type Folder = 'members' | 'controls' | 'checkpoints';
/** Paths are below the audit. */
export type Sorted = Readonly<Record<Folder, readonly Found[]>>;

/** What the service reads as photos, or counts as unreadable ones (shared/pipeline/planning/people.ts). */
const PHOTO = /\.(jpe?g|jfif|png|webp|gif|avif|tiff?|pgm|ppm|pnm|heic|heif|bmp|jxl|jp2)$/i;
/** Embeddings in place of photos. */
const EMBEDDINGS = /^([^/]+\.npy|[^/]+\.csv|gallery\.json)$/i;
/** Names that no object may have (shared/platform/names.ts). */
const HIDDEN = /(^|\/)\.|\.(part|partial|tmp|crdownload)(\/|$)/i;

/** What was dropped. Folders are read to the bottom. */
export async function dropped(transfer: DataTransfer): Promise<Found[]> {
  // Before anything is waited for: afterwards the items are gone.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const found = await Promise.all(entries.map((entry) => below(entry, '')));
  return found.flat();
}

async function below(entry: FileSystemEntry, folder: string): Promise<Found[]> {
  const path = `${folder}${entry.name}`;
  if (isFile(entry)) {
    const file = await new Promise((resolve: (file: File) => void, reject) => entry.file(resolve, reject));
    return [{ path, file }];
  }
  if (!isFolder(entry)) return [];
  const reader = entry.createReader();
  const found: Found[] = [];
  for (;;) {
    // A hundred at a time, until there are none.
    const batch = await new Promise((resolve: (entries: FileSystemEntry[]) => void, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (batch.length === 0) return found;
    for (const files of await Promise.all(batch.map((one) => below(one, `${path}/`)))) found.push(...files);
  }
}

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;

const isFolder = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;

/** What was chosen. */
export function chosen(files: FileList | readonly File[]): Found[] {
  return [...files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
}

/** What was given for people, one folder a person. The name of the folder that holds them all goes. */
export function people(found: readonly Found[], folder: 'members' | 'controls'): Found[] {
  const usable = found.filter(({ path, file }) => !HIDDEN.test(path) && file.size > 0);
  const inside = withoutRoot(usable);
  const photos = inside.filter(({ path }) => PHOTO.test(path));
  const taken = photos.length > 0 ? photos : inside.filter(({ path }) => EMBEDDINGS.test(path));
  return taken.map(({ path, file }) => ({ path: `${folder}/${path.normalize()}`, file }));
}

function withoutRoot(found: readonly Found[]): readonly Found[] {
  const [root = ''] = found[0]?.path.split('/') ?? [];
  const isShared = found.every(({ path }) => path.startsWith(`${root}/`));
  return isShared ? found.map(({ path, file }) => ({ path: path.slice(root.length + 1), file })) : found;
}

/** A checkpoint, and what belongs beside it. */
export function checkpoint(found: readonly Found[]): Found[] {
  return withoutRoot(found.filter(({ path, file }) => !HIDDEN.test(path) && file.size > 0)).map(({ path, file }) => ({
    path: `checkpoints/${path}`,
    file,
  }));
}

/** A whole project: a folder that holds members, controls and checkpoints. Undefined for anything else. */
export function project(found: readonly Found[]): Sorted | undefined {
  const inside = withoutRoot(found);
  const part = (folder: Folder) => inside.filter(({ path }) => path.startsWith(`${folder}/`));
  const members = part('members');
  if (members.length === 0 || members.length === inside.length) return undefined;
  return {
    members: people(members, 'members'),
    controls: people(part('controls'), 'controls'),
    checkpoints: checkpoint(part('checkpoints')),
  };
}

/** How many people, photos and bytes these are. */
export function summary(found: readonly Found[]) {
  const photos = found.filter(({ path }) => PHOTO.test(path));
  const names = photos.map(({ path }) => path.split('/').slice(0, 2).join('/'));
  return {
    people: new Set(names).size,
    photos: photos.length,
    bytes: found.reduce((sum, { file }) => sum + file.size, 0),
  };
}
