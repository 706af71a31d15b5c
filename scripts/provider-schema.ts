/**
 * Writes `check/google-provider.schema.json`: what the Google provider accepts in the resources that terraform/ uses.
 * Run it after using a resource for the first time, or after a change of the provider's version:
 *
 *   node scripts/provider-schema.ts
 *
 * Terraform itself would ask its registry and start the provider, for which a check has neither the time nor the
 * network. `@cdktf/provider-google` holds the same schema as TypeScript declarations; it has 300 MB, so it is fetched
 * here and thrown away, and what is needed of it is kept in the repository.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Block, ProviderSchema } from './check/provider-schema.ts';
import { readDeclaration } from './check/read-declaration.ts';
import { readTerraform } from './check/read-terraform.ts';

const PACKAGE = '@cdktf/provider-google@16.12.1';
const target = join(import.meta.dirname, 'check/google-provider.schema.json');

const { resources, data } = await readTerraform(join(import.meta.dirname, '../terraform'));
const folder = mkdtempSync(join(tmpdir(), 'provider-schema-'));
try {
  const archive = execFileSync('npm', ['pack', '--silent', PACKAGE], { cwd: folder, encoding: 'utf8' }).trim();
  execFileSync('tar', ['-xzf', archive], { cwd: folder });
  const { version } = /"version": *"(?<version>[^"]+)"/.exec(read('package.json'))?.groups ?? {};
  const schema: ProviderSchema = {
    source: `@cdktf/provider-google ${version}`,
    resources: blocks(resources, ''),
    data: blocks(data, 'data-google-'),
  };
  writeFileSync(target, `${JSON.stringify(schema, undefined, 1)}\n`);
} finally {
  rmSync(folder, { recursive: true });
}

function blocks(found: ReadonlyMap<string, unknown>, prefix: string): Record<string, Block> {
  return Object.fromEntries([...found.keys()].sort().map((type) => [type, readDeclaration(declaration(type, prefix))]));
}

function declaration(type: string, prefix: string): string {
  return read(`lib/${prefix}${type.replace(/^google_/, '').replaceAll('_', '-')}/index.d.ts`);
}

function read(file: string): string {
  return readFileSync(join(folder, 'package', file), 'utf8');
}
