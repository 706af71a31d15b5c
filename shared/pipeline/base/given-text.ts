/** Reads the small files that people put beside checkpoints and into projects. */
import { RewoundError } from '../../errors.ts';
import type { Platform } from '../../platform/ports.ts';

/** Bytes of a card, a recipe or settings: each is read whole, by an instance that works for many. */
export const MOST_CARD_BYTES = 2 ** 20;

export function cardTooLarge(): RewoundError {
  return new RewoundError('CARD_INVALID', 'A card, a recipe or project.json has more than 1 MiB.', {
    help: 'Say in it only what docs/cards.md lists.',
  });
}

/** The text of a file that somebody gave, or undefined where there is none. Throws CARD_INVALID where it is too large. */
export async function givenTextOf({ objects }: Pick<Platform, 'objects'>, key: string): Promise<string | undefined> {
  const info = await objects.head(key);
  if (info && info.size > MOST_CARD_BYTES) throw cardTooLarge();
  return info && new TextDecoder().decode(await objects.get(key, info.generation));
}
