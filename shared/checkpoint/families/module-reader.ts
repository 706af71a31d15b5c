/** Reads the settings and tensors of one network, and says by name what is missing. */
import { RewoundError } from '../../errors.ts';
import type { PlainValue, SavedModule } from '../formats/saved-module.ts';
import type { CheckpointTensor, StateDict } from '../formats/tensor.ts';

/** What was found, for a sentence: never longer than a line. */
export function shown(value: PlainValue | undefined): string {
  if (value === undefined) return 'missing';
  if (value instanceof Map) return 'a dictionary';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}

export function damaged(message: string): RewoundError {
  return new RewoundError('CHECKPOINT_CORRUPT', message, {
    help: 'Copy the checkpoint again; if it stays so, it was made by a program Rewound does not know.',
  });
}

export function unsupported(message: string): RewoundError {
  return new RewoundError('CHECKPOINT_UNSUPPORTED', message, {
    help: 'Export the generator to ONNX (for PyTorch: torch.onnx.export) and audit that file.',
  });
}

/** Reads the settings and tensors of one network, and says by name what is missing in it or unlike what is known. */
export class ModuleReader {
  readonly record: SavedModule;
  /** Where it is, e.g. 'synthesis.input'. */
  readonly path: string;

  constructor(record: SavedModule, path: string) {
    this.record = record;
    this.path = path;
  }

  name(of: string): string {
    return this.path === '' ? of : `${this.path}.${of}`;
  }

  child(name: string): ModuleReader {
    const child = this.optionalChild(name);
    if (!child) throw damaged(`The network has no "${this.name(name)}".`);
    return child;
  }

  optionalChild(name: string): ModuleReader | undefined {
    const record = this.record.modules.get(name);
    return record && new ModuleReader(record, this.name(name));
  }

  number(name: string): number {
    const value = this.record.attributes.get(name);
    if (typeof value !== 'number' || !Number.isFinite(value)) throw this.refused(name, 'a number');
    return value;
  }

  whole(name: string, least: number, greatest: number): number {
    const value = this.number(name);
    if (!Number.isInteger(value) || value < least || value > greatest) {
      throw this.refused(name, `a whole number from ${least} to ${greatest}`);
    }
    return value;
  }

  flag(name: string): boolean {
    const value = this.record.attributes.get(name);
    if (typeof value !== 'boolean') throw this.refused(name, 'true or false');
    return value;
  }

  numbers(name: string, count: number): readonly number[] {
    const value = this.record.attributes.get(name);
    if (!Array.isArray(value) || value.length !== count) throw this.refused(name, `${count} numbers`);
    return value.map((item: PlainValue) => {
      if (typeof item !== 'number' || !Number.isFinite(item)) throw this.refused(name, `${count} numbers`);
      return item;
    });
  }

  strings(name: string): readonly string[] {
    const value = this.record.attributes.get(name);
    if (!Array.isArray(value)) throw this.refused(name, 'a list of names');
    return value.map((item: PlainValue) => {
      if (typeof item !== 'string') throw this.refused(name, 'a list of names');
      return item;
    });
  }

  /** One of the values that are known. */
  oneOf<T extends PlainValue>(name: string, known: readonly T[]): T {
    const value = this.record.attributes.get(name);
    const found = known.find((item) => item === value);
    if (found === undefined) throw this.refused(name, known.map(shown).join(' or '));
    return found;
  }

  /** The error for a setting that is not as it must be. */
  refused(name: string, wanted: string): RewoundError {
    const value = this.record.attributes.get(name);
    return unsupported(`The network's "${this.name(name)}" is ${shown(value)}; Rewound knows ${wanted}.`);
  }

  parameter(name: string, shape?: readonly number[]): CheckpointTensor {
    return this.tensor(this.record.parameters, name, shape);
  }

  /** A parameter, or the buffer that training makes of one that it freezes. */
  weight(name: string, shape?: readonly number[]): CheckpointTensor {
    const { parameters, buffers } = this.record;
    return this.tensor(parameters.has(name) ? parameters : buffers, name, shape);
  }

  buffer(name: string, shape?: readonly number[]): CheckpointTensor {
    return this.tensor(this.record.buffers, name, shape);
  }

  private tensor(from: StateDict, name: string, shape: readonly number[] | undefined): CheckpointTensor {
    const tensor = from.get(name);
    if (!tensor) throw damaged(`The network has no tensor "${this.name(name)}".`);
    if (shape && (shape.length !== tensor.shape.length || shape.some((extent, i) => extent !== tensor.shape[i]))) {
      throw damaged(
        `The tensor "${this.name(name)}" is [${tensor.shape}] where the settings beside it ask for [${shape}].`,
      );
    }
    return tensor;
  }
}

/** Trained numbers in a network and in all it consists of; what is shared is counted once. */
export function parameterCount(network: SavedModule): number {
  const tensors = new Set<CheckpointTensor>();
  const seen = new Set<SavedModule>();
  const visit = (record: SavedModule): void => {
    if (seen.has(record)) return;
    seen.add(record);
    for (const tensor of record.parameters.values()) tensors.add(tensor);
    for (const child of record.modules.values()) visit(child);
  };
  visit(network);
  let count = 0;
  for (const { shape } of tensors) count += shape.reduce((product, extent) => product * extent, 1);
  return count;
}
