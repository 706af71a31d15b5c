/** The options of `rewound audit`. */
import { FAIL_ON, type FailOn } from './exit.ts';
import {
  asDevice,
  asLatent,
  asOneOf,
  asText,
  asWhole,
  flag,
  grouped,
  optional,
  several,
  type Values,
  withDefault,
} from './option.ts';
import { asPath } from './paths.ts';
import { PEOPLE_OPTIONS } from './people-data.ts';

export const AUDIT_TAKES = ['[CHECKPOINT]'];

/** Samples of an audit with --quick. */
export const QUICK_SAMPLES = 10_000;

const ATTESTATIONS = ['owner', 'regulator'] as const;
export type Attestation = (typeof ATTESTATIONS)[number];

/** Options that other commands have too, with the same meaning. */
export const ENGINE_OPTIONS = {
  latent: optional('LAW', 'what latents are drawn from: normal, or uniform:low:high', asLatent),
  device: withDefault('D', 'cpu, webgpu or cuda', asDevice, 'cpu'),
};
export const COMMAND_OPTION = {
  generate: optional(
    'COMMAND',
    'a command of yours that makes the samples, in the place of a checkpoint: with {out}, an empty folder, and {seeds}, or {first} and {last}; it leaves one picture a seed, with the seed in its name',
    asText,
  ),
};
export const WORK_OPTIONS = {
  work: withDefault('DIR', 'where finished work is kept for resuming', asPath, '.rewound'),
  quiet: flag('no progress on stderr'),
};

export const AUDIT_OPTIONS = {
  ...grouped('People', PEOPLE_OPTIONS),
  ...grouped('Samples', {
    samples: optional('N', 'samples to generate (50000)', asWhole(1, 1_000_000_000)),
    quick: flag(`${QUICK_SAMPLES} samples`),
    seed: optional('N', 'seed of the first sample (0)', asWhole(0, 2 ** 32 - 1)),
    fresh: optional(
      'N',
      'new samples on which named people are confirmed (a fifth, 2000 to 10000)',
      asWhole(1, 1_000_000_000),
    ),
    k: optional('N', 'neighbours kept for each sample (10)', asWhole(1, 100)),
    batch: optional('N', 'samples generated at once (64)', asWhole(1, 1024)),
    shards: optional('N', 'pieces of the work', asWhole(1, 100_000)),
    'allow-faceless': flag('go on where fewer than half of the first samples show a face; the verdict is INVALID'),
    ...ENGINE_OPTIONS,
    ...COMMAND_OPTION,
    recognizer: several(
      'CARD',
      'JSON card of your own recognizer (docs/cards.md), or built-in; of several each judges, and the report says how many agree',
      asText,
    ),
  }),
  ...grouped('Report', {
    out: withDefault('DIR', 'where the report goes', asPath, 'rewound-report'),
    'no-pictures': flag('leave pictures out of the report'),
    pseudonyms: flag("nobody's name in the report: pseudonyms, by the key in REWOUND_PSEUDONYM_KEY"),
    json: flag('print report.json on stdout'),
    baseline: optional(
      'FILE',
      'compare with an earlier report.json, or with what "rewound baseline" made of it',
      asPath,
    ),
    'fail-on': withDefault<FailOn>(
      'WHAT',
      'leakage: exit 1 for leakage, 4 where no claim is possible; new-leakage: only for what the baseline does not have; new-names: the same, or anyone confirmed who is not in the baseline; never: 0 whatever the verdict',
      asOneOf(FAIL_ON),
      'leakage',
    ),
    'require-power': optional(
      'N',
      'exit 4 where nothing was found, but a leak of N people would have gone unseen',
      asWhole(1, 1_000_000_000),
    ),
  }),
  ...grouped('Work', WORK_OPTIONS),
  ...grouped('Hosted service', {
    remote: flag(
      'have it audited by the service at REWOUND_API, with the key in REWOUND_KEY (docs/api.md): uploads photos under pseudonyms, follows, fetches the report, puts the names back',
    ),
    attest: optional('WHO', 'owner, who may use these photos for this; or regulator', asOneOf(ATTESTATIONS)),
    label: optional('TEXT', "what the service calls the audit; no person's name", asText),
    'ms-per-sample': optional('N', 'what the generator takes on an NVIDIA L4, if more than 40 ms', asWhole(1, 600_000)),
  }),
};
export type AuditValues = Values<typeof AUDIT_OPTIONS>;
