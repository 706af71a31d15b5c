/** Writes small archives of pictures for tests, in every format that is read. */
import { createHash } from 'node:crypto';
import { crc32, deflateRawSync, gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';

export interface ArchivedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Bytes that begin as a JPEG does and are told from others by what follows. */
export function pictureOf(content: string, length = 40): Uint8Array {
  const bytes = new Uint8Array(Math.max(length, 16));
  bytes.set([0xff, 0xd8, 0xff, 0xe0]);
  const digest = createHash('sha512').update(content).digest();
  for (let i = 4; i < bytes.length; i++) bytes[i] = digest[i % digest.length]!;
  return bytes;
}

export interface ZipOptions {
  readonly deflate?: boolean;
  readonly flags?: number;
  readonly method?: number;
  readonly comment?: string;
  /** Names as these bytes, in place of UTF-8. */
  readonly encode?: (name: string) => Uint8Array;
}

export function zipOf(files: readonly ArchivedFile[], options: ZipOptions = {}): Buffer {
  const { deflate = false, flags = 0x800, comment = '', encode = (name) => Buffer.from(name) } = options;
  const parts: Buffer[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const { name, bytes } of files) {
    const encoded = Buffer.from(encode(name));
    const packed = deflate ? deflateRawSync(bytes) : Buffer.from(bytes);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(flags, 6);
    local.writeUInt16LE(options.method ?? (deflate ? 8 : 0), 8);
    local.writeUInt32LE(crc32(bytes), 14);
    local.writeUInt32LE(packed.length, 18);
    local.writeUInt32LE(bytes.length, 22);
    local.writeUInt16LE(encoded.length, 26);
    const head = Buffer.alloc(46);
    head.writeUInt32LE(0x02014b50, 0);
    local.copy(head, 8, 6, 30);
    head.writeUInt32LE(at, 42);
    head.writeUInt16LE(0, 30);
    head.writeUInt16LE(encoded.length, 28);
    central.push(head, encoded);
    parts.push(local, encoded, packed);
    at += 30 + encoded.length + packed.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length & 0xffff, 8);
  end.writeUInt16LE(files.length & 0xffff, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...parts, directory, end, Buffer.from(comment)]);
}

function tarBlock(name: Uint8Array, size: number, type: string): Buffer {
  const block = Buffer.alloc(512);
  Buffer.from(name).copy(block, 0, 0, 100);
  block.write('0000644\0', 100);
  block.write('0000000\0', 108);
  block.write('0000000\0', 116);
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  block.write('00000000000\0', 136);
  block.write('        ', 148);
  block.write(type, 156);
  block.write('ustar\x0000', 257, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

function padded(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

/** A tar member of any type; names beyond 100 bytes come before it, as pax records or in the way of GNU tar. */
export function tarMember(name: string | Uint8Array, bytes: Uint8Array, { type = '0', gnu = false } = {}): Buffer {
  const encoded = Buffer.from(name);
  const parts: Buffer[] = [];
  if (encoded.length > 100 && gnu) {
    const long = Buffer.concat([encoded, Buffer.alloc(1)]);
    parts.push(tarBlock(Buffer.from('././@LongLink'), long.length, 'L'), padded(long));
  } else if (encoded.length > 100) {
    const line = (length: number) => Buffer.concat([Buffer.from(`${length} path=`), encoded, Buffer.from('\n')]);
    let length = encoded.length;
    while (line(length).length !== length) length = line(length).length;
    parts.push(tarBlock(Buffer.from('pax'), length, 'x'), padded(line(length)));
  }
  return Buffer.concat([...parts, tarBlock(encoded, bytes.length, type), padded(bytes)]);
}

export function tarOf(files: readonly ArchivedFile[], options: { readonly gnu?: boolean } = {}): Buffer {
  return Buffer.concat([...files.map(({ name, bytes }) => tarMember(name, bytes, options)), Buffer.alloc(1024)]);
}

export function tarGzOf(files: readonly ArchivedFile[]): Buffer {
  return gzipSync(tarOf(files));
}

const MAGIC = Buffer.from([0x0a, 0x23, 0xd7, 0xce]);

/** Records of dmlc-core: cut where the magic number stands in them at a multiple of four. */
function record(content: Buffer): Buffer {
  const cuts: number[] = [];
  for (let at = 0; at + 4 <= content.length; at += 4) if (content.subarray(at, at + 4).equals(MAGIC)) cuts.push(at);
  const bounds = [0, ...cuts.map((cut) => cut + 4)];
  const pieces = bounds.map((begin, i) => content.subarray(begin, cuts[i] ?? content.length));
  return Buffer.concat(
    pieces.map((piece, i) => {
      const flag = pieces.length === 1 ? 0 : i === 0 ? 1 : i === pieces.length - 1 ? 3 : 2;
      const head = Buffer.alloc(8);
      MAGIC.copy(head);
      head.writeUInt32LE(flag * 2 ** 29 + piece.length, 4);
      return Buffer.concat([head, piece, Buffer.alloc((4 - (piece.length % 4)) % 4)]);
    }),
  );
}

function imageRecord(labels: readonly number[], id: number, picture: Uint8Array): Buffer {
  const head = Buffer.alloc(24 + (labels.length > 1 ? 4 * labels.length : 0));
  head.writeUInt32LE(labels.length > 1 ? labels.length : 0, 0);
  if (labels.length === 1) head.writeFloatLE(labels[0]!, 4);
  else for (const [i, label] of labels.entries()) head.writeFloatLE(label, 24 + 4 * i);
  head.writeBigUInt64LE(BigInt(id), 8);
  return record(Buffer.concat([head, picture]));
}

export interface Labelled extends ArchivedFile {
  readonly label: number;
}

/** A set as insightface makes them: record 0 says where pictures end, and the persons' ranges follow them. */
export function recordIoOf(pictures: readonly Labelled[], { withPersons = true } = {}): Buffer {
  if (!withPersons) return Buffer.concat(pictures.map(({ label, bytes }, i) => imageRecord([label], i, bytes)));
  const people = [...new Set(pictures.map(({ label }) => label))];
  const first = pictures.length + 1;
  return Buffer.concat([
    imageRecord([first, first + people.length], 0, new Uint8Array()),
    ...pictures.map(({ label, bytes }, i) => imageRecord([label], i + 1, bytes)),
    ...people.map((_, i) => imageRecord([i, i + 1], first + i, new Uint8Array())),
  ]);
}

/** A table as Hugging Face writes it: a struct of pictures, and the class of each with its name in the metadata. */
export function parquetOf(
  pictures: readonly Labelled[],
  { column = 'label', names = [] as readonly string[] } = {},
): Buffer {
  const features = { image: { _type: 'Image' }, [column]: { _type: 'ClassLabel', names } };
  const buffer = parquetWriteBuffer({
    columnData: [
      { name: 'image', data: pictures.map(({ name, bytes }) => ({ bytes, path: name })) },
      { name: column, data: pictures.map(({ label }) => BigInt(label)) },
    ],
    schema: [
      { name: 'root', num_children: 2 },
      { name: 'image', num_children: 2, repetition_type: 'OPTIONAL' },
      { name: 'bytes', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' },
      { name: 'path', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
      { name: column, type: 'INT64', repetition_type: 'OPTIONAL' },
    ],
    kvMetadata: [{ key: 'huggingface', value: JSON.stringify({ info: { features } }) }],
    rowGroupSize: 10,
  });
  return Buffer.from(buffer);
}
