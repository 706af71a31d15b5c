/** Renders report.sarif. */
import { createHash, createHmac } from 'node:crypto';
import packageJson from '../../../package.json' with { type: 'json' };
import { countGates } from '../findings.ts';
import { rarePercent, smallP } from '../format.ts';
import { rounding } from '../json.ts';
import type { Named, Report } from '../model.ts';
import { freshWords, GATES, verdictWords } from '../words.ts';

export interface SarifOptions {
  /** Call people what the report calls them, names or pseudonyms. Without, each stands under a pseudonym of this file's own. */
  readonly names?: boolean;
}

/**
 * `report.sarif`: the verdict and every named person as SARIF 2.1.0, for tools that collect findings. Such tools are
 * read by many, so nobody is named unless asked: a person is the HMAC of their name under the audit's id, which this
 * file does not hold. The same report always gives the same bytes.
 */
export function renderSarif(report: Report, { names = false }: SarifOptions = {}): string {
  const leakage = report.verdict === 'LEAKAGE';
  const words = verdictWords(report);
  const location = {
    physicalLocation: { artifactLocation: { uri: encodeURIComponent(report.generator.file.toWellFormed()), index: 0 } },
  };
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'Rewound', version: packageJson.version, rules: RULES } },
        // The id itself would be the key to the pseudonyms.
        automationDetails: { id: `rewound/${digest(report.audit.id)}/` },
        invocations: [
          {
            executionSuccessful: true,
            toolExecutionNotifications: countGates(report).failed.map(({ name, recognizer, reason, help }) => ({
              descriptor: { id: name },
              level: report.verdict === 'INVALID' ? 'error' : 'warning',
              message: { text: `${conditionOf(name, recognizer)}: not met. ${reason} ${help}` },
            })),
          },
        ],
        artifacts: [{ location: location.physicalLocation.artifactLocation, hashes: { md5: report.generator.md5 } }],
        results: [
          {
            ruleId: RULES[0].id,
            ruleIndex: 0,
            ...VERDICT_KIND[report.verdict],
            message: { text: `${words.headline} ${words.qualifier}` },
            locations: [location],
            partialFingerprints: { 'rewoundVerdict/v1': digest(`verdict ${report.generator.file}`) },
            properties: verdictProperties(report),
          },
          ...report.identities.map((person) => ({
            ruleId: RULES[1].id,
            ruleIndex: 1,
            level: leakage ? 'error' : 'note',
            message: { text: personWords(report, person, personOf(report, person, names)) },
            locations: [
              {
                ...(pictureOf(report, person, names) ?? location),
                logicalLocations: [{ name: personOf(report, person, names), kind: 'trainingPerson' }],
              },
            ],
            partialFingerprints: { 'rewoundPerson/v1': fingerprint(report, person, names) },
            properties: personProperties(person),
          })),
        ],
      },
    ],
  };
  return `${JSON.stringify(rounding(log), null, 2)}\n`;
}

const RULES = [
  {
    id: 'rewound/verdict',
    name: 'TrainingPeopleGivenAway',
    shortDescription: { text: 'The generator gives away people it was trained on.' },
    fullDescription: {
      text: 'People the generator was trained on are found in its samples more often than comparable people it never saw, or single ones of them come up again in samples made to check it.',
    },
    help: {
      text: 'Do not publish the generator or many of its samples. Train again without the people named, with fewer repetitions of each, or with a guarantee such as differential privacy, and audit the result. NOT_DETECTED is no proof of safety: report.html says what would have been caught. INVALID says nothing either way: it states the condition that failed and what to do.',
    },
    defaultConfiguration: { level: 'error' },
    properties: { tags: ['privacy', 'membership-inference'] },
  },
  {
    id: 'rewound/named-person',
    name: 'TrainingPersonNamed',
    shortDescription: { text: 'A training person is matched more closely than chance explains.' },
    fullDescription: {
      text: 'A sample matches this person more closely than the scores of people who were not trained on explain, at the stated false discovery rate. Whether fresh samples, which had no part in naming anybody, show the person again is stated with the rate.',
    },
    help: {
      text: 'See the pair in report.html. If the person may not be disclosed, take their photos out of the training data, train again, and audit the result. The pseudonym is the same in every run of the same audit.',
    },
    defaultConfiguration: { level: 'error' },
    properties: { tags: ['privacy', 'membership-inference'] },
  },
] as const;

/** Never "pass": an audit that found nothing is no proof of safety. */
const VERDICT_KIND: Readonly<Record<Report['verdict'], { kind: string; level: string }>> = {
  LEAKAGE: { kind: 'fail', level: 'error' },
  NOT_DETECTED: { kind: 'informational', level: 'none' },
  RESEMBLANCE_ONLY: { kind: 'informational', level: 'none' },
  INVALID: { kind: 'review', level: 'none' },
};

function conditionOf(name: keyof typeof GATES, recognizer: string | null): string {
  return recognizer === null ? GATES[name] : `${GATES[name]} (${recognizer})`;
}

function personWords(report: Report, person: Named, name: string): string {
  const { results, verdict } = report;
  const { fresh, q, tier, agree } = person;
  const range = fresh === null ? '' : ` (${rarePercent(fresh.low)} to ${rarePercent(fresh.high)})`;
  const by = results.length > 1 ? ` Named by ${agree} of ${results.length} recognizers.` : '';
  const parametric = tier === 'parametric' ? ', by a fitted tail alone (parametric)' : '';
  const unsound = verdict === 'INVALID' ? ' A condition of the audit failed: this is no finding.' : '';
  return `Training person ${name} is matched more closely than chance explains: q = ${smallP(q)}${parametric}; ${freshWords(person, report)}${range}.${by}${unsound}`;
}

function verdictProperties({ verdict, delta, permutation, leakedFraction, audit, members, controls }: Report) {
  return {
    verdict,
    samples: audit.samples,
    members: members.identities,
    controls: controls?.identities ?? null,
    delta,
    p: permutation?.p ?? null,
    leakedPeople: leakedFraction?.people ?? null,
  };
}

function personProperties({ score, q, tier, confirmed, fresh, agree }: Named) {
  return { score, q, tier, confirmed, fresh, agree };
}

/** The picture of a set that shows the person most closely: its name may be a person's, and stands only where names do. */
function pictureOf({ matches }: Report, { identity }: Named, names: boolean) {
  const match = names ? matches.find((one) => one.role === 'members' && one.identity === identity) : undefined;
  if (match?.picture === undefined) return undefined;
  const uri = match.picture.toWellFormed().split('/').map(encodeURIComponent).join('/');
  return { physicalLocation: { artifactLocation: { uri } } };
}

function personOf({ audit }: Report, { identity }: Named, names: boolean): string {
  return names ? identity.toWellFormed() : `person-${keyed(audit.id, identity).slice(0, 16)}`;
}

/** With names it need not hide anything, and then it is the same for a person in every audit. */
function fingerprint({ audit }: Report, { identity }: Named, names: boolean): string {
  return names ? digest(`person ${identity}`) : keyed(audit.id, identity);
}

function keyed(key: string, identity: string): string {
  return createHmac('sha256', key).update(`members/${identity}`).digest('hex').slice(0, 32);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
