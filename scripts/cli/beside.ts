/** Reads the card and the recipe beside a checkpoint. */
import type { InspectRequest } from '../../shared/engine/compute.ts';
import { RewoundError } from '../../shared/errors.ts';
import { cardTooLarge, MOST_CARD_BYTES } from '../../shared/pipeline/base/given-text.ts';
import { checkpointCard, checkpointRecipe } from '../../shared/pipeline/planning/companions.ts';
import { readText } from './files.ts';

/** A checkpoint with the card and the recipe that lie beside it. Throws CARD_INVALID. */
export async function withCompanions(path: string): Promise<InspectRequest> {
  const [card, recipe] = await Promise.all([textOf(`${path}.card.json`), textOf(`${path}.recipe.json`)]);
  return { path, card: checkpointCard(card, {}), recipe: checkpointRecipe(recipe) };
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readText(path, MOST_CARD_BYTES);
  } catch (error) {
    if (error instanceof RewoundError && error.code === 'NOT_FOUND') return undefined;
    if (error instanceof RewoundError && error.code === 'TOO_LARGE') throw cardTooLarge();
    throw error;
  }
}
