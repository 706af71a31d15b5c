import { type CheckpointCard, checkpointCardSchema, parseCard } from '../../checkpoint/spec/card.ts';
import { type Recipe, recipeSchema } from '../../checkpoint/spec/recipe.ts';
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

/** The recipe beside the checkpoint, if there is one. Throws CARD_INVALID. */
export function checkpointRecipe(text: string | undefined): Recipe | undefined {
  return text === undefined ? undefined : parseCard(recipeSchema, text, 'The recipe beside the checkpoint');
}
