import type { StateDict } from './tensor.ts';

/** A plain setting of a network or of its training. Arrays and numpy values are numbers and nested lists. */
export type PlainValue = null | boolean | number | string | readonly PlainValue[] | ReadonlyMap<string, PlainValue>;

/** A network whose file holds the objects themselves, not a state dict alone. Nothing in it can be called. */
export interface ModuleRecord {
  /** Name of its class, e.g. 'SynthesisNetwork'. */
  readonly className: string;
  readonly parameters: StateDict;
  readonly buffers: StateDict;
  readonly modules: ReadonlyMap<string, ModuleRecord>;
  /** Its other attributes, where they are plain. */
  readonly attributes: ReadonlyMap<string, PlainValue>;
}
