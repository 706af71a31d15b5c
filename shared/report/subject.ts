/** Names what an audit is about: a generator and its samples, or a set of pictures. */
import type { Report } from './model.ts';

export interface Subject {
  /** At the beginning of a sentence, and within one. */
  readonly This: string;
  readonly the: string;
  readonly sample: string;
  readonly samples: string;
  /** What confirms people who are named. */
  readonly fresh: string;
  /** What was done to have samples. */
  readonly made: string;
  /** What the people of the training set are to it. */
  readonly trained: string;
}

const GENERATOR: Subject = {
  This: 'This generator',
  the: 'the generator',
  sample: 'sample',
  samples: 'samples',
  fresh: 'fresh samples',
  made: 'made',
  trained: 'it was trained on',
};

const PICTURES: Subject = {
  This: 'This set of pictures',
  the: 'the generator behind the pictures',
  sample: 'picture',
  samples: 'pictures',
  fresh: 'pictures set apart',
  made: 'searched',
  trained: 'its generator was trained on',
};

export function subjectOf({ published }: Pick<Report, 'published'>): Subject {
  return published ? PICTURES : GENERATOR;
}
