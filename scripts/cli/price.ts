import { freshSamples, settingsSchema, shardCount } from '../../shared/pipeline/planning/settings.ts';
import {
  type AuditPrice,
  type AuditWork,
  auditPrice,
  GPUS,
  type Gpu,
  PRICES_READ,
  USUAL,
} from '../../shared/service/billing/price.ts';
import { stdout } from '../../shared/terminal.ts';
import { oneOf, parse, usage, whole } from './options.ts';

const KINDS = Object.keys(GPUS) as Gpu[];

export const PRICE_HELP = `rewound price --ms-per-sample X [--samples 50000]

  says what an audit costs on Google Cloud, by list prices; it asks nobody

  --ms-per-sample X   milliseconds for a sample on that GPU, as measured: a report names them
  --samples N         samples of the audit
  --shards N          pieces of the work; by default as an audit would cut them
  --fresh N           samples after those that confirm whoever is named; 0 where nobody is
                      (default as an audit would make, a fifth)
  --photos N          photos to embed (default 0: they are, or embeddings are given)
  --ms-per-photo X    milliseconds for a photo (default ${USUAL.photoMs})
  --gpu KIND          ${KINDS.join(' or ')} (default ${USUAL.gpu})
  --gpus N            GPUs at the same time (default ${USUAL.gpus})
  --cold-start S      seconds until an instance takes its first message (default ${USUAL.coldStartS})
  --idle S            seconds an instance is paid for after its last (default ${USUAL.idleS})
  --json              the same as JSON`;

export function priceCommand(args: readonly string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const { values } = parse({
    args: [...args],
    options: {
      samples: text,
      'ms-per-sample': text,
      shards: text,
      fresh: text,
      photos: text,
      'ms-per-photo': text,
      gpu: text,
      gpus: text,
      'cold-start': text,
      idle: text,
      json: { type: 'boolean' },
    },
  });
  const sampleMs = positive(values['ms-per-sample'], 'ms-per-sample');
  if (sampleMs === undefined) throw usage('--ms-per-sample is missing.', 'Take it from the report of a small audit.');
  const { samples } = settingsSchema.parse({ samples: whole(values.samples, 'samples', 1, 1e9) });
  const work: AuditWork = {
    ...USUAL,
    samples,
    sampleMs,
    shards: whole(values.shards, 'shards', 1, 100_000) ?? shardCount(settingsSchema.parse({ samples }), sampleMs),
    fresh: whole(values.fresh, 'fresh', 0, 1e9) ?? freshSamples({ samples }),
    photos: whole(values.photos, 'photos', 0, 1e10) ?? USUAL.photos,
    photoMs: positive(values['ms-per-photo'], 'ms-per-photo') ?? USUAL.photoMs,
    gpu: values.gpu === undefined ? USUAL.gpu : oneOf(values.gpu, 'gpu', KINDS),
    gpus: whole(values.gpus, 'gpus', 1, 1000) ?? USUAL.gpus,
    coldStartS: whole(values['cold-start'], 'cold-start', 0, 3600) ?? USUAL.coldStartS,
    idleS: whole(values.idle, 'idle', 0, 3600) ?? USUAL.idleS,
  };
  const price = auditPrice(work);
  if (values.json) stdout.json(JSON.stringify({ work, ...price, pricesRead: PRICES_READ }, undefined, 2));
  else stdout.page(table(work, price));
  return Promise.resolve(0);
}

function positive(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0) {
    throw usage(`--${name} takes a number above 0, not "${text}".`);
  }
  return value;
}

/** The price, line by line. */
function table(
  { samples, fresh, shards, gpus, gpu }: AuditWork,
  { items, total, gpuHours, hours }: AuditPrice,
): string {
  const n = (value: number, digits = 0) =>
    value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const amount = (value: number) => (Number.isInteger(value) ? n(value) : n(value, value < 10 ? 3 : 1));
  const row = (what: string, quantity: string, usd: string) =>
    `${what.padEnd(18)}${quantity.padStart(26)}${usd.padStart(12)}\n`;
  return [
    `${n(samples)} samples in ${n(shards)} shards${fresh > 0 ? ` and ${n(fresh)} fresh ones` : ''} on ${gpus} x ${gpu}, US dollars (prices of ${PRICES_READ})\n\n`,
    ...items.map(({ what, amount: value, unit, usd }) => row(what, `${amount(value)} ${unit}`, n(usd, 4))),
    row('total', `${amount(gpuHours)} GPU-hours`, n(total, 2)),
    `\nThe report is there after about ${hours < 1 ? `${n(hours * 60)} minutes` : `${n(hours, 1)} hours`}.\n`,
  ].join('');
}
