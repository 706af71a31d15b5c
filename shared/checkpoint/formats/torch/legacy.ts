/** Reads torch's files from before zip archives. */
import { corrupt, unsupported } from '../faults.ts';
import { bytesInMemory, itemsOf, textOf } from '../pickle/arguments.ts';
import { findGlobal } from '../pickle/globals.ts';
import { Latin1Source } from '../pickle/latin1.ts';
import { Machine } from '../pickle/machine.ts';
import type { Reading } from '../pickle/reading.ts';
import { type Bytes, Dict, Misfit, type PickleValue } from '../pickle/values.ts';
import type { ByteSource } from '../source.ts';
import { Storages } from './persistent.ts';

/** The first pickle of torch's own format before zip archives: a number of ten bytes, then STOP. */
export const LEGACY_MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;
/** Any number of files within files would be read one within the other. */
const MAX_DEPTH = 1;

/**
 * Reads a file of torch < 1.6 (or of a later one, if asked): pickles of a magic number, a version, facts of the machine,
 * the object and the keys of its storages, then each storage with its length before it (torch/serialization.py,
 * _legacy_save). Such files also lie within NVlabs' pickles, one for each storage.
 */
export class LegacyReader {
  private readonly source: ByteSource;
  private readonly reading: Reading;
  private readonly depth: number;
  /** A file within the file is read once, however often it is asked for. */
  private readonly nested = new Map<Bytes, PickleValue>();

  constructor(source: ByteSource, reading: Reading, depth = 0) {
    this.source = source;
    this.reading = reading;
    this.depth = depth;
  }

  /** The object of the legacy file that is the part of the source from `begin` to `end`. */
  read(begin: number, end: number): PickleValue {
    const storages = new Storages();
    let at = begin;
    const next = (): PickleValue => {
      const pickle = this.pickle(at, end, storages);
      at = pickle.end;
      return pickle.value;
    };
    if (next() !== LEGACY_MAGIC) throw corrupt('it does not begin as a PyTorch file');
    if (next() !== PROTOCOL) throw unsupported('The checkpoint is of a PyTorch older than 0.2.', SAVE_AGAIN);
    const facts = next();
    if (!(facts instanceof Dict) || facts.entries.get('little_endian') !== true) {
      throw unsupported('The checkpoint is of a big-endian machine.', SAVE_AGAIN);
    }
    const object = next();
    try {
      const keys = itemsOf(next(), 'the list of storages').map((key) => textOf(key, 'the key of a storage'));
      for (const key of keys) at = this.place(storages, key, at, end);
    } catch (cause) {
      if (cause instanceof Misfit) throw corrupt(cause.message, cause);
      throw cause;
    }
    if (at !== end) throw corrupt(`there are ${end - at} bytes after its last storage`);
    return object;
  }

  /** The one pickle from `begin`, and where it ends. */
  pickle(begin: number, end: number, storages: Storages) {
    return Machine.run(this.source, begin, end, {
      reading: this.reading,
      globals: findGlobal,
      persistent: (id) => storages.resolve(id),
      torchFile: (bytes) => this.within(bytes),
    });
  }

  /** Puts the storage at `at`, and returns where the next one is. */
  private place(storages: Storages, key: string, at: number, end: number): number {
    const storage = storages.byKey.get(key);
    const size = storage?.byteLength ?? storages.otherSizes.get(key);
    if (size === undefined || end - at < 8) throw corrupt('its storages are not those that its tensors use');
    const header = this.source.read(at, 8);
    const length = new DataView(header.buffer, header.byteOffset, 8).getBigInt64(0, true);
    if (storage && length !== BigInt(storage.length)) throw corrupt('a storage is not as long as its tensors say');
    const next = at + 8 + size;
    if (next > end) throw corrupt('it ends within a storage');
    storage?.put({ size: end, open: () => this.source }, at + 8);
    return next;
  }

  private within(bytes: Bytes): PickleValue {
    if (this.depth === MAX_DEPTH) throw new Misfit('a file within the file holds another one');
    const known = this.nested.get(bytes);
    if (known !== undefined) return known;
    // Decoded once, rather than for each range that is read.
    const { source, offset, length } = bytes.source instanceof Latin1Source ? bytesInMemory(bytes.read()) : bytes;
    const value = new LegacyReader(source, this.reading, this.depth + 1).read(offset, offset + length);
    this.nested.set(bytes, value);
    return value;
  }
}

const SAVE_AGAIN = 'Load and save it with a current PyTorch, on the machine it came from.';
