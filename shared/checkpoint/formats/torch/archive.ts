/** Reads torch's zip archives. */
import { corrupt, unsafe, unsupported } from '../faults.ts';
import { latin1 } from '../pickle/cursor.ts';
import { findGlobal } from '../pickle/globals.ts';
import { Machine } from '../pickle/machine.ts';
import type { Reading } from '../pickle/reading.ts';
import { Misfit, type PickleValue } from '../pickle/values.ts';
import type { ByteSource } from '../source.ts';
import { Storages } from './persistent.ts';
import { readZip, type ZipEntry } from './zip.ts';

const PICKLE = 'data.pkl';
/**
 * Bytes of a pickle that is compressed: those of a hundred thousand tensors have twenty million, and the steps that a
 * pickle may take (`LIMITS`) end before this. One that is stored, as torch does, is read through a window.
 */
const MOST_PICKLE = 2 ** 25;

/**
 * Reads a file of torch >= 1.6: a zip archive with the object in `<root>/data.pkl` and each storage as the entry
 * `<root>/data/<key>` (torch/serialization.py, _save).
 */
export function readTorchArchive(source: ByteSource, reading: Reading): PickleValue {
  const entries = readZip(source);
  const pickles = [...entries.values()].filter(({ name }) => name === PICKLE || name.endsWith(`/${PICKLE}`));
  const [pickle] = pickles;
  if (!pickle) {
    throw unsupported(
      'The checkpoint is a zip archive, but not one of PyTorch.',
      'If it is an archive of files, unpack it.',
    );
  }
  if (pickles.length > 1) throw unsafe('The checkpoint is a zip archive with several data.pkl.');
  const root = pickle.name.slice(0, -PICKLE.length);
  if (entries.has(`${root}constants.pkl`)) {
    throw unsupported(
      'The checkpoint is a TorchScript program.',
      'Save the state dict of the network: torch.save(network.state_dict(), path).',
    );
  }
  requireLittleEndian(entries.get(`${root}byteorder`));

  // By its place in the file, where it has one, for offsets to be those of the file.
  const contents = pickle.checked(MOST_PICKLE);
  const [place, begin] = pickle.stored === undefined ? [contents, 0] : [source, pickle.stored];
  const last = begin + contents.size;
  const storages = new Storages();
  const { value, end } = Machine.run(place, begin, last, {
    reading,
    globals: findGlobal,
    persistent: (id) => storages.resolve(id),
    torchFile() {
      throw new Misfit('a zip archive holds a file within a file');
    },
  });
  if (end !== last) throw corrupt('there is something after the end of its pickle');
  for (const [key, storage] of storages.byKey) {
    const entry = entries.get(`${root}data/${key}`);
    if (!entry) throw corrupt('a storage is missing');
    storage.put({ size: entry.size, open: () => entry.open(storage.byteLength) });
  }
  return value;
}

function requireLittleEndian(entry: ZipEntry | undefined): void {
  if (!entry) return;
  if (entry.size > 16 || latin1(entry.checked(entry.size).read(0, entry.size)) !== 'little') {
    throw unsupported(
      'The checkpoint is of a big-endian machine.',
      'Load and save it with a current PyTorch, on the machine it came from.',
    );
  }
}
