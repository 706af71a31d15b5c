/** Which key each object of an audit has, and what a key in the drop area stands for. */
import type { SampleStage } from './stages.ts';

/** Where everything lies. Work and reports are outside the drop area, so that writing them triggers nothing. */
export const keys = {
  plan: (audit: string) => `work/${audit}/plan.json`,
  /**
   * What probing runs, by content: where two machines plan the same audit at once, each its own way, `plan.json` goes
   * with the files it names, whichever of the two it is.
   */
  generator: (audit: string, content: string) => `work/${audit}/generator/${content}.onnx`,
  /** Names and places of some of the pictures that take the place of a generator's samples. */
  pictures: (audit: string, content: string) => `work/${audit}/pictures/${content}.json`,
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
  /** Whom each picture of a shard resembles. */
  nearest: (audit: string, stage: SampleStage, shard: number, recognizer: number) =>
    `work/${audit}/${stage}/${shard}-${recognizer}.nearest.safetensors`,
  /**
   * Embedded photos, by what they were made of: shared by the audits of a project, and by nobody else. A tenant must not
   * learn from how fast an audit is whose photos another has.
   */
  enrolment: (project: string, content: string) => `${galleryOf(project)}/${content}.safetensors`,
  report: (audit: string, file: string) => `report/${audit}/${file}`,
} as const;

/** Folder of a project's embedded photos: `gallery/<tenant>/<project>`, without a slash at the end. */
export function galleryOf(project: string): string {
  return project.replace(/^drop\//, 'gallery/');
}

/** A checkpoint's place: `drop/<tenant>/<project>/checkpoints/<file>`. */
export interface DroppedCheckpoint {
  /** `drop/<tenant>/<project>`, without a slash at the end. */
  readonly project: string;
  /** Path below `checkpoints/`. */
  readonly file: string;
}

/** The place a key names, or undefined if it is no checkpoint: a card, a photo, or outside the drop area. */
export function droppedCheckpoint(key: string): DroppedCheckpoint | undefined {
  const [drop, tenant, project, folder, ...file] = key.split('/');
  if (drop !== 'drop' || !tenant || !project || folder !== 'checkpoints' || file.length === 0) return undefined;
  return { project: `drop/${tenant}/${project}`, file: file.join('/') };
}

/** Files beside checkpoints that are no checkpoints themselves: cards, notes, and weights of ONNX models. */
const COMPANIONS = /\.(card\.json|json|txt|md|csv|data|bin|weights)$|onnx[._]data$/i;

export function isCompanion(file: string): boolean {
  return COMPANIONS.test(file) && !isPictureMarker(file);
}

/** Whether a file stands for a command that makes samples. It is a companion, and planned only where there is a command. */
export function isCommandMarker(file: string): boolean {
  return file.endsWith('.command.json');
}

/** Whether a file stands for a folder of pictures: a small JSON file in the place of a checkpoint. */
export function isPictureMarker(file: string): boolean {
  return file.endsWith('.pictures.json');
}
