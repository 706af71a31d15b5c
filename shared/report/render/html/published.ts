/** Renders what was found in a set of pictures: which to keep back, and which folders show whom. */
import { passedLine } from '../../../collection/understood.ts';
import { html, type Markup } from '../../../markup/escape.ts';
import { facts, table } from '../../../markup/table.ts';
import { counted, percent, whole } from '../../format.ts';
import type { Published, Report } from '../../model.ts';
import { labelled } from './labelled.ts';

/** Folders on the page; report.json has up to 500. */
const MOST_ROWS = 50;

/** Nothing where a generator was audited. */
export function publishedPictures({ published, threshold }: Report): Markup | null {
  if (!published) return null;
  return html`<section id="pictures"><h2>The set of pictures</h2>
<p class="lede">${withholdWords(published, threshold)}</p>
${facts(rows(published))}${published.byFolder.length === 0 ? null : folders(published)}</section>`;
}

function withholdWords({ above, drawn }: Published, threshold: Report['threshold']): string {
  if (above === null || threshold === null) {
    return 'There is no threshold, so no picture counts as showing a person.';
  }
  const share = drawn === 0 ? '' : ` (${percent(above / drawn)})`;
  return `${whole(above)} of ${counted(drawn, 'picture', 'pictures')}${share} resemble a person, member or control, more closely than the threshold; matches.csv lists them. To keep pictures back, keep back all of these: a set from which only the members' pictures are missing gives the members away.`;
}

function rows(published: Published): (readonly [string, string])[] {
  const { pictures, drawn, distinct, folders: many, apart, unreadable, alike, ofMembers, ofControls } = published;
  const passed = passedLine({ passed: published.passed });
  return [
    ['Pictures in the set', whole(pictures)],
    ...(drawn < pictures ? [['Drawn by chance', whole(drawn)] as const] : []),
    ['Set apart to confirm', apart === 0 ? 'none: the set is too small' : whole(apart)],
    ['Exact copies', drawn === distinct ? 'none' : counted(drawn - distinct, 'picture', 'pictures')],
    ['Look like another', alike === 0 ? 'none' : counted(alike, 'picture', 'pictures')],
    ['Could not be read', unreadable === 0 ? 'none' : counted(unreadable, 'picture', 'pictures')],
    ...(many > 0 ? [['Folders', whole(many)] as const] : []),
    ...(ofMembers > 0 ? [['Files of the members', counted(ofMembers, 'picture', 'pictures')] as const] : []),
    ...(ofControls > 0 ? [['Files of the controls', counted(ofControls, 'picture', 'pictures')] as const] : []),
    ...(passed === undefined ? [] : [['Passed over', passed] as const]),
  ];
}

function folders({ byFolder }: Published): Markup {
  const shown = byFolder.slice(0, MOST_ROWS);
  return html`<h3>Which folder shows whom</h3>
<p class="lede">Where a set is sorted into folders, each is meant to be one invented person. These folders have pictures above the threshold; the person is the one that most of them resemble.</p>
${table(
  ['Folder', 'Pictures', 'Above threshold', 'Person', 'Side', 'Pictures of this person'],
  shown.map(({ folder, pictures, above, role, identity, ofThem }) => [
    html`<bdi>${folder}</bdi>`,
    labelled('pictures', whole(pictures)),
    labelled('above threshold', `${whole(above)} (${percent(above / pictures)})`),
    html`<bdi>${identity}</bdi>`,
    role === 'members' ? 'member' : 'control',
    labelled('pictures of this person', whole(ofThem)),
  ]),
  'text',
  'compact',
)}${byFolder.length > MOST_ROWS ? html`<p class="small">The first ${whole(MOST_ROWS)} of ${whole(byFolder.length)}; report.json has more.</p>` : null}`;
}
