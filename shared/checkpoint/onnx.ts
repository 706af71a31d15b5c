/** Finds the latent input and the image output of an ONNX generator. */
import { type ModelSummary, summarize, type TensorSignature } from '../onnx/model.ts';
import { checkClasses, checkLatent, checkParameters, checkPicture, fixedExtent } from './extents.ts';
import { unsupported } from './formats/faults.ts';
import { ambiguous, CARD, classesAsked, FILE, latentLaw, psiAsked, refuseMeaningless } from './spec/asked.ts';
import type { CheckpointCard } from './spec/card.ts';
import type { Assumption, GeneratorSpec } from './spec/generator.ts';

export interface OnnxGenerator {
  readonly spec: GeneratorSpec;
  readonly assumptions: readonly Assumption[];
  /** What the card says of the range of values; the file cannot say, so without a card it is measured. */
  readonly range: readonly [number, number] | undefined;
  readonly summary: ModelSummary;
}

const list = (names: readonly string[]) => names.map((name) => `"${name}"`).join(', ');
const isFloat = ({ type }: TensorSignature) => type === 'float32';
const isPsi = ({ name, dims }: TensorSignature) =>
  /psi|trunc/i.test(name) && (dims ?? []).every((dim) => dim === 1 || typeof dim === 'string');
const looksLikeClass = ({ name, type }: TensorSignature) =>
  /^(c|y|label|labels|class|classes|one_?hot|category)$/i.test(name) || type === 'int64' || type === 'int32';

/**
 * Finds the latent input and the image output of an ONNX generator. What the file leaves open comes from the card, or
 * is assumed and listed; nothing is guessed where two readings are possible.
 *
 * Throws CHECKPOINT_CORRUPT, CHECKPOINT_UNSUPPORTED or CHECKPOINT_AMBIGUOUS.
 */
export function readOnnxGenerator(model: Uint8Array, card: CheckpointCard): OnnxGenerator {
  const summary = summarize(model);
  const assumptions: Assumption[] = [];
  const custom = [...summary.opsets.keys()].filter((domain) => domain !== '' && !domain.startsWith('ai.onnx'));
  const standard = summary.opsets.get('') ?? 0;
  refuseMeaningless(card, ['network', 'cutoff', 'noise'], 'an ONNX model, which is complete as it is');
  if (standard < 7) {
    throw unsupported(`The model uses operator set ${standard}; Rewound reads 7 and newer.`, 'Export it again.');
  }

  checkParameters(summary.parameters);
  const psiInput = summary.inputs.find((input) => isFloat(input) && isPsi(input));
  const classInput = findClassInput(summary, card, psiInput);
  const latentInput = findLatentInput(summary, card, [psiInput, classInput]);
  const { dims, fixedBatch } = latentShape(latentInput, card);
  const size = dims.reduce((product, dim) => product * dim, 1);
  assumptions.push({ what: 'latent input', value: latentInput.name, source: card.latent?.input ? CARD : FILE });

  const { law, assumption } = latentLaw(card, {
    distribution: 'normal',
    source: 'assumed: most generators; a card or --latent may say otherwise',
  });
  assumptions.push(assumption);

  const image = findImageOutput(summary, card);
  assumptions.push({ what: 'image output', value: `${image.output} (${image.layout})`, source: image.source });
  let classes: GeneratorSpec['classes'] = null;
  if (classInput) {
    const found = classSpec(classInput, card);
    const asked = classesAsked(card, found.count);
    classes = { ...found, ...asked.labels };
    assumptions.push(asked.assumption);
  }
  let psi: GeneratorSpec['psi'] = null;
  if (psiInput) {
    const asked = psiAsked(card);
    psi = { input: psiInput.name, value: asked.value, dims: (psiInput.dims ?? [1]).map(() => 1) };
    assumptions.push(asked.assumption);
  }
  if (custom.length > 0) {
    assumptions.push({ what: 'operator domains', value: custom.join(', '), source: FILE });
  }
  return {
    spec: {
      format: `ONNX (operator set ${standard})`,
      latent: { input: latentInput.name, dims, size, ...law },
      classes,
      psi,
      image: { output: image.output, type: image.type, layout: image.layout },
      fixedBatch,
      parameters: summary.parameters,
    },
    assumptions,
    range: card.image?.range,
    summary,
  };
}

function findLatentInput(
  { inputs }: ModelSummary,
  card: CheckpointCard,
  taken: readonly (TensorSignature | undefined)[],
): TensorSignature {
  const wanted = card.latent?.input;
  if (wanted !== undefined) {
    const input = inputs.find(({ name }) => name === wanted);
    if (!input || !isFloat(input)) {
      throw ambiguous(
        `The card names the latent input "${wanted}", but the model has no such float32 input.`,
        `Its inputs are ${list(inputs.map(({ name }) => name))}.`,
      );
    }
    return input;
  }
  const rest = inputs.filter((input) => !taken.includes(input));
  const candidates = rest.filter(isFloat);
  if (candidates.length === 1 && rest.length === 1) return candidates[0]!;
  if (candidates.length === 0) {
    throw unsupported(
      `The model has no float32 latent input (inputs: ${list(inputs.map(({ name }) => name)) || 'none'}).`,
      'Rewound audits generators that turn a random vector into a picture. Export the generator alone, in float32.',
    );
  }
  throw ambiguous(
    `The model has several inputs that could be the latent: ${list(rest.map(({ name }) => name))}.`,
    'Name it in a card beside the checkpoint: {"latent": {"input": "..."}}; models with more than one latent must be exported with one.',
  );
}

function latentShape(input: TensorSignature, card: CheckpointCard): { dims: number[]; fixedBatch: number | null } {
  const { dims } = input;
  if (!dims || dims.length < 2) {
    throw unsupported(
      `The latent input "${input.name}" has no batch dimension and a size.`,
      'Export the generator with a latent of shape [batch, size].',
    );
  }
  const [batch, ...rest] = dims;
  const open = rest.filter((dim) => fixedExtent(dim) === undefined);
  const wanted = card.latent?.size;
  if (open.length > 0 && (open.length > 1 || wanted === undefined)) {
    throw ambiguous(
      `The model leaves the size of its latent "${input.name}" open.`,
      'Say it in a card beside the checkpoint: {"latent": {"size": 512}}.',
    );
  }
  const shape = rest.map((dim) => fixedExtent(dim) ?? wanted!);
  const size = shape.reduce((product, dim) => product * dim, 1);
  const fixedBatch = fixedExtent(batch) ?? null;
  checkLatent(input.name, shape, fixedBatch);
  if (wanted !== undefined && wanted !== size) {
    throw ambiguous(
      `The card says the latent has ${wanted} values, the model says ${size}.`,
      'Correct "latent.size" in the card.',
    );
  }
  return { dims: shape, fixedBatch };
}

function findClassInput(
  { inputs }: ModelSummary,
  card: CheckpointCard,
  psi: TensorSignature | undefined,
): TensorSignature | undefined {
  const wanted = card.classes?.input;
  if (wanted !== undefined) {
    const input = inputs.find(({ name }) => name === wanted);
    if (!input) {
      throw ambiguous(`The card names the class input "${wanted}", but the model has none.`, 'Correct the card.');
    }
    return input;
  }
  const others = inputs.filter((input) => input !== psi && input.name !== card.latent?.input);
  return others.length > 1 ? others.find(looksLikeClass) : undefined;
}

function classSpec(input: TensorSignature, card: CheckpointCard): NonNullable<GeneratorSpec['classes']> {
  const type = input.type;
  if (type !== 'float32' && type !== 'int64' && type !== 'int32') {
    throw unsupported(`The class input "${input.name}" is of type ${type}.`, 'Export it as float32 or int64.');
  }
  const width = fixedExtent(input.dims?.at(-1));
  const onehot = type === 'float32' && input.dims?.length === 2 && width !== undefined;
  const count = card.classes?.count ?? (onehot ? width : undefined);
  if (count === undefined) {
    throw ambiguous(
      `The model has a class input "${input.name}", but not how many classes.`,
      'Say it in a card beside the checkpoint: {"classes": {"count": 10, "encoding": "index"}}.',
    );
  }
  checkClasses(count);
  const encoding = card.classes?.encoding ?? (onehot ? 'onehot' : undefined);
  if (encoding === undefined) {
    throw ambiguous(
      `The card does not say how the class input "${input.name}" takes a class.`,
      'Say it in the card: {"classes": {"count": 10, "encoding": "index"}}, or "onehot".',
    );
  }
  if (onehot && encoding === 'onehot' && count !== width) {
    throw ambiguous(`The card says ${count} classes, the model's input is ${width} wide.`, 'Correct the card.');
  }
  const dims = encoding === 'onehot' ? [count] : (input.dims ?? []).slice(1).map(() => 1);
  return { input: input.name, count, encoding, type, dims };
}

function findImageOutput(
  { outputs }: ModelSummary,
  card: CheckpointCard,
): { output: string; type: string; layout: 'NCHW' | 'NHWC'; source: string } {
  const wanted = card.image?.output;
  const named = wanted === undefined ? outputs : outputs.filter(({ name }) => name === wanted);
  if (wanted !== undefined && named.length === 0) {
    throw ambiguous(
      `The card names the image output "${wanted}", but the model has no such output.`,
      `Its outputs are ${list(outputs.map(({ name }) => name))}.`,
    );
  }
  const isChannels = (dim: number | string | undefined) => dim === 1 || dim === 3;
  const pictures = named.filter(({ dims }) => !dims || dims.length === 4);
  const certain = pictures.filter(({ dims }) => dims && (isChannels(dims[1]) || isChannels(dims[3])));
  const candidates = certain.length > 0 ? certain : pictures;
  if (candidates.length === 0) {
    throw unsupported(
      `The model has no output that is a picture (outputs: ${list(outputs.map(({ name }) => name))}).`,
      'A generator gives [batch, 3, height, width], [batch, height, width, 3], or the same with one channel.',
    );
  }
  if (candidates.length > 1) {
    throw ambiguous(
      `The model has several outputs that could be the image: ${list(candidates.map(({ name }) => name))}.`,
      'Name it in a card beside the checkpoint: {"image": {"output": "..."}}.',
    );
  }
  const { name, type, dims } = candidates[0]!;
  if (!['float32', 'float16', 'float64', 'uint8'].includes(type)) {
    throw unsupported(`The image output "${name}" is of type ${type}.`, 'Export it as float32 or uint8.');
  }
  const layout = card.image?.layout ?? (isChannels(dims?.[3]) && !isChannels(dims?.[1]) ? 'NHWC' : 'NCHW');
  checkPicture(name, dims, layout);
  const fromCard = wanted !== undefined || card.image?.layout !== undefined;
  return { output: name, type, layout, source: fromCard ? CARD : FILE };
}
