/** What became of a photo. */
export const PHOTO_STATES = ['enrolled', 'undetected', 'unreadable'] as const;
export type PhotoState = (typeof PHOTO_STATES)[number];

export interface Enrolment {
  /** f32 [photos, d], L2-normalised; zero rows where the photo was not enrolled. */
  readonly embeddings: Float32Array;
  readonly states: readonly PhotoState[];
}
