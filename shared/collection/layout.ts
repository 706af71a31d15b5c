/**
 * Says which photos of a collection show the same person, from how its folders and files are named, or that nothing
 * says it. What was understood is returned as data, so that it can be shown before any work starts.
 */

/** What the user may say about a collection: that folders are people, or that nothing says who is in a photo. */
export const LAYOUTS = ['people', 'photos'] as const;
export type Layout = (typeof LAYOUTS)[number];

/** How photos were matched to people, in the order in which the ways are tried. */
export const WAYS = ['table', 'labels', 'folders', 'names', 'nothing'] as const;
export type Way = (typeof WAYS)[number];

/** Why nothing says who is in the photos: they are in one folder, in folders that a tool cut them into, or in splits. */
export const NO_PEOPLE = ['flat', 'storage-folders', 'one-folder', 'splits', 'asked'] as const;

export interface Understanding {
  /** How most photos were matched to people; "nothing" where the recognizer has to group them. */
  readonly way: Way;
  /** Where `way` is "nothing": why names and folders were not used. */
  readonly because?: (typeof NO_PEOPLE)[number] | undefined;
  /** Folders above the people that name no one, such as `train` and `test`; empty where there are none. */
  readonly above: readonly string[];
}

/** A photo as part of a collection. */
export interface Placed {
  /** The person; '' where nothing says who it is. */
  readonly identity: string;
  /** What the photo is called below its person. */
  readonly photo: string;
}

export interface Understood extends Understanding {
  /** One for each of the given paths, in their order. */
  readonly placed: readonly Placed[];
}

/** Folders that say what photos are for, or that they are photos, and not who is in them. */
const NO_NAMES = new Set(
  (
    'train training trainset training_set test testing testset test_set val valid validation dev eval evaluation ' +
    'holdout held-out heldout query gallery probe all data dataset images image imgs img photos photo pictures pics ' +
    'faces face aligned cropped crops raw original originals thumbs jpg jpeg png'
  ).split(' '),
);
/** Stems with which cameras, tools and browsers number files. */
const NO_STEMS =
  /^(img|image|dsc|dscn|dscf|dcim|pxl|mvimg|photo|pic|picture|face|frame|sample|seed|scan|screenshot|download|file|p|s|x|crop|id)?$/i;
/** Steps in which tools cut numbered files into folders. */
const STEPS = [1000, 100, 10_000, 500, 5000, 2000, 256, 512, 1024, 2048];
/** Share of the photos that must follow a rule; a few strays do not change what a collection is. */
const MOST = 0.95;
/** Below this share of photos beside folders, the folders say who is in the others. */
const FEW = 0.1;
/** Fewer stems could as well be those of a few cameras. */
const FEWEST_STEMS = 20;

/**
 * Reads the paths of a collection's photos, relative to it and with slashes.
 * `layout` overrules: "people" makes the innermost folder the person, "photos" leaves all photos unlabelled.
 */
export function understandPaths(paths: readonly string[], layout?: Layout): Understood {
  const split = paths.map((path) => path.split('/'));
  if (layout === 'photos') return unlabelled(paths, 'asked', []);
  if (layout === 'people') return byFolder(split, (path) => path.length - 2, []);
  const { level, above } = wrappers(split);
  const inner = split.map((path) => path.slice(Math.min(level, path.length - 1)));
  if (inner.every((path) => path.length === 1)) return flat(paths, inner, level === 0 ? 'flat' : because(above), above);
  if (isNumbered(inner)) return unlabelled(paths, 'storage-folders', above);
  const deeper = peopleAreBelow(inner);
  const person = (path: readonly string[]) =>
    path.length > level + 1 ? level + (deeper && path.length > level + 2 ? 1 : 0) : -1;
  const tops = deeper ? [...new Set(inner.flatMap((path) => (path.length > 2 ? [path[0]!] : [])))].sort() : [];
  const direct = (path: readonly string[]) => deeper && path.length === level + 2;
  return byFolder(split, (path) => (direct(path) ? -1 : person(path)), [...above, ...tops]);
}

function because(above: readonly string[]) {
  return above.length > 1 ? 'splits' : 'one-folder';
}

/** How many folders above the photos say nothing about who is in them, and what they are called. */
function wrappers(split: readonly (readonly string[])[]) {
  const above: string[] = [];
  for (let level = 0; ; level++) {
    const tops = new Set<string>();
    let stray = 0;
    for (const path of split) {
      if (path.length > level + 1) tops.add(path[level]!);
      else stray += 1;
    }
    const named = [...tops].sort();
    const isOne = named.length === 1 && stray === 0;
    const areSplits =
      named.length > 0 && stray <= split.length * FEW && named.every((top) => NO_NAMES.has(top.toLowerCase()));
    if (!isOne && !areSplits) return { level, above };
    above.push(...named);
  }
}

/** Whether the folders are those in which a tool cuts numbered files, as FFHQ (00000, 01000) and StyleGAN's do. */
function isNumbered(inner: readonly (readonly string[])[]): boolean {
  const inFolders = inner.filter((path) => path.length > 1);
  const tops = new Set(inFolders.map(([top]) => top!));
  const follows = (rule: (folder: string, stem: string) => boolean) =>
    inFolders.filter((path) => rule(path.at(-2)!, stemOf(path.at(-1)!))).length >= inner.length * MOST;
  if (tops.size < 2) return false;
  // Folders named by the first signs of a digest.
  if (
    follows(
      (folder, stem) =>
        /^[0-9a-f]{1,3}$/i.test(folder) && stem.length >= 16 && stem.toLowerCase().startsWith(folder.toLowerCase()),
    )
  )
    return true;
  if (STEPS.some((step) => follows((folder, stem) => isInStep(folder, stem, step)))) return true;
  return areConsecutive(inFolders);
}

function isInStep(folder: string, stem: string, step: number): boolean {
  if (!/^\d+$/.test(folder)) return false;
  const number = trailingNumber(stem);
  if (number === undefined) return false;
  const bucket = Math.floor(number / step);
  return Number(folder) === bucket || Number(folder) === bucket * step;
}

/** At least this many photos a folder: people rarely have so many, cut collections do. */
const LARGE_FOLDER = 100;

/** Numbered folders of a hundred files and more whose numbers go on from one folder to the next. */
function areConsecutive(inFolders: readonly (readonly string[])[]): boolean {
  const ranges = new Map<string, { low: number; high: number; count: number }>();
  for (const path of inFolders) {
    const number = trailingNumber(stemOf(path.at(-1)!));
    if (number === undefined) return false;
    const folder = path.slice(0, -1).join('/');
    const range = ranges.get(folder) ?? { low: number, high: number, count: 0 };
    ranges.set(folder, {
      low: Math.min(range.low, number),
      high: Math.max(range.high, number),
      count: range.count + 1,
    });
  }
  const ordered = [...ranges].sort(([, a], [, b]) => a.low - b.low);
  return ordered.every(([folder, { low, count }], i) => {
    const isLast = i === ordered.length - 1;
    return (
      /\d/.test(folder.split('/').at(-1)!) &&
      (isLast || count >= LARGE_FOLDER) &&
      (i === 0 || low > ordered[i - 1]![1].high)
    );
  });
}

/**
 * Whether the first folders are not the people but what people are sorted into (by initial, by country), so that the
 * folders in them are the people: hardly a photo is directly in a first folder, the names of the folders in them do not
 * repeat, as those of sessions would, and there are many more of them than first folders.
 */
function peopleAreBelow(inner: readonly (readonly string[])[]): boolean {
  const direct = inner.filter((path) => path.length <= 2).length;
  if (direct > inner.length * FEW) return false;
  const deep = inner.filter((path) => path.length > 2);
  const tops = new Set(deep.map(([top]) => top));
  const pairs = new Set(deep.map(([top, below]) => `${top}/${below}`));
  const names = new Set(deep.map(([, below]) => below));
  return names.size >= pairs.size * 0.9 && tops.size < Math.sqrt(pairs.size);
}

function byFolder(
  split: readonly (readonly string[])[],
  person: (path: readonly string[]) => number,
  above: readonly string[],
): Understood {
  let labelled = 0;
  const placed = split.map((path) => {
    const at = person(path);
    if (at < 0) return { identity: '', photo: path.join('/') };
    labelled += 1;
    // The same person may be below `train` and `test`: what is above stays part of the photo's name.
    return {
      identity: path[at]!,
      photo: [...(above.length > 1 ? path.slice(0, at) : []), ...path.slice(at + 1)].join('/'),
    };
  });
  return labelled === 0
    ? unlabelled(
        split.map((path) => path.join('/')),
        'flat',
        above,
      )
    : { way: 'folders', above, placed };
}

/** Photos in one folder: people by the names of the files, if these have the form of names. */
function flat(
  paths: readonly string[],
  inner: readonly (readonly string[])[],
  reason: 'flat' | 'one-folder' | 'splits',
  above: readonly string[],
): Understood {
  const named = inner.map(([file]) => numberedName(stemOf(file!)));
  const numbers = new Map<string, number[]>();
  for (const one of named) if (one) numbers.set(one.name, [...(numbers.get(one.name) ?? []), one.number]);
  const isLikeLfw =
    named.filter((one) => one && /^[^\d_]+(_[^\d_]+)+$/.test(one.name) && one.digits === 4).length >=
    paths.length * MOST;
  const repeats = [...numbers.values()].filter(({ length }) => length > 1).length;
  const isCounted =
    named.filter((one) => one && !NO_STEMS.test(one.name)).length >= paths.length * MOST &&
    numbers.size >= FEWEST_STEMS &&
    [...numbers.values()].filter(startsAtOne).length >= numbers.size * MOST;
  if (numbers.size < 2 || repeats === 0 || !(isLikeLfw || isCounted)) return unlabelled(paths, reason, above);
  const placed = paths.map((path, i) => ({ identity: named[i]?.name ?? '', photo: named[i] ? inner[i]![0]! : path }));
  return { way: 'names', above, placed };
}

function startsAtOne(numbers: readonly number[]): boolean {
  const low = Math.min(...numbers);
  return low <= 1 && Math.max(...numbers) - low < numbers.length * 2;
}

function unlabelled(
  paths: readonly string[],
  reason: NonNullable<Understanding['because']>,
  above: readonly string[],
): Understood {
  return { way: 'nothing', because: reason, above, placed: paths.map((photo) => ({ identity: '', photo })) };
}

/** A file's name without its ending. */
export function stemOf(file: string): string {
  return file.replace(/(?<=.)\.[^.]*$/, '');
}

function trailingNumber(stem: string): number | undefined {
  const digits = /(\d{1,15})$/.exec(stem)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** `Ann_Lee_0002` -> Ann_Lee and 2. */
function numberedName(
  stem: string,
): { readonly name: string; readonly number: number; readonly digits: number } | undefined {
  const [, name, digits] = /^(.*?[^\d\s_.-])[\s_.-]+(\d{1,9})$/.exec(stem) ?? [];
  return name === undefined || digits === undefined
    ? undefined
    : { name, number: Number(digits), digits: digits.length };
}
