/** Makes of a report what later audits are compared with. */
import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { RewoundError } from '../../errors.ts';
import { confirmed, countGates } from '../findings.ts';
import { parseReport, rounding } from '../json.ts';
import { type Report, reportSchema, verdictSchema } from '../model.ts';
import { pseudonymOf } from '../pseudonyms.ts';

/**
 * `baseline.json`, version 1: what later audits are compared with, and no more, so that it can be committed. It holds no
 * name and no audit id: an id would be the key to the pseudonyms of report.sarif.
 */

const { shape } = reportSchema;
const intervalSchema = shape.delta;
const gallerySchema = shape.members.pick({ identities: true, photos: true });

const baselineSchema = z.strictObject({
  schema: z.literal('rewound.baseline/1'),
  verdict: verdictSchema,
  /** The conditions that failed and made the audit INVALID. */
  failed: z.array(shape.gates.element.shape.name),
  audit: shape.audit.pick({ samples: true, seed: true, k: true, device: true }),
  generator: z.strictObject({
    ...shape.generator.pick({ file: true, md5: true, width: true, height: true, channels: true }).shape,
    alignment: shape.generator.shape.alignment.shape.mode,
  }),
  photosPerIdentity: shape.photosPerIdentity,
  members: gallerySchema,
  controls: gallerySchema.nullable(),
  /** In the order given. */
  recognizers: z
    .array(
      z.strictObject({
        ...shape.recognizer.pick({ name: true, embedding: true }).shape,
        /** Whether it took part in the verdict. */
        judges: z.boolean(),
        delta: intervalSchema,
        auc: intervalSchema,
      }),
    )
    .min(1),
  named: z.strictObject({
    /** Tells one key from another and gives none away; null: made without a key. */
    key: z.string().nullable(),
    people: z.array(z.string()),
    /** Of them, those whom fresh samples showed again. */
    confirmed: z.int().min(0),
    /** How often the most frequent of them is shown; null where nobody is, or fresh samples were not made. */
    emission: intervalSchema,
  }),
});

/** What of a report is compared. Made from a report without a key it may hold names: such a one is never written. */
export type Baseline = z.infer<typeof baselineSchema>;

export function baselineOf(report: Report, key?: Uint8Array): Baseline {
  const { verdict, audit, generator, members, controls, results } = report;
  const { width, height, channels, file, md5 } = generator;
  const most = report.identities.reduce<Report['identities'][number]['fresh']>(
    (best, { fresh }) => (fresh && fresh.rate > (best?.rate ?? -1) ? fresh : best),
    null,
  );
  return {
    schema: 'rewound.baseline/1',
    verdict,
    failed: verdict === 'INVALID' ? [...new Set(countGates(report).failed.map(({ name }) => name))] : [],
    audit: { samples: audit.samples, seed: audit.seed, k: audit.k, device: audit.device },
    generator: { file, md5, width, height, channels, alignment: generator.alignment.mode },
    photosPerIdentity: report.photosPerIdentity,
    members: { identities: members.identities, photos: members.photos },
    controls: controls && { identities: controls.identities, photos: controls.photos },
    recognizers: results.map(({ recognizer, pHolm, delta, auc }) => ({
      name: recognizer.name,
      embedding: recognizer.embedding,
      judges: pHolm !== null,
      delta,
      auc,
    })),
    named: {
      key: key === undefined ? null : fingerprintOf(key),
      people: report.identities.map(({ identity }) => underKey(identity, key)),
      confirmed: confirmed(report).length,
      emission: most && { estimate: most.rate, low: most.low, high: most.high },
    },
  };
}

/** Whether somebody stands there by name, so that it must not be written without a key. */
export function namesPeople({ named }: Baseline): boolean {
  return named.people.some((person) => !isPseudonym(person));
}

/** Whether it takes the key to find somebody in it again. */
export function holdsPseudonyms({ named }: Baseline): boolean {
  return named.people.some(isPseudonym);
}

/** The baseline with everybody under this key. Who is under a pseudonym already stays so. */
export function baselineUnderKey(baseline: Baseline, key: Uint8Array): Baseline {
  const { named } = baseline;
  const people = named.people.map((person) => underKey(person, key));
  return { ...baseline, named: { ...named, key: named.key ?? fingerprintOf(key), people } };
}

/** The name of a key: nobody can tell the key from it. */
export function fingerprintOf(key: Uint8Array): string {
  return createHmac('sha256', key).update('rewound.baseline/1').digest('hex').slice(0, 12);
}

/** `baseline.json`: the same baseline always gives the same bytes. People stand in no order that says anything. */
export function renderBaseline(baseline: Baseline): string {
  const { named, ...rest } = baselineSchema.parse(baseline);
  const sorted = { ...rest, named: { ...named, people: named.people.toSorted() } };
  return `${JSON.stringify(rounding(sorted), null, 2)}\n`;
}

/**
 * Reads what an audit is to be compared with: `baseline.json`, or `report.json` itself.
 * @throws RewoundError REPORT_UNSUPPORTED, which names places, never their content.
 */
export function parseBaseline(text: string): Baseline {
  const value = jsonOf(text);
  if (!isObject(value) || value.schema !== 'rewound.baseline/1') {
    try {
      return baselineOf(parseReport(text));
    } catch (error) {
      throw unsupported(error instanceof RewoundError ? error.message : 'This is no report.', error);
    }
  }
  const { data, error } = baselineSchema.safeParse(value);
  if (data) return data;
  const places = [...new Set(error.issues.map(({ path }) => path.join('.') || 'the whole document'))];
  throw unsupported(`The baseline does not fit rewound.baseline/1 at: ${places.slice(0, 3).join(', ')}.`);
}

/** Pseudonyms of reports, as `pseudonymOf` makes them. */
function isPseudonym(person: string): boolean {
  return /^p-[0-9a-f]{12}$/.test(person);
}

/** A person under the key; a pseudonym stays what it is. */
export function underKey(person: string, key: Uint8Array | undefined): string {
  return key === undefined || isPseudonym(person) ? person : pseudonymOf(key, 'members', person);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, which can hold a name.
    throw unsupported('The file is not valid JSON.');
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function unsupported(message: string, cause?: unknown): RewoundError {
  return new RewoundError('REPORT_UNSUPPORTED', message, {
    help: 'Give the report.json of a finished audit, or what "rewound baseline" made of one, written by this version.',
    cause,
  });
}
