/** `rewound price`: says what an audit costs on Google Cloud. */
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
import { command } from './command.ts';
import { asOneOf, asPositive, asWhole, flag, optional, required, withDefault } from './option.ts';

const KINDS = Object.keys(GPUS) as Gpu[];

const MOST_SAMPLES = 1_000_000_000;

export const price = command({
  name: 'price',
  summary: 'Says what an audit costs on Google Cloud, by list prices. It asks no service.',
  takes: [],
  options: {
    'ms-per-sample': required(
      'X',
      'milliseconds for a sample on that GPU, as measured: a report names them',
      asPositive,
      'take it from the report of a small audit',
    ),
    samples: optional('N', 'samples of the audit (50000)', asWhole(1, MOST_SAMPLES)),
    shards: optional('N', 'pieces of the work (as an audit would cut them)', asWhole(1, 100_000)),
    fresh: optional(
      'N',
      'samples after those that confirm named people; 0 where nobody is named (a fifth, as an audit makes)',
      asWhole(0, MOST_SAMPLES),
    ),
    photos: withDefault('N', 'photos to embed; 0 where embeddings are given', asWhole(0, 1e10), String(USUAL.photos)),
    'ms-per-photo': withDefault('X', 'milliseconds for a photo', asPositive, String(USUAL.photoMs)),
    gpu: withDefault('KIND', KINDS.join(' or '), asOneOf(KINDS), USUAL.gpu),
    gpus: withDefault('N', 'GPUs at the same time', asWhole(1, 1000), String(USUAL.gpus)),
    'cold-start': withDefault(
      'S',
      'seconds until an instance takes its first message',
      asWhole(0, 3600),
      String(USUAL.coldStartS),
    ),
    idle: withDefault(
      'S',
      'seconds an instance is paid for after its last message',
      asWhole(0, 3600),
      String(USUAL.idleS),
    ),
    json: flag('the same as JSON'),
  },
  run(values) {
    const { 'ms-per-sample': sampleMs, gpu, gpus, photos } = values;
    const { samples } = settingsSchema.parse({ samples: values.samples });
    const work: AuditWork = {
      ...USUAL,
      ...{ samples, sampleMs, gpu, gpus, photos },
      shards: values.shards ?? shardCount(settingsSchema.parse({ samples }), sampleMs),
      fresh: values.fresh ?? freshSamples({ samples }),
      photoMs: values['ms-per-photo'],
      coldStartS: values['cold-start'],
      idleS: values.idle,
    };
    const price = auditPrice(work);
    if (values.json) stdout.json(JSON.stringify({ work, ...price, pricesRead: PRICES_READ }, undefined, 2));
    else stdout.page(table(work, price));
    return 0;
  },
});

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
