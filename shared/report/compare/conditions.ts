/** Finds in what two audits differ other than in what they found. */
import { whole } from '../format.ts';
import type { Baseline } from './baseline.ts';

/** Something in which two audits differ. */
export interface Difference {
  readonly what: string;
  readonly before: string;
  readonly now: string;
  /** Whether the numbers of the two cannot be compared because of it. */
  readonly decisive: boolean;
}

/** Of the people compared, at most this share may be missing on one side: photos in which no face was found. */
const FEW = 0.05;

/**
 * In what two audits differ other than in what they found. More samples reveal more people, another recognizer or
 * another resolution sees others, and other photos are other people: then no difference comes from the training alone.
 */
export function differences(before: Baseline, now: Baseline): Difference[] {
  const pairs: [what: string, decisive: boolean, of: (one: Baseline) => string][] = [
    [
      'recognizers',
      true,
      ({ recognizers }) => recognizers.map(({ name, embedding }) => `${name} (${embedding})`).join(', '),
    ],
    ['samples', true, ({ audit }) => whole(audit.samples)],
    ['pictures', true, ({ generator: { width, height, channels } }) => `${width} x ${height} x ${channels}`],
    ['photos of members', true, ({ members }) => whole(members.photos)],
    ['photos of controls', true, ({ controls }) => (controls === null ? 'none' : whole(controls.photos))],
    ['photos per person', true, ({ photosPerIdentity }) => whole(photosPerIdentity)],
    ['members compared', isFar(before.members, now.members), ({ members }) => whole(members.identities)],
    [
      'controls compared',
      isFar(before.controls, now.controls),
      ({ controls }) => (controls === null ? 'none' : whole(controls.identities)),
    ],
    ['first seed', false, ({ audit }) => String(audit.seed)],
    ['nearest faces kept', false, ({ audit }) => whole(audit.k)],
    ['device', false, ({ audit }) => audit.device],
    ['place of faces', false, ({ generator }) => generator.alignment],
  ];
  return pairs.flatMap(([what, decisive, of]) =>
    of(before) === of(now) ? [] : [{ what, before: of(before), now: of(now), decisive }],
  );
}

type Side = Baseline['controls'];

function isFar(before: Side, now: Side): boolean {
  const [a, b] = [before?.identities ?? 0, now?.identities ?? 0];
  return Math.abs(a - b) > FEW * Math.max(a, b);
}

/** "samples 50,000, were 10,000". */
export function differenceWords({ what, before, now }: Difference): string {
  return `${what}: ${now}, before ${before}`;
}
