/** Asks registries of container images, and NuGet, for the digests of what they hold. */
import { z } from 'zod';

const INDEXES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');
const NUGET = 'https://api.nuget.org/v3/registration5-semver1';
/** The package that onnxruntime-node's install script takes its libraries for CUDA from. */
export const PROVIDER = 'microsoft.ml.onnxruntime.gpu.linux';

type Fetch = (url: string, init?: { method?: string; headers?: Record<string, string> }) => Promise<Response>;

/**
 * `node:24` of Docker Hub is `registry-1.docker.io`, `library/node`, `24`.
 * @internal
 */
export function imageAddress(name: string): { host: string; repository: string; tag: string } {
  const [, path = '', tag = ''] = /^(.+):([^:/]+)$/.exec(name) ?? [];
  const parts = path.split('/');
  const [first = ''] = parts;
  if (parts.length > 1 && /[.:]/.test(first)) return { host: first, repository: parts.slice(1).join('/'), tag };
  return { host: 'registry-1.docker.io', repository: parts.length > 1 ? path : `library/${path}`, tag };
}

/** The digest of what an image's tag names today: of all its systems together, where it has several. */
export async function imageDigest(name: string, fetch: Fetch): Promise<string> {
  const { host, repository, tag } = imageAddress(name);
  const url = `https://${host}/v2/${repository}/manifests/${tag}`;
  const ask = (headers: Record<string, string>) =>
    fetch(url, { method: 'HEAD', headers: { accept: INDEXES, ...headers } });
  let answer = await ask({});
  if (answer.status === 401) {
    // Public images are for everybody, who still needs a token: https://distribution.github.io/distribution/spec/auth/token/
    answer = await ask({ authorization: `Bearer ${await token(answer.headers.get('www-authenticate') ?? '', fetch)}` });
  }
  const digest = answer.headers.get('docker-content-digest') ?? '';
  if (!answer.ok || !/^sha256:[0-9a-f]{64}$/.test(digest)) throw new Error(`${url}: ${answer.status}, no digest`);
  return digest;
}

async function token(challenge: string, fetch: Fetch): Promise<string> {
  const said = new Map([...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value ?? '']));
  const url = new URL(said.get('realm') ?? '');
  if (url.protocol !== 'https:') throw new Error(`${url.host}: gives tokens without encryption`);
  for (const name of ['service', 'scope']) url.searchParams.set(name, said.get(name) ?? '');
  const answer = await fetch(url.href);
  const { token, access_token } = z
    .object({ token: z.string().optional(), access_token: z.string().optional() })
    .parse(await answer.json());
  return token ?? access_token ?? '';
}

/** SHA-512 of a NuGet package as its catalog states it: https://learn.microsoft.com/en-us/nuget/api/catalog-resource */
export async function nugetSha512(id: string, version: string, fetch: Fetch): Promise<string> {
  const json = async (url: string): Promise<unknown> => {
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
    return answer.json();
  };
  const leaf = z.object({ catalogEntry: z.url() }).parse(await json(`${NUGET}/${id}/${version}.json`));
  const { packageHash } = z
    .object({ packageHash: z.base64(), packageHashAlgorithm: z.literal('SHA512') })
    .parse(await json(leaf.catalogEntry));
  return Buffer.from(packageHash, 'base64').toString('hex');
}
