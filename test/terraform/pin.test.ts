import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { pinned, unpinned } from '../../scripts/pin/images.ts';
import { imageAddress, imageDigest, nugetSha512 } from '../../scripts/pin/registry.ts';

const ROOT = join(import.meta.dirname, '../..');
const FILES = ['cloudbuild.yaml', ...globSync('terraform/images/*.Dockerfile', { cwd: ROOT })];
const DIGEST = `sha256:${'ab'.repeat(32)}`;
const OTHER = `sha256:${'cd'.repeat(32)}`;
const SUM = '0f'.repeat(64);

test.each(FILES)('every image of %s can be pinned, and pinned anew', async (file) => {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const asked: string[] = [];
  const digests = (digest: string) => ({
    image: async (name: string) => {
      asked.push(name);
      return digest;
    },
    provider: async () => SUM,
  });
  const first = await pinned(text, digests(DIGEST));
  expect(unpinned(first)).toEqual([]);
  // Nothing else changes, and each image is asked for once.
  const bare = (all: string) => all.replace(/@sha256:\w+/g, '').replace(/(PROVIDER_SHA512=)\w*/, '$1');
  expect(bare(first)).toBe(bare(text));
  expect(new Set(asked).size).toBe(asked.length);
  expect(await pinned(first, digests(OTHER))).toBe(first.replaceAll(DIGEST, OTHER));
  // Whatever names an image in these files was found.
  const named = text.match(/^(FROM| +name:) +\S+/gm) ?? [];
  expect(named.length).toBeGreaterThan(0);
  expect(first.match(/@sha256:/g)).toHaveLength(named.length);
});

test('a checksum that is missing or no checksum is found', () => {
  expect(unpinned('ARG PROVIDER_SHA512=\n')).toHaveLength(1);
  expect(unpinned(`ARG PROVIDER_SHA512=${SUM.slice(2)}\n`)).toHaveLength(1);
  expect(unpinned(`ARG PROVIDER_SHA512=${SUM}\n`)).toEqual([]);
  expect(unpinned(`FROM node:24@${DIGEST} AS build\nFROM node:24\nCOPY --from=build a b\n`)).toEqual(['node:24']);
});

test.each([
  ['node:24', { host: 'registry-1.docker.io', repository: 'library/node', tag: '24' }],
  ['nvidia/cuda:13.1', { host: 'registry-1.docker.io', repository: 'nvidia/cuda', tag: '13.1' }],
  ['gcr.io/cloud-builders/docker:latest', { host: 'gcr.io', repository: 'cloud-builders/docker', tag: 'latest' }],
])('%s is asked for where it is kept', (name, address) => {
  expect(imageAddress(name)).toEqual(address);
});

/** A network that answers a few addresses, and the requests it got. */
function network(answers: Readonly<Record<string, (headers: Record<string, string>) => Response>>) {
  const requests: string[] = [];
  const fetch = async (url: string, { method = 'GET', headers = {} }: RequestOf = {}) => {
    requests.push(`${method} ${url}`);
    return answers[url]?.(headers) ?? new Response(null, { status: 404 });
  };
  return { fetch, requests };
}
interface RequestOf {
  readonly method?: string;
  readonly headers?: Record<string, string>;
}

const MANIFEST = 'https://registry-1.docker.io/v2/library/node/manifests/24';

test('a registry that wants a token is given one', async () => {
  const challenge = 'Bearer realm="https://auth.example.com/token",service="r",scope="repository:library/node:pull"';
  const { fetch, requests } = network({
    [MANIFEST]: ({ authorization, accept }) =>
      authorization === 'Bearer t' && accept?.includes('image.index')
        ? new Response(null, { headers: { 'docker-content-digest': DIGEST } })
        : new Response(null, { status: 401, headers: { 'www-authenticate': challenge } }),
    'https://auth.example.com/token?service=r&scope=repository%3Alibrary%2Fnode%3Apull': () =>
      Response.json({ token: 't' }),
  });
  expect(await imageDigest('node:24', fetch)).toBe(DIGEST);
  expect(requests).toHaveLength(3);
});

test.each([
  ['none', new Response(null)],
  ['an unknown image', new Response(null, { status: 404, headers: { 'docker-content-digest': DIGEST } })],
  ['no digest', new Response(null, { headers: { 'docker-content-digest': 'latest' } })],
])('a registry that answers %s pins nothing', async (_, answer) => {
  await expect(imageDigest('node:24', network({ [MANIFEST]: () => answer }).fetch)).rejects.toThrow(/no digest/);
});

test('the checksum of a NuGet package is that of its catalog', async () => {
  const entry = 'https://api.nuget.org/v3/catalog0/data/2026/p.1.0.0.json';
  const packageHash = Buffer.from(SUM, 'hex').toString('base64');
  const { fetch } = network({
    'https://api.nuget.org/v3/registration5-semver1/p/1.0.0.json': () => Response.json({ catalogEntry: entry }),
    [entry]: () => Response.json({ packageHash, packageHashAlgorithm: 'SHA512' }),
  });
  expect(await nugetSha512('p', '1.0.0', fetch)).toBe(SUM);
  await expect(nugetSha512('p', '2.0.0', fetch)).rejects.toThrow('404');
});
