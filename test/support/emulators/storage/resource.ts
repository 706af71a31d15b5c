import type { StoredObject } from './bucket.ts';

/** An object as the JSON API describes it, https://cloud.google.com/storage/docs/json_api/v1/objects#resource */
export function toResource(origin: string, bucket: string, object: StoredObject) {
  const { name, contentType, contentEncoding, metadata, md5, crc32c, bytes } = object;
  const generation = String(object.generation);
  const selfLink = `${origin}/storage/v1/b/${bucket}/o/${encodeURIComponent(name)}`;
  const time = object.created.toISOString();
  return {
    kind: 'storage#object',
    id: `${bucket}/${name}/${generation}`,
    selfLink,
    mediaLink: `${selfLink}?generation=${generation}&alt=media`,
    name,
    bucket,
    generation,
    metageneration: '1',
    contentType,
    contentEncoding,
    metadata: Object.keys(metadata).length > 0 ? metadata : undefined,
    storageClass: 'STANDARD',
    size: String(bytes.length),
    md5Hash: md5,
    crc32c,
    etag: Buffer.from(generation).toString('base64'),
    componentCount: md5 === undefined ? 2 : undefined,
    timeCreated: time,
    updated: time,
  };
}
