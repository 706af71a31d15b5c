/**
 * What the pipeline may know of a hosted audit. Steps that run strangers' models cannot open the records of accounts, so
 * what they need of an audit is a record of its own, beside the pipeline's: the API writes it when the audit starts, the
 * pipeline writes into it what it planned, and the end of the audit closes it. It holds no name, no label and no key.
 */
import { z } from 'zod';
import type { Platform } from '../../platform/ports.ts';
import { changeDocument, fieldsOf, readDocument } from '../core/documents.ts';
import { paths } from '../core/paths.ts';

/** How the photos of a side were read. */
const sideReadSchema = z.object({
  people: z.int(),
  photos: z.int(),
  summary: z.string(),
  passedOver: z.string().nullable(),
});

export const plannedSchema = z.object({
  /** The pipeline's own id. */
  run: z.string(),
  at: z.number(),
  msPerSample: z.number(),
  shards: z.object({ enrol: z.int(), probe: z.int(), confirm: z.int() }),
  /** Absent in records of earlier versions. */
  read: z
    .object({
      members: sideReadSchema.nullable(),
      controls: sideReadSchema.nullable(),
      pictures: z
        .object({ pictures: z.int(), summary: z.string(), passedOver: z.string().nullable() })
        .nullable()
        .default(null),
    })
    .optional(),
  /** Samples as planned, which are fewer than asked for where a set has fewer pictures. Absent in earlier records. */
  samples: z.int().optional(),
  fresh: z.int().optional(),
});

/**
 * open: the pipeline may plan it, or goes on with what it planned. stopping: what is planned or goes on ends as
 * cancelled. ended: nothing is begun any more.
 */
const STATES = ['open', 'stopping', 'ended'] as const;
type State = (typeof STATES)[number];

const admissionSchema = z.object({
  state: z.enum(STATES),
  /** The key of the one file that is the checkpoint; null if the audit was never started. */
  checkpoint: z.string().nullable(),
  photos: z.int(),
  /** Credits that were held, beyond which no audit is begun; null where credits are free. */
  credits: z.int().nullable(),
  planned: plannedSchema.nullable(),
});
export type Admission = z.infer<typeof admissionSchema>;

type Store = Pick<Platform, 'records'>;

/** Lets the pipeline plan an audit. One that was closed stays closed. */
export async function openAdmission(
  { records }: Store,
  account: string,
  audit: string,
  terms: Pick<Admission, 'checkpoint' | 'photos' | 'credits' | 'planned'>,
): Promise<void> {
  await records.create(paths.admission(account, audit), { state: 'open', ...fieldsOf(terms) });
}

export function readAdmission({ records }: Store, account: string, audit: string): Promise<Admission | undefined> {
  return readDocument(records, paths.admission(account, audit), admissionSchema);
}

/**
 * Closes an audit to the pipeline; afterwards nothing is planned any more, and what was planned before can be read. One
 * that was never started is closed too: a start that is on its way must not open it.
 */
export async function closeAdmission(
  { records }: Store,
  account: string,
  audit: string,
  state: Exclude<State, 'open'>,
): Promise<void> {
  const path = paths.admission(account, audit);
  const close = () =>
    changeDocument(records, path, admissionSchema, (current) =>
      STATES.indexOf(current.state) < STATES.indexOf(state) ? { ...current, state } : undefined,
    );
  if (await close()) return;
  if (await records.create(path, { state, checkpoint: null, photos: 0, credits: null, planned: null })) return;
  await close();
}

/** Writes down what the pipeline planned, unless that is closed or was planned already. Undefined if there is none. */
export function planAdmission(
  { records }: Store,
  account: string,
  audit: string,
  planned: NonNullable<Admission['planned']>,
): Promise<Admission | undefined> {
  return changeDocument(records, paths.admission(account, audit), admissionSchema, (current) =>
    current.state !== 'open' || current.planned ? undefined : { ...current, planned },
  );
}

export async function forgetAdmission({ records }: Store, account: string, audit: string): Promise<void> {
  await records.delete(paths.admission(account, audit));
}
