/** Reads a checkpoint of any container without running code that it names. */
import { type Contents, contentsOf } from './contents.ts';
import { corrupt, unsafe, unsupported } from './faults.ts';
import type { Finding, LoadedCheckpoint } from './loaded.ts';
import { Reading } from './pickle/reading.ts';
import type { PickleValue } from './pickle/values.ts';
import { loadSafetensors } from './safetensors.ts';
import { type PlainValue, stateDictOf } from './saved-module.ts';
import { type ByteSource, buffered } from './source.ts';
import { readTorchArchive } from './torch/archive.ts';
import { LEGACY_MAGIC, LegacyReader } from './torch/legacy.ts';
import { Storages } from './torch/persistent.ts';

/** Longer than any beginning by which a container is told. */
const HEAD = 16;

const TENSORFLOW = 'TensorFlow StyleGAN pickle';

/**
 * Reads a checkpoint of weights without running any code it names: pickles of PyTorch (zip archives and the older
 * format), of NVlabs' StyleGANs (PyTorch and TensorFlow), and safetensors. The container is told by its content.
 *
 * Weights are not read before they are asked for, from `source`, which must stay open until then.
 *
 * @throws CHECKPOINT_CORRUPT, CHECKPOINT_UNSUPPORTED, or CHECKPOINT_UNSAFE where there is nothing but code to be run.
 */
export function loadCheckpoint(source: ByteSource): LoadedCheckpoint {
  const file = buffered(source);
  const head = file.read(0, Math.min(HEAD, file.size));
  if (isSafetensors(head)) return loadSafetensors(file);
  const reading = new Reading();
  const { container, value } = readPickles(file, head, reading);
  const contents = contentsOf(value);
  const { findings } = reading;
  if (contents.modules.size === 0 && contents.stateDicts.size === 0) throw nothingIn(container, findings);
  if (container === 'pickle') {
    const kind = pickleKind(contents);
    const settings = kind === TENSORFLOW ? new Map([...contents.settings, ...builtWith(contents)]) : contents.settings;
    return { container: kind, ...contents, settings, findings };
  }
  // PyTorch's own files hold state dicts; a network saved whole is one as well.
  const stateDicts = new Map(contents.stateDicts);
  for (const [path, network] of contents.modules) stateDicts.set(path, stateDictOf(network));
  return { container, ...contents, stateDicts, findings };
}

interface Read {
  readonly container: 'torch zip' | 'torch legacy' | 'pickle';
  readonly value: PickleValue;
}

function readPickles(file: ByteSource, head: Uint8Array, reading: Reading): Read {
  if (isZip(head)) return { container: 'torch zip', value: readTorchArchive(file, reading) };
  const legacy = new LegacyReader(file, reading);
  const { value, end } = legacy.pickle(0, file.size, new Storages());
  if (value === LEGACY_MAGIC) return { container: 'torch legacy', value: legacy.read(0, file.size) };
  if (end !== file.size) throw corrupt(`there is something after the end of its pickle, at byte ${end}`);
  return { container: 'pickle', value };
}

/** Which tool wrote a bare pickle, by what is in it. */
function pickleKind({ modules }: Contents): string {
  const classes = [...modules.values()].map(({ className }) => className);
  if (classes.length === 0) return 'pickle';
  return classes.includes('Network') ? TENSORFLOW : 'NVlabs pickle';
}

/** Files of TensorFlow's have no settings beside their networks, only within. */
function builtWith({ modules }: Contents): [string, PlainValue][] {
  return [...modules].flatMap(([name, { attributes }]): [string, PlainValue][] => {
    const settings = attributes.get('static_kwargs');
    return settings instanceof Map && settings.size > 0 ? [[name, settings]] : [];
  });
}

function nothingIn(container: string, findings: readonly Finding[]) {
  const refused = findings.filter((finding) => finding.refused);
  if (refused.length === 0) {
    return unsupported(
      `The checkpoint (${container}) holds no weights.`,
      'Save the state dict of the generator: torch.save(generator.state_dict(), path).',
    );
  }
  const names = refused.slice(0, 5).map(({ global, offset }) => `${global} (byte ${offset})`);
  return unsafe(
    `The checkpoint (${container}) holds no weights, only code to be run: ${names.join(', ')}${refused.length > 5 ? ' ...' : ''}.`,
  );
}

function isZip(head: Uint8Array): boolean {
  return head[0] === 0x50 && head[1] === 0x4b && head[2] === 3 && head[3] === 4;
}

/** Eight bytes with a length below 2^48, then a JSON object. */
function isSafetensors(head: Uint8Array): boolean {
  return head[6] === 0 && head[7] === 0 && head[8] === 0x7b;
}
