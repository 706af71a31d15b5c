/** Tells what kind of file a checkpoint is. */
import { RewoundError } from '../../errors.ts';
import type { ByteSource } from './source.ts';

/** What is told by a file's first bytes (and its last one), never by its name. */
type Kind = 'onnx' | 'zip' | 'pickle' | 'hdf5' | 'safetensors' | Mistaken | 'empty' | 'unknown';
/** What lands in the place of a checkpoint by mistake. */
type Mistaken = 'html' | 'json' | 'gzip' | 'lfs';

function sniff(bytes: Uint8Array, last: number | undefined): Kind {
  const starts = (...prefix: readonly number[]) => prefix.every((byte, i) => bytes[i] === byte);
  if (bytes.length === 0) return 'empty';
  if (starts(0x50, 0x4b, 3, 4)) return 'zip';
  if (starts(0x80) && bytes[1]! >= 2 && bytes[1]! <= 5) return 'pickle';
  // Protocols 0 and 1 do not name themselves: a mark, a container or a global, and STOP at the end.
  if (last === 0x2e && '(]})c'.includes(String.fromCharCode(bytes[0]!))) return 'pickle';
  if (starts(0x89, 0x48, 0x44, 0x46)) return 'hdf5';
  // Eight bytes of length, then a JSON object.
  if (bytes[8] === 0x7b && bytes[6] === 0 && bytes[7] === 0) return 'safetensors';
  if (starts(0x1f, 0x8b)) return 'gzip';
  const text = String.fromCharCode(...bytes);
  if (text.startsWith('version https://git-lfs')) return 'lfs';
  const [first = ''] = text.trimStart();
  if (first === '<') return 'html';
  if (first === '{' || first === '[') return 'json';
  // An ONNX model begins with its format version: field 1, a small number.
  if (starts(0x08) && bytes[1]! > 0 && bytes[1]! < 64) return 'onnx';
  return 'unknown';
}

const HELP: Readonly<Partial<Record<Kind, string>>> = {
  html: 'Download the file itself: follow the link on the page, or sign in where the site asks for it.',
  json: 'Read what it says, and download the file itself. An index of several files is no checkpoint by itself.',
  gzip: 'Unpack it with "gunzip FILE" (of a .tar.gz with "tar -xzf FILE"), and give what is in it.',
  lfs: 'Fetch the file with "git lfs pull" in its repository, and try again.',
};

const HEAD_BYTES = 64;

/**
 * Whether a file is a model that can be run as it is, or a checkpoint of weights.
 *
 * @throws CHECKPOINT_CORRUPT for an empty file, CHECKPOINT_UNSUPPORTED for what is neither, saying what it is.
 */
export function kindOf(file: ByteSource): 'model' | 'weights' {
  const last = file.size > 0 ? file.read(file.size - 1, 1)[0] : undefined;
  const kind = sniff(file.read(0, Math.min(HEAD_BYTES, file.size)), last);
  if (kind === 'onnx') return 'model';
  if (kind === 'zip' || kind === 'pickle' || kind === 'safetensors') return 'weights';
  if (kind === 'empty') {
    throw new RewoundError('CHECKPOINT_CORRUPT', 'The checkpoint is an empty file.', { help: 'Copy it again.' });
  }
  const what = {
    hdf5: 'an HDF5 file, as Keras writes them',
    html: 'a web page; the download may have failed',
    json: 'a text in JSON, such as the answer of a server; the download may have failed',
    gzip: 'compressed with gzip',
    lfs: 'a pointer of Git LFS and not the file itself',
    unknown: 'neither an ONNX model nor a checkpoint of PyTorch, NVlabs or safetensors',
  }[kind];
  throw new RewoundError('CHECKPOINT_UNSUPPORTED', `The checkpoint is ${what}.`, {
    help:
      HELP[kind] ??
      'docs/checkpoints.md lists what is read. Anything else: export the generator to ONNX and audit that file.',
  });
}
