/**
 * Lists MXNet's RecordIO files of pictures, in which most recognition sets are passed around: `train.rec`, with or
 * without `train.idx`. Records of dmlc-core's recordio.h; the header of a picture is MXNet's IRHeader (image_recordio.h).
 */
import { type Bytes, buffered } from '../bytes.ts';
import { type Entry, type Listing, type Locator, MOST_ENTRIES, MOST_PICTURE, type PassedOver } from '../entry.ts';
import { cutOff, unreadable } from '../faults.ts';
import { isPicture } from '../names.ts';

export const RECORD_MAGIC = 0xced7230a;
const LENGTH_BITS = 29;
const HEADER = 24;
/** Labels of one picture; persons have one, ranges two. */
const MOST_LABELS = 1024;

interface Record {
  /** Ranges of the record's content; several where the magic number occurred in it and cut it. */
  readonly parts: readonly (readonly [number, number])[];
  readonly size: number;
  /** Where the next record begins. */
  readonly next: number;
}

export function listRecordIo(file: Bytes): Listing {
  const source = buffered(file);
  const entries: Entry[] = [];
  const passed: PassedOver[] = [];
  /** Of sets of insightface: where record 0 says that pictures end and persons begin. */
  let lastPicture = Number.POSITIVE_INFINITY;
  for (let at = 0, number = 0; at < source.size; number++) {
    const record = recordAt(source, at);
    at = record.next;
    if (number > MOST_ENTRIES) throw unreadable(`holds more than ${MOST_ENTRIES} records`, 'Split it.');
    const name = String(number).padStart(8, '0');
    const header = record.size >= HEADER ? headOf(source, record) : undefined;
    if (!header) {
      passed.push({ name, reason: 'damaged' });
      continue;
    }
    const { labels, begin } = header;
    if (number === 0 && labels.length === 2) {
      lastPicture = labels[0]! - 1;
      continue;
    }
    // What follows the pictures says which of them are whose, which their own labels say too.
    if (number > lastPicture) continue;
    const size = record.size - begin;
    if (size > MOST_PICTURE) passed.push({ name, reason: 'too-large' });
    else if (size === 0) passed.push({ name, reason: 'empty' });
    else {
      const at = withoutHeader(record, begin);
      const head = contentOf(source, record, begin, Math.min(12, size));
      if (isPicture(head)) entries.push({ name, at, size, label: labelOf(labels[0]!) });
      else passed.push({ name, reason: 'not-a-picture' });
    }
  }
  return { format: 'recordio', entries, passed, tables: [] };
}

/** A float as it is meant: persons are whole numbers. */
function labelOf(label: number): string {
  return String(label);
}

function recordAt(source: Bytes, start: number): Record {
  const parts: [number, number][] = [];
  let size = 0;
  for (let at = start; ; ) {
    if (at + 8 > source.size) throw cutOff();
    const view = viewOf(source.read(at, 8));
    if (view.getUint32(0, true) !== RECORD_MAGIC) throw unreadable('has a damaged record');
    const word = view.getUint32(4, true);
    const [flag, length] = [word >>> LENGTH_BITS, word & (2 ** LENGTH_BITS - 1)];
    if (flag > 3 || (flag === 0 || flag === 1) !== (parts.length === 0)) throw unreadable('has a damaged record');
    if (at + 8 + length > source.size) throw cutOff();
    parts.push([at + 8, length]);
    // The magic number itself stands between parts that were cut.
    size += length + (parts.length > 1 ? 4 : 0);
    at += 8 + Math.ceil(length / 4) * 4;
    if (flag === 0 || flag === 3) return { parts, size, next: at };
  }
}

/** The labels of a record and where its picture begins; undefined where it has no header of a picture. */
function headOf(
  source: Bytes,
  record: Record,
): { readonly labels: readonly number[]; readonly begin: number } | undefined {
  const view = viewOf(contentOf(source, record, 0, HEADER));
  const flag = view.getUint32(0, true);
  if (flag === 0) return { labels: [view.getFloat32(4, true)], begin: HEADER };
  if (flag > MOST_LABELS || record.size < HEADER + 4 * flag) return undefined;
  const labels = viewOf(contentOf(source, record, HEADER, 4 * flag));
  return { labels: Array.from({ length: flag }, (_, i) => labels.getFloat32(4 * i, true)), begin: HEADER + 4 * flag };
}

/** Bytes of a record's content, its parts joined by the magic number. */
function contentOf(source: Bytes, { parts }: Pick<Record, 'parts'>, start: number, length: number): Uint8Array {
  if (parts.length === 1) return source.read(parts[0]![0] + start, length);
  return joined(source, parts).subarray(start, start + length);
}

/** Ranges that were cut at the magic number, as they were before. */
export function joined(source: Bytes, parts: readonly (readonly [number, number])[]): Uint8Array {
  const magic = Buffer.alloc(4);
  magic.writeUInt32LE(RECORD_MAGIC);
  return Buffer.concat(parts.flatMap(([start, length], i) => [...(i > 0 ? [magic] : []), source.read(start, length)]));
}

/** Where the picture is. Of a cut record `start` counts from its first byte, and `parts` are its ranges. */
function withoutHeader({ parts, size }: Record, begin: number): Locator {
  if (parts.length === 1) return { start: parts[0]![0] + begin, length: size - begin };
  return {
    start: begin,
    length: size - begin,
    parts: parts.map(([start, length]): [number, number] => [start, length]),
  };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
