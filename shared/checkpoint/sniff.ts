import { RewoundError } from '../errors.ts';

/** Kinds of files people have, told by their first bytes, never by their name. */
type Container = 'onnx' | 'zip' | 'pickle' | 'hdf5' | 'safetensors' | 'html' | 'empty' | 'unknown';

function sniff(bytes: Uint8Array): Container {
  const starts = (...prefix: readonly number[]) => prefix.every((byte, i) => bytes[i] === byte);
  if (bytes.length === 0) return 'empty';
  if (starts(0x50, 0x4b, 3, 4)) return 'zip';
  if (starts(0x80) && bytes[1]! >= 2 && bytes[1]! <= 5) return 'pickle';
  if (starts(0x89, 0x48, 0x44, 0x46)) return 'hdf5';
  // Eight bytes of length, then a JSON object.
  if (bytes[8] === 0x7b && bytes[6] === 0 && bytes[7] === 0) return 'safetensors';
  if (starts(0x3c)) return 'html';
  // An ONNX model begins with its format version: field 1, a small number.
  if (starts(0x08) && bytes[1]! > 0 && bytes[1]! < 64) return 'onnx';
  return 'unknown';
}

const KINDS: Readonly<Record<Exclude<Container, 'onnx' | 'unknown' | 'empty'>, string>> = {
  zip: 'a zip archive, as PyTorch writes them',
  pickle: 'a Python pickle',
  hdf5: 'an HDF5 file, as Keras writes them',
  safetensors: 'a safetensors file: weights without their network',
  html: 'a web page; the download may have failed',
};

/** Throws CHECKPOINT_UNSUPPORTED, saying what the file is, unless it looks like an ONNX model. */
export function requireOnnx(bytes: Uint8Array): void {
  const container = sniff(bytes);
  if (container === 'onnx') return;
  if (container === 'empty') {
    throw new RewoundError('CHECKPOINT_CORRUPT', 'The checkpoint is an empty file.', { help: 'Copy it again.' });
  }
  const what = container === 'unknown' ? 'no ONNX model' : KINDS[container];
  throw new RewoundError('CHECKPOINT_UNSUPPORTED', `The checkpoint is ${what}.`, {
    help: 'Export the generator to ONNX (for PyTorch: torch.onnx.export) and audit that file.',
  });
}
