/** `rewound split`: parts a collection into members and controls before training, people wholly on one side. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { keyedOrder } from '../../shared/audit/numbers/keyed.ts';
import { RewoundError } from '../../shared/errors.ts';
import { ensureFolder } from '../../shared/folders.ts';
import { listSide } from '../../shared/pipeline/planning/list-side.ts';
import { stdout } from '../../shared/terminal.ts';
import { command } from './command.ts';
import { putFile } from './files.ts';
import { asWhole, type Reader, required, type Values, withDefault } from './option.ts';
import { asPath, userPath } from './paths.ts';
import { dataMount, READING_OPTIONS, readingOf, tableMount } from './people-data.ts';
import { PROJECT, withProject } from './project.ts';
import { sideLines } from './understanding.ts';
import { usage } from './usage.ts';

/** Fewer controls cannot carry an audit. */
const FEWEST_CONTROLS = 20;

type Amount = (people: number) => number;

/** `10%` of the people, or so many of them. */
const asAmount: Reader<Amount> = (text, name) => {
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(text)?.[1];
  if (percent !== undefined && Number(percent) > 0 && Number(percent) < 100) {
    return (people) => Math.round((people * Number(percent)) / 100);
  }
  if (/^[1-9]\d*$/.test(text)) return () => Number(text);
  throw usage(`${name} takes a share such as 10%, or a number of people, not "${text}".`);
};

const OPTIONS = {
  ...READING_OPTIONS,
  controls: withDefault(
    'SHARE',
    'people that are held out of the training: a share such as 10%, or a number',
    asAmount,
    '10%',
  ),
  seed: withDefault('N', 'draws the people: the same seed draws the same', asWhole(0, 2 ** 32 - 1), '0'),
  to: required('FOLDER', 'where members.txt, controls.txt and split.json go', asPath, 'where the lists go'),
};

export const split = command({
  name: 'split',
  summary: 'Parts a collection at random into people to train on and people to hold out as controls.',
  takes: ['COLLECTION'],
  details:
    'Do it before training, train on the members alone, and audit with --collection, --members-list and --controls-list: then members and controls differ by chance alone, which is what an audit rests on (docs/controls.md).',
  options: OPTIONS,
  run: (values, [collection = '']) => splitCollection(userPath(collection), values),
});

async function splitCollection(data: string, values: Values<typeof OPTIONS>): Promise<number> {
  const mounts = { ...(await dataMount('members', data, 'The collection')), ...(await tableMount(values.people)) };
  const side = await withProject(mounts, (context) => listSide(context, PROJECT, 'members', readingOf(values)));
  if (side?.kind !== 'photos') {
    throw new RewoundError('GALLERY_EMPTY', 'The collection holds no photos.', {
      help: 'Give a folder or an archive of photos.',
    });
  }
  for (const line of sideLines('collection', side, values.list)) stdout.line(line);
  const people = [...new Set(side.photos.map(({ identity }) => identity))].sort();
  const wanted = values.controls(people.length);
  if (wanted < FEWEST_CONTROLS || people.length - wanted < 2) {
    throw new RewoundError(
      'GALLERY_TOO_SMALL',
      `Of ${people.length} people, ${wanted} would be controls; an audit needs ${FEWEST_CONTROLS}, and members besides.`,
      {
        help: 'Give --controls a larger share, or a collection with more people.',
      },
    );
  }
  const order = keyedOrder('split', values.seed, people);
  const held = new Set(order.slice(0, wanted).map((i) => people[i]!));
  const isLabelled = side.understood.unlabelled === 0;
  // Where no name says who is in a photo, photos are what is listed.
  const lists = { members: [] as string[], controls: [] as string[] };
  if (isLabelled) for (const one of people) lists[held.has(one) ? 'controls' : 'members'].push(one);
  else
    for (const [i, { identity }] of side.photos.entries())
      lists[held.has(identity) ? 'controls' : 'members'].push(side.paths[i]!);
  const text = (names: readonly string[]) => `${names.join('\n')}\n`;
  const digest = createHash('sha256')
    .update(text(lists.members))
    .update('\0')
    .update(text(lists.controls))
    .digest('hex');
  const about = {
    schema: 'rewound.split/1',
    made: new Date().toISOString(),
    seed: values.seed,
    people: people.length,
    controls: wanted,
    listed: isLabelled ? 'people' : 'files',
    sha256: digest,
  };
  ensureFolder(values.to);
  for (const name of ['members', 'controls'] as const) await putFile(join(values.to, `${name}.txt`), text(lists[name]));
  await putFile(join(values.to, 'split.json'), `${JSON.stringify(about, undefined, 2)}\n`);
  stdout.line(
    `members     ${(people.length - wanted).toLocaleString('en')} people to train on: ${join(values.to, 'members.txt')}`,
  );
  stdout.line(`controls    ${wanted.toLocaleString('en')} people to hold out: ${join(values.to, 'controls.txt')}`);
  if (!isLabelled) {
    stdout.line(
      'Nothing says who is in some photos: photos of one person may have come to both sides. Give --people if you can.',
    );
  }
  return 0;
}
