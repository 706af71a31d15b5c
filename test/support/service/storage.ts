import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** One thing that is stored: what it is called, and what it holds. */
export interface Stored {
  readonly name: string;
  readonly bytes: Buffer;
}

/** All that the local platform keeps in its folder: each file and folder, and each row of each table of its database. */
export function allStored(folder: string): Stored[] {
  const found: Stored[] = [];
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(folder.length + 1);
    if (name.startsWith('.rewound-state')) continue;
    found.push({ name: `file ${name}`, bytes: entry.isFile() ? readFileSync(path) : Buffer.alloc(0) });
  }
  const sql = new DatabaseSync(join(folder, '.rewound-state', 'state.sqlite'), { readOnly: true });
  try {
    const tables = sql.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
    for (const { name } of tables) {
      for (const row of sql.prepare(`SELECT * FROM ${String(name)}`).all()) {
        found.push({ name: `row of ${String(name)}`, bytes: Buffer.from(JSON.stringify(row)) });
      }
    }
  } finally {
    sql.close();
  }
  return found;
}

/** Where one of these texts or byte sequences is still stored: the names, with what was found. */
export function mentions(folder: string, what: Readonly<Record<string, string | Uint8Array>>): string[] {
  const stored = allStored(folder);
  return Object.entries(what).flatMap(([label, needle]) =>
    stored
      .filter(
        ({ name, bytes }) =>
          bytes.includes(typeof needle === 'string' ? needle : Buffer.from(needle)) ||
          (typeof needle === 'string' && name.includes(needle)),
      )
      .map(({ name, bytes }) => `${label} in ${name}: ${bytes.toString('utf8').slice(0, 200)}`),
  );
}

/**
 * Where one of these texts or byte sequences is in any byte of the folder: names and contents of all files, those of the
 * database, its log and its index included, as they could be read from a stolen disk.
 */
export function rawMentions(folder: string, what: Readonly<Record<string, string | Uint8Array>>): string[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) => {
    const path = join(entry.parentPath, entry.name);
    return {
      name: path.slice(folder.length + 1),
      bytes: entry.isFile() ? readFileSync(path) : Buffer.alloc(0),
    };
  });
  return Object.entries(what).flatMap(([label, needle]) =>
    files
      .filter(
        ({ name, bytes }) =>
          bytes.includes(Buffer.from(needle)) || (typeof needle === 'string' && name.includes(needle)),
      )
      .map(({ name }) => `${label} in ${name}`),
  );
}
