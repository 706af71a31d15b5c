/** Says what an audit costs in credits. */
import { recognizerNames, type Settings, settingsSchema, shardCount } from '../../pipeline/planning/settings.ts';
import { auditPrice, USUAL } from './price.ts';

/**
 * What a credit costs in US dollars, at the price of the smallest pack.
 * @internal
 */
export const CREDIT_USD = 0.01;

/**
 * Milliseconds for a sample on an NVIDIA L4 that a quote reckons with where nobody has measured the generator: twice
 * what docs/scale.md assumes. A quote is a cap, so it is better too high; what is slower still is at our cost.
 * @internal
 */
export const USUAL_MS = 40;

/**
 * Charged for a dollar at list prices. The half on top pays for what is not charged: audits that fail by our fault or
 * turn out not to be possible, the payment service's share, the discount of the larger packs, and support.
 */
const MARGIN = 1.5;

/**
 * However small an audit is: it starts machines, is kept, and is answered for.
 * @internal
 */
export const LEAST_CREDITS = 100;

/** What an audit does, as far as it costs anything. */
export interface Work {
  readonly samples: number;
  /** Samples that confirm whoever is named: those that may be needed for a quote, those that were for a charge. */
  readonly fresh: number;
  /** Photos to embed; 0 where embeddings were given. */
  readonly photos: number;
  /** Each embeds all photos, and keeps matches of its own; 1 where nothing is said. */
  readonly recognizers?: number | undefined;
  /** Nearest faces kept for each sample; 10 where nothing is said. */
  readonly k?: number | undefined;
  /** Measured with all recognizers. */
  readonly msPerSample?: number | undefined;
}

/** What an audit with such settings does. */
export function workOf(
  { settings, photos }: { readonly settings: Pick<Settings, 'samples' | 'k' | 'recognizer'>; readonly photos: number },
  measured: Pick<Work, 'fresh' | 'msPerSample'>,
): Work {
  const { samples, k } = settings;
  return { ...measured, samples, k, photos, recognizers: recognizerNames(settings).length };
}

export interface PriceItem {
  readonly what: string;
  /** Below 0 for what is taken off. */
  readonly credits: number;
}

export interface Price {
  readonly credits: number;
  /** They sum to `credits`. */
  readonly items: readonly PriceItem[];
}

/** The most that an audit can cost: known before anything is uploaded, held when it starts. */
export function quote(work: Work): Price {
  const { samples, fresh, photos, recognizers = 1, k = USUAL.k, msPerSample = USUAL_MS } = work;
  const { items } = auditPrice({
    ...USUAL,
    samples,
    fresh,
    photos: photos * recognizers,
    k: k * recognizers,
    sampleMs: msPerSample,
    shards: shardCount(settingsSchema.parse({ samples }), msPerSample),
    gpu: 'nvidia-l4',
  });
  const usd = (parts: readonly string[]) =>
    items.filter(({ what }) => parts.includes(what)).reduce((sum, item) => sum + item.usd, 0);
  const named = PARTS.map(([what, parts]) => [what, usd(parts)] as const);
  const all = items.reduce((sum, item) => sum + item.usd, 0);
  const rest = Math.max(0, all - named.reduce((sum, [, amount]) => sum + amount, 0));
  const rounded = wholeCredits([...named, [REST, rest]]);
  const sum = rounded.reduce((total, { credits }) => total + credits, 0);
  return priceOf([...rounded, { what: 'up to the least price', credits: Math.max(0, LEAST_CREDITS - sum) }]);
}

export interface Done {
  /** Shards of all stages that were done, and that there were to be. */
  readonly done: number;
  readonly of: number;
  /** Credits that were held: nothing costs more. */
  readonly quoted: number;
}

/** What an audit has cost, at the speed that was measured: a share of it, if it was stopped before its end. */
export function charge(work: Work, { done, of, quoted }: Done): Price {
  const whole = quote(work);
  // In whole numbers, so that 3 tenths of 10 credits are 3 and not a little more.
  const part = of > 0 ? Math.ceil((whole.credits * Math.min(done, of)) / of) : 0;
  const credits = Math.min(part, quoted);
  return priceOf([
    ...whole.items,
    { what: 'not done', credits: part - whole.credits },
    { what: 'above the quote', credits: credits - part },
  ]);
}

/** What customers see of the items of `auditPrice`. */
const PARTS = [
  ['planning', ['planning']],
  ['photos', ['photos']],
  ['samples', ['samples']],
  ['fresh samples', ['fresh samples']],
  ['machines that start and wait', ['cold starts', 'idle tails']],
] as const satisfies readonly (readonly [string, readonly string[]])[];
const REST = 'statistics, storage and messages';

/** Each part in whole credits, so that they sum to the whole rounded up: each by how much it raises the sum so far. */
function wholeCredits(parts: readonly (readonly [string, number])[]): PriceItem[] {
  let usd = 0;
  let sum = 0;
  return parts.map(([what, amount]) => {
    usd += amount;
    const before = sum;
    sum = Math.ceil((usd * MARGIN) / CREDIT_USD);
    return { what, credits: sum - before };
  });
}

function priceOf(items: readonly PriceItem[]): Price {
  return {
    credits: items.reduce((sum, { credits }) => sum + credits, 0),
    items: items.filter(({ credits }) => credits !== 0),
  };
}
