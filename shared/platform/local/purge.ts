/** Erasing what the local platform keeps besides objects and records: uploads under way, messages, deleted rows. */
import type { Records } from '../ports.ts';
import type { Database } from './database.ts';
import type { Incoming } from './incoming.ts';

/** Deletes leased messages too: the handler of one that was deleted cannot settle it any more, and need not. */
export function localPurge({ sql, durably, scrub }: Database, incoming: Incoming): Records['purge'] {
  const waiting = sql.prepare('DELETE FROM messages WHERE instr(message, ?) > 0');
  const dead = sql.prepare('DELETE FROM dead_letters WHERE instr(message, ?1) > 0 OR instr(error_message, ?1) > 0');
  return async (texts) => {
    await incoming.breakOff(texts);
    await durably(() => {
      for (const text of texts) {
        // As JSON writes it.
        const inside = JSON.stringify(text).slice(1, -1);
        waiting.run(inside);
        dead.run(inside);
      }
    });
    await scrub();
  };
}
