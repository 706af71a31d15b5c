/** Erasing from the database of the local platform: messages that name something, and what SQLite keeps of deleted rows. */
import type { Records } from '../ports.ts';
import type { Database } from './database.ts';

/** Deletes messages, leased ones too: whoever handles one can no longer settle it, and needs not. */
export function localPurge({ sql, durably, scrub }: Database): Records['purge'] {
  const waiting = sql.prepare('DELETE FROM messages WHERE instr(message, ?) > 0');
  const dead = sql.prepare('DELETE FROM dead_letters WHERE instr(message, ?1) > 0 OR instr(error_message, ?1) > 0');
  return async (texts) => {
    await durably(() => {
      for (const text of texts) {
        // As it stands in JSON.
        const inside = JSON.stringify(text).slice(1, -1);
        waiting.run(inside);
        dead.run(inside);
      }
    });
    await scrub();
  };
}
