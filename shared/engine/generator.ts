/** Feeds a generator with the latents of seeds. */
import { Tensor } from 'onnxruntime-node';
import { latents } from '../audit/counts/latents.ts';
import type { GeneratorSpec } from '../checkpoint/spec/generator.ts';
import { RewoundError } from '../errors.ts';
import { floatTensor, type Model } from '../onnx/runtime.ts';

/** Feeds a generator: seeds to latents, class labels and psi, in the shapes the model wants. */
export class Sampler {
  private readonly model: Model;
  private readonly spec: GeneratorSpec;

  constructor(model: Model, spec: GeneratorSpec) {
    this.model = model;
    this.spec = spec;
  }

  /**
   * Runs the generator for seeds `firstSeed` ... `firstSeed + count - 1` and gives the named float outputs, the batch
   * first. A model that insists on its own batch size is run in pieces, padded at the end by repeating seeds.
   */
  async run(firstSeed: number, count: number, outputs: readonly string[]): Promise<Readonly<Record<string, Tensor>>> {
    const step = this.spec.fixedBatch ?? count;
    if (step === count) return this.runOnce(firstSeed, count, outputs);
    const pieces: Readonly<Record<string, Tensor>>[] = [];
    for (let at = 0; at < count; at += step) pieces.push(await this.runOnce(firstSeed + at, step, outputs));
    return Object.fromEntries(
      outputs.map((name) => [
        name,
        joined(
          pieces.map((piece) => piece[name]!),
          count,
        ),
      ]),
    );
  }

  private async runOnce(firstSeed: number, count: number, outputs: readonly string[]) {
    const { latent, classes, psi } = this.spec;
    const inputs: Record<string, Tensor> = {
      [latent.input]: floatTensor(latents(latent, firstSeed, count, latent.size), [count, ...latent.dims]),
    };
    if (classes) inputs[classes.input] = classTensor(classes, firstSeed, count);
    if (psi) {
      const values = psi.dims.reduce((product, dim) => product * dim, 1);
      inputs[psi.input] = floatTensor(new Float32Array(values).fill(psi.value), psi.dims);
    }
    try {
      return await this.model.run(inputs, outputs);
    } catch (cause) {
      throw new RewoundError('CHECKPOINT_UNSUPPORTED', `The generator cannot be run: ${firstLine(cause)}`, {
        help: 'Check the model with any ONNX runtime on a latent of the shape it states, and export it again.',
        cause,
      });
    }
  }
}

/** The first line of an error of the runtime: what follows is its own source position. */
export function firstLine(error: unknown): string {
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return line.length > 300 ? `${line.slice(0, 300)}...` : line;
}

function classTensor(classes: NonNullable<GeneratorSpec['classes']>, firstSeed: number, count: number): Tensor {
  const width = classes.encoding === 'onehot' ? classes.count : 1;
  const values = new Array<number>(count * width).fill(0);
  for (let i = 0; i < count; i++) {
    const turn = firstSeed + i;
    const label = classes.labels ? classes.labels[turn % classes.labels.length]! : turn % classes.count;
    if (classes.encoding === 'onehot') values[i * width + label] = 1;
    else values[i] = label;
  }
  const dims = [count, ...classes.dims];
  if (classes.type === 'float32') return floatTensor(Float32Array.from(values), dims);
  if (classes.type === 'int32') return new Tensor('int32', Int32Array.from(values), dims);
  return new Tensor('int64', BigInt64Array.from(values, BigInt), dims);
}

/** Concatenates float tensors along the batch and keeps the first `count` rows; scalars give their extreme. */
function joined(pieces: readonly Tensor[], count: number): Tensor {
  const first = pieces[0]!;
  const data = pieces.map((piece) => piece.data as Float32Array);
  if (first.dims.length === 0) return floatTensor(Float32Array.of(...data.map((values) => values[0]!)), [data.length]);
  const row = first.dims.slice(1).reduce((product, dim) => product * dim, 1);
  const all = new Float32Array(count * row);
  data.forEach((values, i) => {
    const at = i * values.length;
    all.set(values.subarray(0, Math.min(values.length, all.length - at)), at);
  });
  return floatTensor(all, [count, ...first.dims.slice(1)]);
}
