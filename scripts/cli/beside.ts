import { readFile } from 'node:fs/promises';
import type { InspectRequest } from '../../shared/engine/compute.ts';
import { isErrno } from '../../shared/errors.ts';
import { checkpointCard, checkpointRecipe } from '../../shared/pipeline/cards.ts';

/** A checkpoint with the card and the recipe that lie beside it. Throws CARD_INVALID. */
export async function withCompanions(path: string): Promise<InspectRequest> {
  const [card, recipe] = await Promise.all([textOf(`${path}.card.json`), textOf(`${path}.recipe.json`)]);
  return { path, card: checkpointCard(card, {}), recipe: checkpointRecipe(recipe) };
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}
