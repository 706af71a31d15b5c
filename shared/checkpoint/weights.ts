/** Reads a checkpoint of weights and builds its generator. */
import { RewoundError } from '../errors.ts';
import { GraphBuilder, WeightFile } from '../onnx/graph.ts';
import { recognise } from './families/recognise.ts';
import { networkOfRecipe } from './families/stack/recipe.ts';
import type { GeneratorNetwork } from './formats/generator-network.ts';
import { loadCheckpoint } from './formats/load.ts';
import type { LoadedCheckpoint } from './formats/loaded.ts';
import type { ByteSource } from './formats/source.ts';
import type { ReadGenerator } from './read-generator.ts';
import { ambiguous, classesAsked, latentLaw, psiAsked, refuseMeaningless } from './spec/asked.ts';
import type { CheckpointCard } from './spec/card.ts';
import type { Assumption, GeneratorSpec } from './spec/generator.ts';
import type { Recipe } from './spec/recipe.ts';

/** Names of a built model's inputs and output. */
const [LATENT, CLASS, PSI, IMAGE] = ['z', 'c', 'psi', 'image'] as const;
/** The file a built model keeps its weights in. */
const WEIGHTS = 'generator.weights';

/** Reads a checkpoint of weights: finds the generator in it, and how to build it as a model. */
export function readWeights(file: ByteSource, card: CheckpointCard, recipe: Recipe | undefined): ReadGenerator {
  const loaded = loadCheckpoint(file);
  const network = networkIn(loaded, card, recipe);
  checkCard(card, network);
  const { family, latentSize, classes: count, range, parameters } = network;
  // Families say for themselves why they take a law and a range for granted; the card has the last word on both.
  const [why, rest] = split(network.assumptions, [LATENT_LAW, IMAGE_RANGE]);
  const usual = recipe ? 'recipe beside the checkpoint' : 'assumed: as the tools of its family do';
  const { law, assumption } = latentLaw(card, {
    distribution: network.latent,
    source: why.get(LATENT_LAW)?.source ?? usual,
  });
  const assumptions: Assumption[] = [
    {
      what: 'architecture',
      value: family,
      source: recipe ? 'recipe beside the checkpoint' : 'names and shapes in the checkpoint',
    },
    ...rest,
    assumption,
  ];
  if (!card.image?.range) {
    const value = `${range[0]} is black, ${range[1]} is white`;
    assumptions.push({ what: IMAGE_RANGE, value, source: why.get(IMAGE_RANGE)?.source ?? usual });
  }
  let classes: GeneratorSpec['classes'] = null;
  if (count > 0) {
    const asked = classesAsked(card, count);
    classes = { input: CLASS, count, encoding: 'onehot', type: 'float32', dims: [count], ...asked.labels };
    assumptions.push(asked.assumption);
  }
  let psi: GeneratorSpec['psi'] = null;
  if (network.hasPsi) {
    const asked = psiAsked(card);
    psi = { input: PSI, value: asked.value, dims: [1] };
    assumptions.push(asked.assumption);
  }
  return {
    spec: {
      format: `${family}, ${loaded.container}`,
      latent: { input: LATENT, dims: [latentSize], size: latentSize, ...law },
      classes,
      psi,
      image: { output: IMAGE, type: 'float32', layout: 'NCHW' },
      fixedBatch: null,
      parameters,
    },
    assumptions,
    range: card.image?.range ?? [range[0], range[1]],
    externalFiles: [],
    contents: {
      kind: 'weights',
      container: loaded.container,
      family,
      resolution: network.resolution,
      channels: network.channels,
      classes: count,
      settings: loaded.settings,
      findings: loaded.findings,
    },
    build: (within) => build(network, within),
  };
}

const [LATENT_LAW, IMAGE_RANGE] = ['latent distribution', 'image range'] as const;

/** Assumptions of these names, and all others. */
function split(all: readonly Assumption[], names: readonly string[]) {
  const named = new Map(all.filter(({ what }) => names.includes(what)).map((one) => [one.what, one]));
  return [named, all.filter(({ what }) => !names.includes(what))] as const;
}

/** The network as a model; its weights lie beside it unless all of them fit within so many bytes of its own file. */
function build(network: GeneratorNetwork, within: number): ReturnType<ReadGenerator['build']> {
  const beside = network.parameters * Float32Array.BYTES_PER_ELEMENT > within ? new WeightFile(WEIGHTS) : undefined;
  const graph = new GraphBuilder('generator', beside);
  const { latentSize, classes, channels, resolution } = network;
  const z = graph.input(LATENT, 'float32', ['n', latentSize]);
  const c = classes > 0 ? graph.input(CLASS, 'float32', ['n', classes]) : null;
  const psi = network.hasPsi ? graph.input(PSI, 'float32', [1]) : null;
  const image = network.build(graph, { z, c, psi });
  graph.output(IMAGE, image, 'float32', ['n', channels, resolution, resolution]);
  return {
    model: graph.model(),
    weights: beside?.files().map(({ path, data }) => ({ location: path, data })) ?? [],
  };
}

function networkIn(loaded: LoadedCheckpoint, card: CheckpointCard, recipe: Recipe | undefined): GeneratorNetwork {
  if (recipe) {
    refuseMeaningless(card, ['network', 'cutoff', 'noise'], 'a recipe, which describes the network');
    return networkOfRecipe(loaded, recipe);
  }
  const { network, cutoff, noise } = card;
  const found = recognise(loaded, { network, truncationCutoff: cutoff, noise });
  if (found) return found;
  throw new RewoundError(
    'CHECKPOINT_UNSUPPORTED',
    `No generator of a known architecture is in the checkpoint (${loaded.container}). It holds ${contentsOf(loaded)}.`,
    {
      help: helpFor(loaded, network),
    },
  );
}

function helpFor({ modules }: LoadedCheckpoint, network: string | undefined): string {
  if (network !== undefined) return `The card asks for the network "${network}": correct it.`;
  const recipe = modules.size > 0 ? 'Save its state dict and describe' : 'Describe';
  return `${recipe} its layers in a recipe beside it (docs/checkpoints.md), or export the generator to ONNX and audit that file.`;
}

/** Most of anything named in a message. */
const NAMED = 8;

function contentsOf({ modules, stateDicts, findings }: LoadedCheckpoint): string {
  const some = (items: readonly string[]) =>
    items.length > NAMED ? `${items.slice(0, NAMED).join(', ')} and ${items.length - NAMED} more` : items.join(', ');
  const parts: string[] = [];
  if (modules.size > 0)
    parts.push(`the networks ${some([...modules].map(([key, one]) => `${key} (${one.className})`))}`);
  for (const [path, tensors] of [...stateDicts].slice(0, NAMED)) {
    const listed = [...tensors].map(([name, { shape }]) => `${name} [${shape}]`);
    parts.push(`${path === '' ? 'the tensors' : `in "${path}" the tensors`} ${some(listed)}`);
  }
  const refused = findings
    .filter((finding) => finding.refused)
    .map(({ global, offset }) => `${global} (byte ${offset})`);
  if (refused.length > 0) parts.push(`names of code that were refused: ${some(refused)}`);
  return parts.length > 0 ? parts.join('; ') : 'no tensors';
}

/** Throws where the card says something else than the network, or something of no meaning for it. */
function checkCard(card: CheckpointCard, { latentSize, classes, hasPsi }: GeneratorNetwork): void {
  const { latent, classes: asked, psi, cutoff } = card;
  if (latent?.size !== undefined && latent.size !== latentSize) {
    throw ambiguous(
      `The card says the latent has ${latent.size} values, the checkpoint says ${latentSize}.`,
      'Correct "latent.size" in the card.',
    );
  }
  if (asked && (classes === 0 || (asked.count !== undefined && asked.count !== classes))) {
    throw ambiguous(`The card speaks of classes, the generator has ${classes}.`, 'Correct "classes" in the card.');
  }
  if (!hasPsi && (psi !== undefined || cutoff !== undefined)) {
    throw ambiguous('The card asks for truncation, which this generator does not have.', 'Remove "psi" from the card.');
  }
}
