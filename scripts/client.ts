/**
 * Writes shared/client/api.ts, the typed client, from the document of the API. With --check it writes nothing and fails
 * where the file is not what it would write.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLocal } from '../shared/platform/local/index.ts';
import { derive, isSecret } from '../shared/service/core/secret.ts';
import { createApi } from '../shared/service/http/app.ts';
import { stdout } from '../shared/terminal.ts';
import { clientOf, documentSchema } from './client/generate.ts';

const FILE = join(import.meta.dirname, '../shared/client/api.ts');
const ORIGIN = 'http://127.0.0.1:8080';

/** The document as the API itself answers it. */
async function readDocument() {
  const folder = mkdtempSync(join(tmpdir(), 'rewound-client-'));
  const { objects, records, events, clock, uploads, close } = openLocal({ folder });
  try {
    const secret = new Uint8Array(32);
    if (!isSecret(secret)) throw new Error('a secret has 32 bytes');
    const api = createApi({
      objects,
      records,
      events,
      clock,
      uploads: uploads({ origin: ORIGIN, tokenKey: derive(secret, ['uploads'], 32) }),
      secret,
      settings: {
        origin: ORIGIN,
        signUp: 'open',
        stripe: null,
        webhookAllow: [],
        requestsPerMinute: 600,
        proxied: false,
      },
    });
    return documentSchema.parse(await (await api.request('/v1/openapi.json')).json());
  } finally {
    close();
    rmSync(folder, { recursive: true });
  }
}

/** As biome wants it. */
function formatted(text: string): string {
  const biome = join(import.meta.dirname, '../node_modules/.bin/biome');
  const { stdout, status, stderr } = spawnSync(biome, ['format', `--stdin-file-path=${FILE}`], {
    input: text,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`biome does not take what was generated: ${stderr}`);
  return stdout;
}

const text = formatted(clientOf(await readDocument()));
if (!process.argv.includes('--check')) writeFileSync(FILE, text);
else if (readFileSync(FILE, 'utf8') !== text) {
  stdout.line('shared/client/api.ts is not what the API is now: run "npm run client".');
  process.exitCode = 1;
}
