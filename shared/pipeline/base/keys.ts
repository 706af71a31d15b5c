import { createHash } from 'node:crypto';
import { RewoundError } from '../../errors.ts';

/** Where everything lies. Work and reports are outside the drop area, so that writing them triggers nothing. */
export const keys = {
  plan: (audit: string) => `work/${audit}/plan.json`,
  /**
   * What probing runs, by content: where two machines plan the same audit at once, each its own way, `plan.json` goes
   * with the files it names, whichever of the two it is.
   */
  generator: (audit: string, content: string) => `work/${audit}/generator/${content}.onnx`,
  generatorFile: (audit: string, content: string) => `work/${audit}/generator/${content}.weights`,
  /** Of the recognizer at this place of the plan, as the next ones are. */
  gallery: (audit: string, recognizer: number) => `work/${audit}/gallery-${recognizer}.safetensors`,
  placebo: (audit: string, recognizer: number) => `work/${audit}/placebo-${recognizer}.safetensors`,
  profile: (audit: string, recognizer: number) => `work/${audit}/profile-${recognizer}.safetensors`,
  merged: (audit: string, recognizer: number) => `work/${audit}/merged-${recognizer}.safetensors`,
  roster: (audit: string) => `work/${audit}/roster.json`,
  nomination: (audit: string) => `work/${audit}/nomination.json`,
  tally: (audit: string, stage: SampleStage, shard: number, recognizer: number) =>
    `work/${audit}/${stage}/${shard}-${recognizer}.safetensors`,
  /**
   * Embedded photos, by what they were made of: shared by the audits of a project, and by nobody else. A tenant must not
   * learn from how fast an audit is whose photos another has.
   */
  enrolment: (project: string, content: string) => `${galleryOf(project)}/${content}.safetensors`,
  report: (audit: string, file: string) => `report/${audit}/${file}`,
} as const;

export const records = {
  audit: (audit: string) => `audits/${audit}`,
  /** Marks audits that have not ended, so that the sweep need not look at all that ever were. */
  open: (audit: string) => `open-audits/${audit}`,
  /** Which audit an upload began. */
  upload: (key: string, generation: string) => `uploads/${digest(key, generation)}`,
  done: (audit: string, stage: Stage) => `audits/${audit}/${stage}-shards`,
  lock: (audit: string, stage: Stage) => `audits/${audit}/locks/${stage}`,
} as const;

/** Stages that make samples: those that find people, and the fresh ones that confirm whoever was found. */
export type SampleStage = 'probe' | 'confirm';
/** Stages that are cut into shards. */
export const STAGES = ['enrol', 'probe', 'confirm'] as const;
export type Stage = (typeof STAGES)[number];

/** A checkpoint's place: `drop/<tenant>/<project>/checkpoints/<file>`. */
export interface DropPlace {
  /** `drop/<tenant>/<project>`, without a slash at the end. */
  readonly project: string;
  /** Path below `checkpoints/`. */
  readonly file: string;
}

/** The place a key names, or undefined if it is no checkpoint: a card, a photo, or outside the drop area. */
export function dropPlace(key: string): DropPlace | undefined {
  const [drop, tenant, project, folder, ...file] = key.split('/');
  if (drop !== 'drop' || !tenant || !project || folder !== 'checkpoints' || file.length === 0) return undefined;
  return { project: `drop/${tenant}/${project}`, file: file.join('/') };
}

/** Folder of a project's embedded photos: `gallery/<tenant>/<project>`, without a slash at the end. */
export function galleryOf(project: string): string {
  return project.replace(/^drop\//, 'gallery/');
}

/** Files beside checkpoints that are no checkpoints themselves: cards, notes, and weights of ONNX models. */
const COMPANIONS = /\.(card\.json|json|txt|md|csv|data|bin|weights)$|onnx[._]data$/i;

export function isCompanion(file: string): boolean {
  return COMPANIONS.test(file);
}

/** 32 hex digits that stand for `parts`, plain data: equal parts, equal digest. */
export function digest(...parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

/** `key` resolved below `folder`. Throws CHECKPOINT_UNSAFE where it points outside. */
export function below(folder: string, relative: string): string {
  const segments = relative
    .replaceAll('\\', '/')
    .split('/')
    .filter((segment) => segment !== '.');
  if (
    relative === '' ||
    relative.startsWith('/') ||
    /^[a-z]:/i.test(relative) ||
    segments.some((s) => s === '..' || s === '')
  ) {
    throw new RewoundError('CHECKPOINT_UNSAFE', 'A file names another file that lies outside its own folder.', {
      help: 'Put all files of the model into one folder and refer to them by name.',
    });
  }
  return `${folder}/${segments.join('/')}`;
}
