/** Says what a card must say where a checkpoint does not. */
import { RewoundError } from '../../errors.ts';
import type { CheckpointCard } from './card.ts';
import type { Assumption, GeneratorSpec } from './generator.ts';

/** What an assumption names as its source. */
export const CARD = 'card beside the checkpoint';
export const FILE = 'model file';

export function ambiguous(message: string, help: string): RewoundError {
  return new RewoundError('CHECKPOINT_AMBIGUOUS', message, { help });
}

/** What latents are drawn from: as the card says, else as is usual. */
export function latentLaw(
  { latent }: CheckpointCard,
  usual: { readonly distribution: 'normal' | 'uniform'; readonly source: string },
): { law: Pick<GeneratorSpec['latent'], 'distribution' | 'low' | 'high'>; assumption: Assumption } {
  const distribution = latent?.distribution ?? usual.distribution;
  const low = latent?.low ?? -1;
  const high = latent?.high ?? 1;
  if (distribution === 'uniform' && !(low < high)) {
    throw ambiguous('The card asks for a uniform latent with low not below high.', 'Correct "latent.low" and "high".');
  }
  return {
    law: { distribution, low, high },
    assumption: {
      what: 'latent distribution',
      value: distribution === 'normal' ? 'normal(0, 1)' : `uniform(${low}, ${high})`,
      source: latent?.distribution ? CARD : usual.source,
    },
  };
}

/** The psi of a model that truncates. */
export function psiAsked({ psi }: CheckpointCard): { value: number; assumption: Assumption } {
  const value = psi ?? 1;
  const source = psi === undefined ? 'assumed: no truncation' : CARD;
  return { value, assumption: { what: 'truncation psi', value: String(value), source } };
}

/** Which of a model's classes are drawn, by turns: all, or those the card lists. */
export function classesAsked(
  { classes }: CheckpointCard,
  count: number,
): { labels: { labels?: number[] }; assumption: Assumption } {
  const labels = classes?.labels;
  const unknown = labels?.find((label) => label >= count);
  if (unknown !== undefined) {
    throw ambiguous(
      `The card asks for class ${unknown}, but the model has ${count}, numbered from 0.`,
      'Correct "classes.labels" in the card.',
    );
  }
  if (labels) {
    const value = `${count}, of which ${labels.join(', ')} by turns`;
    return { labels: { labels }, assumption: { what: 'classes', value, source: CARD } };
  }
  const value = `${count}, sample i has class i mod ${count}`;
  return { labels: {}, assumption: { what: 'classes', value, source: classes?.count ? CARD : FILE } };
}

/** Throws CARD_INVALID where a card has one of these fields, which say nothing of such a checkpoint. */
export function refuseMeaningless(card: CheckpointCard, fields: readonly (keyof CheckpointCard)[], of: string): void {
  const field = fields.find((name) => card[name] !== undefined);
  if (field === undefined) return;
  throw new RewoundError('CARD_INVALID', `The card's "${field}" means nothing for ${of}.`, {
    help: 'Remove it from the card; docs/cards.md lists the fields and what they are for.',
  });
}
