/**
 * `npm run pin`: writes the digests of all images that a deployment is built from and run by, and of the libraries for
 * CUDA, into the files that name them, to be looked at and committed. `--check` fails where one is missing; builds begin
 * with it.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { stderr } from '../shared/terminal.ts';
import { pinned, unpinned } from './pin/images.ts';
import { imageDigest, nugetSha512, PROVIDER } from './pin/registry.ts';

const ROOT = join(import.meta.dirname, '..');
const FILES = ['cloudbuild.yaml', ...globSync('terraform/images/*.Dockerfile', { cwd: ROOT }).sort()];

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

function check(): boolean {
  const missing = FILES.flatMap((file) => unpinned(read(file)).map((name) => `${file}: no digest of ${name}`));
  for (const line of new Set(missing)) stderr.line(line);
  if (missing.length > 0) stderr.line('Run `npm run pin`, look at what it changed, and commit it.');
  return missing.length === 0;
}

async function pin(): Promise<void> {
  const { dependencies } = z
    .object({ dependencies: z.object({ 'onnxruntime-node': z.string() }) })
    .parse(JSON.parse(read('package.json')));
  const digests = {
    image: (name: string) => imageDigest(name, fetch),
    provider: () => nugetSha512(PROVIDER, dependencies['onnxruntime-node'], fetch),
  };
  // All or nothing: what is half pinned would be committed as if it were whole.
  const changed = await Promise.all(FILES.map(async (file) => ({ file, text: await pinned(read(file), digests) })));
  for (const { file, text } of changed) writeFileSync(join(ROOT, file), text);
}

if (!process.argv.includes('--check')) await pin();
process.exitCode = check() ? 0 : 1;
