/** The stages of an audit that are cut into shards. */

/** Stages that make samples: those that find people, and the fresh ones that confirm whoever was found. */
export type SampleStage = 'probe' | 'confirm';
/** Stages that are cut into shards. */
export const STAGES = ['enrol', 'probe', 'confirm'] as const;
export type Stage = (typeof STAGES)[number];
