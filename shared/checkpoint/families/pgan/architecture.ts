/** Reads a Progressive GAN generator from its tensors. */
import type { CheckpointTensor, StateDict } from '../../formats/tensor.ts';
import { damaged, unsupported } from '../module-reader.ts';

/** A layer whose weights the file holds without their constant. */
export interface Layer {
  readonly weight: CheckpointTensor;
  readonly bias: CheckpointTensor;
}

/** Generator of Progressive GAN (Karras et al. 2018, table 2), as pytorch_GAN_zoo names its parts. */
export interface Pgan {
  readonly latentSize: number;
  readonly resolution: number;
  readonly channels: number;
  /** From the latent to 4 x 4 pixels. */
  readonly format: Layer;
  /** Channels of these. */
  readonly firstChannels: number;
  /** Convolutions 3 x 3 at 4, 8, 16 ... pixels. */
  readonly scales: readonly (readonly Layer[])[];
  readonly toRgb: Layer;
  readonly parameters: number;
}

const FIRST_SIDE = 4;
const MAX_SCALES = 10;

/** Whether these are the names of such a generator, and not of its discriminator. */
export function isPgan(tensors: StateDict): boolean {
  return tensors.has('formatLayer.module.weight') && tensors.has('toRGBLayers.0.module.weight');
}

/** Reads a generator by the names and shapes of its tensors. */
export function pganOf(tensors: StateDict): Pgan {
  const used = new Set<string>();
  const layer = (name: string, shape: readonly (number | undefined)[]): Layer => {
    const weight = tensor(tensors, `${name}.module.weight`, shape);
    const bias = tensor(tensors, `${name}.module.bias`, [weight.shape[0]]);
    used.add(`${name}.module.weight`).add(`${name}.module.bias`);
    return { weight, bias };
  };
  /** All convolutions `name`.0, `name`.1 ... */
  const group = (name: string, before: number): Layer[] => {
    const layers: Layer[] = [];
    let channels = before;
    while (tensors.has(`${name}.${layers.length}.module.weight`)) {
      const next = layer(`${name}.${layers.length}`, [undefined, channels, 3, 3]);
      channels = next.weight.shape[0]!;
      layers.push(next);
    }
    if (layers.length === 0) throw damaged(`The network has no layers "${name}".`);
    return layers;
  };

  const format = layer('formatLayer', [undefined, undefined]);
  const [rows = 0, latentSize = 0] = format.weight.shape;
  const firstChannels = rows / FIRST_SIDE ** 2;
  if (!Number.isInteger(firstChannels) || rows === 0 || latentSize === 0) {
    throw damaged(`The tensor "formatLayer.module.weight" is [${format.weight.shape}], which makes no 4 x 4 pixels.`);
  }
  const scales = [group('groupScale0', firstChannels)];
  const outputs = () => scales.at(-1)!.at(-1)!.weight.shape[0]!;
  let toRgb = layer('toRGBLayers.0', [undefined, outputs(), 1, 1]);
  for (let i = 0; tensors.has(`toRGBLayers.${i + 1}.module.weight`); i++) {
    if (scales.length === MAX_SCALES) throw unsupported('The network makes pictures of more than 2048 pixels.');
    scales.push(group(`scaleLayers.${i}`, outputs()));
    toRgb = layer(`toRGBLayers.${i + 1}`, [undefined, outputs(), 1, 1]);
  }
  const channels = toRgb.weight.shape[0]!;
  if (channels !== 1 && channels !== 3) throw unsupported(`The network gives ${channels} channels, not 1 or 3.`);
  const others = [...tensors.keys()].filter((name) => !used.has(name));
  if (others.length > 0) throw unsupported(`The network has a tensor "${others[0]}", which no Progressive GAN has.`);
  let parameters = 0;
  for (const { shape } of tensors.values()) parameters += shape.reduce((product, extent) => product * extent, 1);
  const resolution = FIRST_SIDE * 2 ** (scales.length - 1);
  return { latentSize, resolution, channels, format, firstChannels, scales, toRgb, parameters };
}

function tensor(tensors: StateDict, name: string, wanted: readonly (number | undefined)[]): CheckpointTensor {
  const found = tensors.get(name);
  if (!found) throw damaged(`The network has no tensor "${name}".`);
  const fits = wanted.length === found.shape.length && wanted.every((n, i) => n === undefined || n === found.shape[i]);
  if (fits) return found;
  const shape = wanted.map((extent) => extent ?? 'any');
  throw damaged(`The tensor "${name}" is [${found.shape}] where the others ask for [${shape}].`);
}
