/** Makes the network that a recipe beside the checkpoint describes. */
import { RewoundError } from '../../../errors.ts';
import type { GeneratorNetwork } from '../../formats/generator-network.ts';
import type { LoadedCheckpoint } from '../../formats/loaded.ts';
import type { Recipe } from '../../spec/recipe.ts';
import { foldNorms } from '../fold-norms.ts';
import { stackNetwork } from './network.ts';

/** The network that a recipe beside the checkpoint describes. Throws CARD_INVALID where it does not fit. */
export function networkOfRecipe({ stateDicts }: LoadedCheckpoint, recipe: Recipe): GeneratorNetwork {
  const paths = [...stateDicts.keys()];
  const path = recipe.stateDict ?? (paths.length === 1 ? paths[0]! : '');
  const tensors = stateDicts.get(path);
  if (!tensors) {
    const found = paths.map((one) => `"${one}"`).join(', ') || 'none';
    throw new RewoundError(
      'CARD_INVALID',
      recipe.stateDict === undefined
        ? `The checkpoint holds several state dicts (${found}), and the recipe names none.`
        : `The recipe names the state dict "${recipe.stateDict}"; the checkpoint holds ${found}.`,
      { help: 'Say which with "stateDict" in the recipe.' },
    );
  }
  const source = 'recipe beside the checkpoint';
  return stackNetwork(recipe, foldNorms(tensors), {
    family: 'stack of layers, by its recipe',
    assumptions: [{ what: 'network', value: `${recipe.layers.length} layers`, source }],
  });
}
