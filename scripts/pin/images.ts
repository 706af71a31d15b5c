/** Container images in the files of a build: which are not named by digest, and the same file with their digests. */

/** `FROM` of a Dockerfile, and the image of a step of Cloud Build. Names of stages and steps hold no slash, dot or colon. */
const PLACES = /^(FROM\s+|\s+name:\s+)([^\s@:]+:[^\s@]+)(@sha256:[0-9a-f]{64})?(?=\s|$)/gm;
/** A checksum that a Dockerfile compares what it downloads with. */
const CHECKSUM = /^(ARG PROVIDER_SHA512=)(.*)$/gm;

export interface Digests {
  /** The digest of an image, `sha256:…`, by its name and tag. */
  image(name: string): Promise<string>;
  /** SHA-512 of the package that holds the libraries for CUDA, in hexadecimal. */
  provider(): Promise<string>;
}

/** What a file names without a digest. */
export function unpinned(text: string): string[] {
  const images = [...text.matchAll(PLACES)].filter(([, , , digest]) => digest === undefined);
  const sums = [...text.matchAll(CHECKSUM)].filter(([, , sum]) => !/^[0-9a-f]{128}$/.test(sum ?? ''));
  return [...images.map(([, , name]) => name!), ...sums.map(() => 'the libraries for CUDA (PROVIDER_SHA512)')];
}

/** The file with the digests of today. */
export async function pinned(text: string, digests: Digests): Promise<string> {
  let result = text;
  for (const name of new Set([...text.matchAll(PLACES)].map(([, , name]) => name!))) {
    const digest = await digests.image(name);
    result = result.replace(PLACES, (whole, before: string, found: string) =>
      found === name ? `${before}${name}@${digest}` : whole,
    );
  }
  if (text.search(CHECKSUM) === -1) return result;
  const sum = await digests.provider();
  return result.replace(CHECKSUM, (_, before: string) => `${before}${sum}`);
}
