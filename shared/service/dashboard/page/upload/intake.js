/**
 * Files as people have them, as the paths that an audit has.
 * @typedef {{ readonly path: string, readonly file: File }} Found `path` is as in the folder that was given.
 * @typedef {'members' | 'controls' | 'checkpoints'} Folder
 * @typedef {Record<Folder, readonly Found[]>} Sorted Paths are below the audit.
 */

/** What the service reads as photos, or counts as unreadable ones (shared/pipeline/planning/people.ts). */
const PHOTO = /\.(jpe?g|jfif|png|webp|gif|avif|tiff?|pgm|ppm|pnm|heic|heif|bmp|jxl|jp2)$/i;
/** Embeddings in place of photos. */
const EMBEDDINGS = /^([^/]+\.npy|[^/]+\.csv|gallery\.json)$/i;
/** Names that no object may have (shared/platform/names.ts). */
const HIDDEN = /(^|\/)\.|\.(part|partial|tmp|crdownload)(\/|$)/i;

/**
 * What was dropped. Folders are read to the bottom.
 * @param {DataTransfer} transfer
 * @returns {Promise<Found[]>}
 */
export async function dropped(transfer) {
  // Before anything is waited for: afterwards the items are gone.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const found = await Promise.all(entries.map((entry) => below(entry, '')));
  return found.flat();
}

/** @param {FileSystemEntry} entry @param {string} folder @returns {Promise<Found[]>} */
async function below(entry, folder) {
  const path = `${folder}${entry.name}`;
  if (isFile(entry)) {
    const file = await new Promise((/** @type {(file: File) => void} */ resolve, reject) =>
      entry.file(resolve, reject),
    );
    return [{ path, file }];
  }
  if (!isFolder(entry)) return [];
  const reader = entry.createReader();
  /** @type {Found[]} */
  const found = [];
  for (;;) {
    // A hundred at a time, until there are none.
    const batch = await new Promise((/** @type {(entries: FileSystemEntry[]) => void} */ resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (batch.length === 0) return found;
    for (const files of await Promise.all(batch.map((one) => below(one, `${path}/`)))) found.push(...files);
  }
}

/** @param {FileSystemEntry} entry @returns {entry is FileSystemFileEntry} */
const isFile = (entry) => entry.isFile;

/** @param {FileSystemEntry} entry @returns {entry is FileSystemDirectoryEntry} */
const isFolder = (entry) => entry.isDirectory;

/** @param {FileList | readonly File[]} files What was chosen. @returns {Found[]} */
export function chosen(files) {
  return [...files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
}

/**
 * What was given for people, one folder a person. The name of the folder that holds them all goes.
 * @param {readonly Found[]} found
 * @param {'members' | 'controls'} folder
 * @returns {Found[]}
 */
export function people(found, folder) {
  const usable = found.filter(({ path, file }) => !HIDDEN.test(path) && file.size > 0);
  const inside = withoutRoot(usable);
  const photos = inside.filter(({ path }) => PHOTO.test(path));
  const taken = photos.length > 0 ? photos : inside.filter(({ path }) => EMBEDDINGS.test(path));
  return taken.map(({ path, file }) => ({ path: `${folder}/${path.normalize()}`, file }));
}

/** @param {readonly Found[]} found @returns {readonly Found[]} */
function withoutRoot(found) {
  const [root = ''] = found[0]?.path.split('/') ?? [];
  const isShared = found.every(({ path }) => path.startsWith(`${root}/`));
  return isShared ? found.map(({ path, file }) => ({ path: path.slice(root.length + 1), file })) : found;
}

/** @param {readonly Found[]} found A checkpoint, and what belongs beside it. @returns {Found[]} */
export function checkpoint(found) {
  return withoutRoot(found.filter(({ path, file }) => !HIDDEN.test(path) && file.size > 0)).map(({ path, file }) => ({
    path: `checkpoints/${path}`,
    file,
  }));
}

/**
 * A whole project: a folder that holds members, controls and checkpoints. Undefined for anything else.
 * @param {readonly Found[]} found
 * @returns {Sorted | undefined}
 */
export function project(found) {
  const inside = withoutRoot(found);
  /** @param {Folder} folder */
  const part = (folder) => inside.filter(({ path }) => path.startsWith(`${folder}/`));
  const members = part('members');
  if (members.length === 0 || members.length === inside.length) return undefined;
  return {
    members: people(members, 'members'),
    controls: people(part('controls'), 'controls'),
    checkpoints: checkpoint(part('checkpoints')),
  };
}

/** @param {readonly Found[]} found How many people, photos and bytes these are. */
export function summary(found) {
  const photos = found.filter(({ path }) => PHOTO.test(path));
  const names = photos.map(({ path }) => path.split('/').slice(0, 2).join('/'));
  return {
    people: new Set(names).size,
    photos: photos.length,
    bytes: found.reduce((sum, { file }) => sum + file.size, 0),
  };
}
