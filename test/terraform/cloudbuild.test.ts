import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { cloudBuildProblems } from '../../scripts/check/cloudbuild.ts';

const file = readFileSync(join(import.meta.dirname, '../../cloudbuild.yaml'), 'utf8');

test('the build fits what Cloud Build takes', () => {
  expect(cloudBuildProblems(file)).toEqual([]);
});

test('nothing is pushed that did not pass, and nothing deployed that was not pushed', () => {
  const { steps } = z
    .object({ steps: z.array(z.object({ id: z.string(), waitFor: z.array(z.string()).optional() })) })
    .parse(parse(file));
  const before = new Map<string, Set<string>>();
  for (const { id, waitFor = [...before.keys()] } of steps) {
    before.set(id, new Set(waitFor.flatMap((one) => [one, ...(before.get(one) ?? [])])));
  }
  for (const push of ['push-cpu', 'push-gpu']) {
    expect([...(before.get(push) ?? [])]).toEqual(expect.arrayContaining(['check', 'test', 'format', 'audit']));
  }
  expect([...(before.get('deploy') ?? [])]).toEqual(expect.arrayContaining(['push-cpu', 'push-gpu']));
});

const STEP = 'steps:\n  - name: node\n';

test.each([
  ['a field that is none', `${STEP}    command: [ls]\n`, 'build.steps[0].command: no such field of BuildStep'],
  ['a field that Cloud Build sets', `${STEP}status: SUCCESS\n`, 'build.status: is set by Cloud Build'],
  ['a text where a list is needed', `${STEP}    args: ls\n`, 'build.steps[0].args: is no list'],
  ['a number where a text is needed', `${STEP}    env: [1]\n`, 'build.steps[0].env[0]: is no string'],
  ['a text where yes or no is needed', `${STEP}    allowFailure: 'yes'\n`, 'build.steps[0].allowFailure: is no bool'],
  ['a machine that is none', `${STEP}options: { machineType: BIG }\n`, 'build.options.machineType: is no MachineType'],
  ['a size that is none', `${STEP}options: { diskSizeGb: big }\n`, 'build.options.diskSizeGb: is no int64'],
  ['a duration without a unit', `${STEP}timeout: '600'\n`, 'build.timeout: is no duration such as 600s'],
  ['substitutions that are no map', `${STEP}substitutions: [a]\n`, 'build.substitutions: is no map'],
  ['a substitution that is not declared', `${STEP}    args: ['\${_A}']\n`, '$_A: is no substitution'],
  ['a substitution that is not used', `${STEP}substitutions: { _A: a }\n`, 'substitutions._A: is not used'],
  [
    'a substitution with a name of their own',
    `${STEP}    dir: $A\nsubstitutions: { A: a }\n`,
    'substitutions.A: must begin with _',
  ],
  [
    'a step that waits for nobody',
    `${STEP}    waitFor: [other]\n`,
    'steps[0].waitFor: no step before it is called other',
  ],
  ['a step without an image', 'steps:\n  - id: a\n', 'steps[0].name: is missing'],
  ['no steps', 'timeout: 60s\n', 'steps: there are none'],
])('%s', (_, text, problem) => {
  expect(cloudBuildProblems(text)).toEqual([problem]);
});

test('a text that is no YAML', () => {
  expect(cloudBuildProblems('steps: [')).not.toEqual([]);
});

test('a dollar sign of the shell is none of ours', () => {
  expect(cloudBuildProblems(`${STEP}    args: ['$$HOME', '$PROJECT_ID']\n`)).toEqual([]);
});
