import { loadCheckpoint } from '../../../shared/checkpoint/formats/load.ts';
import { type PlainValue, type SavedModule, stateDictOf } from '../../../shared/checkpoint/formats/saved-module.ts';
import { bytesSource } from '../../../shared/checkpoint/formats/source.ts';
import type { CheckpointTensor } from '../../../shared/checkpoint/formats/tensor.ts';
import { RewoundError } from '../../../shared/errors.ts';

/** What came of a file: 'read', or the code of the error. Throws whatever else the reader does. */
export type Outcome = 'read' | `CHECKPOINT_${string}`;

/** Reads a checkpoint and everything in it: each weight, each setting. */
export function readAll(bytes: Uint8Array): Outcome {
  return outcomeOf(() => {
    const loaded = loadCheckpoint(bytesSource(bytes));
    for (const tensors of loaded.stateDicts.values()) for (const tensor of tensors.values()) check(tensor);
    for (const network of loaded.modules.values()) walk(network);
    for (const value of loaded.settings.values()) print(value);
    for (const { global, offset } of loaded.findings) {
      if (!Number.isSafeInteger(offset) || !/^[ -~]*$/.test(global)) throw new Error('A finding is none.');
    }
  });
}

/** What came of reading: throws whatever is no refusal by its code. */
export function outcomeOf(read: () => void): Outcome {
  try {
    read();
    return 'read';
  } catch (error) {
    if (error instanceof RewoundError && isOutcome(error.code)) return error.code;
    throw error;
  }
}

function isOutcome(code: string): code is `CHECKPOINT_${string}` {
  return code.startsWith('CHECKPOINT_');
}

function walk(network: SavedModule): void {
  for (const value of network.attributes.values()) print(value);
  for (const child of network.modules.values()) walk(child);
  for (const tensor of stateDictOf(network).values()) check(tensor);
}

/** What a tensor gives has its shape and is finite, or it is refused. */
function check(tensor: CheckpointTensor): void {
  outcomeOf(() => {
    const floats = tensor.floats();
    const count = tensor.shape.reduce((product, size) => product * size, 1);
    if (floats.length !== count || !floats.every(Number.isFinite)) throw new Error('A tensor is not what it says.');
  });
}

function print(value: PlainValue): void {
  JSON.stringify(value, (_, part) => (part instanceof Map ? [...part] : part));
}
