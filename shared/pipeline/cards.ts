import { type CheckpointCard, checkpointCardSchema, parseCard } from '../checkpoint/card.ts';
import type { Settings } from './settings.ts';

/** The card beside the checkpoint, field by field overridden by the project's settings. Throws CARD_INVALID. */
export function checkpointCard(text: string | undefined, { card: given = {} }: Pick<Settings, 'card'>): CheckpointCard {
  const beside = parseCard(checkpointCardSchema, text ?? '{}', 'The card beside the checkpoint');
  return {
    ...beside,
    ...given,
    latent: { ...beside.latent, ...given.latent },
    image: { ...beside.image, ...given.image },
  };
}
