/** Reads the settings with which the functions of a TensorFlow network were called. */
import type { PlainValue, SavedModule } from '../../formats/saved-module.ts';
import type { Assumption } from '../../spec/generator.ts';
import { shown } from '../module-reader.ts';
import type { Filter } from '../stylegan2/architecture.ts';
import { unknown } from './refused.ts';
import { resampleFilter } from './resample-filter.ts';

/** What the functions do unless told otherwise, where tensors do not show it. */
const DEFAULT = "assumed: NVlabs' default; the file does not say";

/** Settings that are compared with what the tensors show. */
const SHOWN = ['resolution', 'num_channels', 'latent_size', 'dlatent_size', 'label_size', 'mapping_layers'] as const;

/** Settings that this reader needs not know: of training, of how it is computed, or of numbers of channels. */
const FREE = new Set(
  [
    'fmap_base fmap_decay fmap_min fmap_max fmap_const mapping_fmaps label_fmaps dlatent_broadcast',
    'dlatent_avg_beta w_avg_beta style_mixing_prob is_training is_validation return_dlatents truncation_psi_val',
    'mapping_func synthesis_func truncation_cutoff_val randomize_noise fused_modconv structure is_template_graph force_clean_graph',
  ].flatMap((line) => line.split(' ')),
);

/** The settings with which the functions of a network were called. */
export class Settings {
  readonly assumptions: Assumption[] = [];
  private readonly given: ReadonlyMap<string, PlainValue>;
  private readonly read = new Set<string>(SHOWN);

  /** As the functions are called: those of the whole network reach its parts. */
  constructor(network: SavedModule) {
    const own = [...network.modules.values(), network].map(({ attributes }) => attributes.get('static_kwargs'));
    this.given = new Map(own.flatMap((settings) => (settings instanceof Map ? [...settings] : [])));
  }

  get(name: string): PlainValue | undefined {
    this.read.add(name);
    return this.given.get(name);
  }

  /** The error for a setting that is not as it must be. */
  refused(name: string, wanted: string): Error {
    return unknown(`The network was built with "${name}" ${shown(this.given.get(name))}; Rewound knows ${wanted}.`);
  }

  /** One of the values known; the first where the file does not say, which is then listed. */
  oneOf<T extends PlainValue>(name: string, known: readonly [T, ...T[]], listed?: readonly [string, string]): T {
    const value = this.get(name);
    if (value === undefined) {
      if (listed) this.assume(...listed);
      return known[0];
    }
    const found = known.find((item) => item === value);
    if (found === undefined) throw this.refused(name, known.map(shown).join(' or '));
    return found;
  }

  /** Above zero. */
  positive(name: string, otherwise: number, what: string): number {
    const value = this.get(name);
    if (value === undefined) {
      this.assume(what, String(otherwise));
      return otherwise;
    }
    if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) throw this.refused(name, 'above zero');
    return value;
  }

  /** A limit of activations. */
  clamp(): number | null {
    const name = 'conv_clamp';
    const value = this.get(name);
    if (value === undefined) this.assume('limit of activations', 'none');
    if (value === undefined || value === null) return null;
    if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) throw this.refused(name, 'above zero');
    return value;
  }

  filter(): Filter {
    const name = 'resample_kernel';
    const value = this.get(name);
    if (value === undefined) this.assume('filter of the resampling', '1, 3, 3, 1');
    const filter = resampleFilter(value === undefined ? [1, 3, 3, 1] : value);
    if (!filter) throw this.refused(name, 'lines and squares of 2 to 64 taps with a sum');
    return filter;
  }

  /** How many of the largest resolutions were trained in half precision. */
  halves(): number {
    const value = this.get('num_fp16_res') ?? 0;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) {
      throw this.refused('num_fp16_res', 'whole numbers');
    }
    return value;
  }

  /** What the file says of truncation is said again, because the card decides. */
  truncation(): void {
    const [psi, cutoff] = [this.get('truncation_psi'), this.get('truncation_cutoff')];
    if (typeof psi !== 'number' && typeof cutoff !== 'number') return;
    const parts = [
      ...(typeof psi === 'number' ? [`psi ${psi}`] : []),
      ...(typeof cutoff === 'number' ? [`the first ${cutoff} layers`] : []),
    ];
    this.assume('truncation in the file', parts.join(', '), 'not taken: the card decides');
  }

  /** Refuses settings that differ from the tensors, and those that were not read: the network may be another one. */
  finish(tensors: Readonly<Record<(typeof SHOWN)[number], number>>): void {
    for (const name of SHOWN) {
      const value = this.given.get(name);
      if (value !== undefined && value !== tensors[name]) throw this.refused(name, `${tensors[name]} for its tensors`);
    }
    const other = [...this.given.keys()].find((name) => !this.read.has(name) && !FREE.has(name));
    if (other === undefined) return;
    throw unknown(
      `The network was built with "${other.slice(0, 60)}" ${shown(this.given.get(other))}, which StyleGAN2 has not.`,
    );
  }

  private assume(what: string, value: string, source = DEFAULT): void {
    this.assumptions.push({ what, value, source });
  }
}
