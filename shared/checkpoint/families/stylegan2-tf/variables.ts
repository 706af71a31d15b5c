/** Finds the variables of a TensorFlow network by name, and remembers which were used. */
import type { SavedModule } from '../../formats/saved-module.ts';
import type { CheckpointTensor } from '../../formats/tensor.ts';
import type { Dense } from '../dense.ts';
import { damaged } from '../module-reader.ts';
import { outputsFirst, plusOne } from './layout.ts';
import { unknown } from './refused.ts';

/** Variables that are not trained. */
const FIXED = /^(lod|dlatent_avg|synthesis\/(lod|noise\d+))$/;

/** Variables of a network and of its parts by their full names, and which of them were used. */
export class Variables {
  private readonly tensors = new Map<string, CheckpointTensor>();
  private readonly used = new Set<string>();

  constructor(network: SavedModule) {
    const add = ({ parameters, modules }: SavedModule, prefix: string) => {
      // A network without parts of its own has theirs by the names of their functions.
      for (const [name, tensor] of parameters) {
        this.tensors.set(prefix + name.replace(/^G_(?=(mapping|synthesis)\/)/, ''), tensor);
      }
      for (const [name, part] of modules) add(part, `${prefix}${name}/`);
    };
    add(network, '');
  }

  has(name: string): boolean {
    return this.tensors.has(name);
  }

  /** How many names match. */
  count(pattern: RegExp): number {
    return [...this.tensors.keys()].filter((name) => pattern.test(name)).length;
  }

  extent(name: string, axis: number): number {
    return this.tensor(name).shape.at(axis) ?? 0;
  }

  tensor(name: string, shape?: readonly number[]): CheckpointTensor {
    const tensor = this.tensors.get(name);
    if (!tensor) throw damaged(`The network has no variable "${name}".`);
    if (shape && (shape.length !== tensor.shape.length || shape.some((extent, i) => extent !== tensor.shape[i]))) {
      throw damaged(`The variable "${name}" is [${tensor.shape}] where the layers around it ask for [${shape}].`);
    }
    this.used.add(name);
    return tensor;
  }

  optional(name: string, shape: readonly number[]): CheckpointTensor | null {
    return this.has(name) ? this.tensor(name, shape) : null;
  }

  /** Takes note of variables that pictures do not depend on. */
  leave(pattern: RegExp): void {
    for (const name of this.tensors.keys()) if (pattern.test(name)) this.used.add(name);
  }

  /** A layer of the mapping network, whose learning rate is `rate` times the others'. */
  dense(name: string, inputs: number, rate: number, activation: Dense['activation']): Dense {
    const outputs = this.extent(`${name}/weight`, -1);
    return {
      inputs,
      outputs,
      weight: outputsFirst(this.tensor(`${name}/weight`, [inputs, outputs])),
      bias: this.tensor(`${name}/bias`, [outputs]),
      weightGain: rate / Math.sqrt(inputs),
      biasGain: rate,
      activation,
    };
  }

  /** What makes a style of w: its bias is stored without the one that it begins at. */
  style(name: string, inputs: number, outputs: number): Dense {
    return {
      inputs,
      outputs,
      weight: outputsFirst(this.tensor(`${name}/mod_weight`, [inputs, outputs])),
      bias: plusOne(this.tensor(`${name}/mod_bias`, [outputs])),
      weightGain: 1 / Math.sqrt(inputs),
      biasGain: 1,
      activation: 'linear',
    };
  }

  /** Trained numbers, and a refusal of variables that were not used: the network would be another one. */
  finish(): number {
    const others = [...this.tensors.keys()].filter((name) => !this.used.has(name) && !FIXED.test(name));
    if (others.length > 0) {
      throw unknown(`The network also has the variable "${others[0]!.slice(0, 60)}", which StyleGAN2 has not.`);
    }
    let parameters = 0;
    for (const [name, { shape }] of this.tensors) {
      if (!FIXED.test(name)) parameters += shape.reduce((product, extent) => product * extent, 1);
    }
    return parameters;
  }
}
