/** Judges the conditions that depend on how many people, faces and scores there are. */
import type { Gate } from './gate.ts';
import { SIGNIFICANT } from './verdict.ts';

const LEAST_MEMBERS = 2;
/** Ten to set the threshold and ten to test at it. */
const LEAST_CONTROLS = 20;

/**
 * Whether enough people are left after exclusions: even if all members were revealed and no control, the permutation
 * test must be able to reach significance. `controls` is null if none were given at all.
 */
export function sizeGate(members: number, controls: number | null): Gate {
  const enough =
    members >= LEAST_MEMBERS &&
    (controls === null || (controls >= LEAST_CONTROLS && smallestP(members, controls) < SIGNIFICANT));
  const seen = controls === null ? `${members} members` : `${members} members and ${controls} controls`;
  return {
    name: 'size',
    passed: enough,
    value: null,
    reason: `${seen} could be compared.`,
    help: 'Give usable photos of more people: at least 3 members and 20 controls, better hundreds of each.',
  };
}

/** The smallest p that shuffling can give: one labelling in C(members + controls, members) is as extreme as can be. */
function smallestP(members: number, controls: number): number {
  let p = 1;
  for (let i = 1; i <= Math.min(members, controls); i++) p *= i / (Math.max(members, controls) + i);
  return p;
}

/** The least share of samples that must show a face: of fewer, what was compared is not what the generator makes. */
export const LEAST_FACES = 0.5;

/** Whether there was anything to compare: a generator most of whose samples lack a face has not been audited. */
export function facesGate(samples: number, undetected: number): Gate {
  return {
    name: 'faces',
    passed: samples - undetected >= LEAST_FACES * samples,
    value: null,
    reason: `A face was found in ${samples - undetected} of ${samples} samples.`,
    help: 'Look at a few samples with "rewound inspect --samples FILE": the range, the latent distribution or the checkpoint itself may be wrong.',
  };
}

/** Whether similarities tell people apart at all: where all of a side score the same, nothing was measured. */
export function scoresGate(members: Float32Array, controls: Float32Array | null): Gate {
  const constant = [
    ...(isConstant(members) ? ['member'] : []),
    ...(controls !== null && isConstant(controls) ? ['control'] : []),
  ];
  return {
    name: 'scores',
    passed: constant.length === 0,
    value: null,
    reason:
      constant.length === 0
        ? 'Similarities differ from person to person.'
        : `The best similarity of every ${constant.join(' and every ')} is the same: nothing tells them apart.`,
    help: 'Check the embeddings, or the recognizer and its card: it seems to give the same answer for every face.',
  };
}

function isConstant(scores: Float32Array): boolean {
  return scores.length > 1 && scores.every((score) => score === scores[0]);
}
