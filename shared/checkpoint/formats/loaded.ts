/** Describes what a checkpoint holds, whatever its container. */
import type { PlainValue, SavedModule } from './saved-module.ts';
import type { StateDict } from './tensor.ts';

/** A name of Python code met in a checkpoint. None is ever looked up; a refused one stands for nothing at all. */
export interface Finding {
  readonly global: string;
  /** Of the byte in the file that asks for it. */
  readonly offset: number;
  readonly refused: boolean;
}

/** What a checkpoint holds, whatever its container; which architecture it is, others tell. */
export interface LoadedCheckpoint {
  /** 'torch zip', 'torch legacy', 'NVlabs pickle', 'TensorFlow StyleGAN pickle', 'safetensors' or 'pickle'. */
  readonly container: string;
  /** Networks by their key in the file: 'G_ema', 'G', 'D'. */
  readonly modules: ReadonlyMap<string, SavedModule>;
  /** State dicts by their path in the file: '' for the whole file, 'g_ema', 'state_dict', 'model.generator'. */
  readonly stateDicts: ReadonlyMap<string, StateDict>;
  /** Plain settings beside the weights, such as training options. */
  readonly settings: ReadonlyMap<string, PlainValue>;
  /** Names of code in the file, refused or taken as inert. Reading goes on past a refused one unless it is needed. */
  readonly findings: readonly Finding[];
}
