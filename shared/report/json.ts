/** Writes and reads report.json. */
import { RewoundError } from '../errors.ts';
import { type Report, reportSchema } from './model.ts';

/**
 * Decimals kept of every number that is not whole, or as many digits of one below 1. Finer than any interval.
 * @internal
 */
export const DECIMALS = 6;
/** A number below it is the noise of the arithmetic, and zero. */
const NOISE = 1e-15;

/**
 * `report.json`: the same report always gives the same bytes. Keys stand in the order of the schema, the indent is
 * two spaces, the file ends in a newline, and numbers are rounded to {@link DECIMALS} decimals, or digits where they are
 * below 1, except the latent's bounds and the picture range: those reproduce samples and stay exact. `parseReport` reads it back.
 */
export function renderJson(report: Report): string {
  // Parsing rebuilds every object in the order its schema declares, whatever order the caller used.
  const ordered = reportSchema.parse(report);
  const { latent, range } = ordered.generator;
  const rounded = rounding(ordered) as Report;
  const exact: Report = { ...rounded, generator: { ...rounded.generator, latent, range } };
  return `${JSON.stringify(exact, null, 2)}\n`;
}

/**
 * Reads `report.json`.
 * @throws RewoundError REPORT_INVALID where it is not JSON, or not a report of this version. The message names the
 * places that are wrong, never their content.
 */
export function parseReport(text: string): Report {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, which can hold a name, so it is not passed on as the cause.
    throw invalid('The report is not valid JSON.');
  }
  const parsed = reportSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const places = [...new Set(parsed.error.issues.map((issue) => issue.path.join('.') || 'the whole document'))];
  const more = places.length > 3 ? ` and ${places.length - 3} more` : '';
  throw invalid(`The report does not fit rewound.report/1 at: ${places.slice(0, 3).join(', ')}${more}.`);
}

function invalid(message: string): RewoundError {
  return new RewoundError('REPORT_INVALID', message, {
    help: 'Use the report.json of a finished audit, written by this version of Rewound.',
  });
}

/** Numbers as report.json has them, however deep they lie. */
export function rounding(value: unknown): unknown {
  if (typeof value === 'number') return round(value);
  if (Array.isArray(value)) return value.map(rounding);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, rounding(inner)]));
}

/** Keeps small probabilities apart from zero; a negative zero becomes zero, because JSON would lose its sign. */
function round(value: number): number {
  if (Number.isInteger(value)) return value + 0;
  if (Math.abs(value) >= 1) return Number(value.toFixed(DECIMALS));
  return Math.abs(value) < NOISE ? 0 : Number(value.toPrecision(DECIMALS));
}
