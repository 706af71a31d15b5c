import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { RewoundError } from '../../shared/errors.ts';
import { STALE_MS, sweep } from '../../shared/pipeline/sweep.ts';
import { parseReport } from '../../shared/report/json.ts';
import { type Ended, rewound, start } from '../cli/command.ts';
import { type Fixture, fixture } from '../cli/fixture.ts';
import { savedDict } from '../support/checkpoint/files.ts';
import { dcganDict } from '../support/checkpoint/tensors.ts';
import { torchZip } from '../support/checkpoint/torch-writer.ts';
import { type Cloud, type Deployment, hasCloud, startCloud } from '../support/cloud/deployment.ts';
import { type Before, stubCompute } from '../support/cloud/stub-compute.ts';
import { EXTERNAL_BYTES, externalModel } from '../support/external-model.ts';

/* `rewound audit --remote`, the command itself, against the services. */

const TWO_LINES = /^rewound: .+ \[([A-Z_]+)\]\n {9}\S.*\n$/;

/** What is wrong and what to do, in two lines, and nothing else. */
function expectRefused({ code, stdout, stderr }: Ended, exit: number, error: string): void {
  expect(stderr).toMatch(TWO_LINES);
  expect({ code, stdout, error: TWO_LINES.exec(stderr)?.[1] }).toEqual({ code: exit, stdout: '', error });
}

function reportOf({ out }: Fixture) {
  const { timing: _timing, audit, ...report } = parseReport(readFileSync(join(out, 'report.json'), 'utf8'));
  return { id: audit.id, report };
}

afterEach(() => vi.unstubAllEnvs());

test.each([
  [{ REWOUND_PROJECT: 'p', REWOUND_BUCKET: '' }, 'REWOUND_BUCKET'],
  [{ REWOUND_PROJECT: '', REWOUND_BUCKET: 'b' }, 'REWOUND_PROJECT'],
  [{ REWOUND_PROJECT: 'p', REWOUND_BUCKET: 'b', REWOUND_TENANT: 'A/B' }, 'REWOUND_TENANT'],
])('without a deployment to go to, says which variable is wrong: %j', async (variables, wrong) => {
  for (const [variable, value] of Object.entries(variables)) vi.stubEnv(variable, value);
  const made = await fixture();
  const ended = await rewound(...made.audit, '--remote');
  expectRefused(ended, 2, 'USAGE');
  expect(ended.stderr).toContain(wrong);
});

describe.skipIf(!hasCloud())('rewound audit --remote', { timeout: 120_000 }, () => {
  let cloud: Cloud;
  beforeAll(async () => {
    cloud = await startCloud();
  });
  afterAll(() => cloud.stop());

  /** A deployment, and a command that knows of it; with a stub in place of the engine unless `real`. */
  async function deployed({ before, real = false }: { before?: Before; real?: boolean } = {}) {
    const compute = stubCompute((path) => readFileSync(path), before);
    const deployment = await cloud.deploy({ window: 2, ...(real ? {} : { compute }) });
    onTestFinished(() => deployment.stop());
    vi.stubEnv('REWOUND_PROJECT', deployment.project);
    vi.stubEnv('REWOUND_BUCKET', deployment.project);
    const made = await fixture();
    return { deployment, made, command: [...made.audit, '--remote'] };
  }

  async function keysIn({ bucket }: Deployment, folder: string): Promise<string[]> {
    const [files] = await bucket.getFiles({ prefix: `${folder}/` });
    return files.map(({ name }) => name);
  }

  async function auditsOf({ firestore }: Deployment): Promise<number> {
    return (await firestore.collection('audits').get()).size;
  }

  test('uploads, follows and fetches the report: the result of an audit on this machine', async () => {
    const { deployment, made, command } = await deployed({ real: true });
    writeFileSync(join(made.members, 'diary.txt'), 'nobody asked for this');
    writeFileSync(join(made.folder, 'thesis.pdf'), 'nor for this');
    const remote = await rewound(...command);
    expect(remote).toMatchObject({ code: 1, stdout: expect.stringMatching(/^LEAKAGE /) });
    // 12 members and 24 controls with two photos each, and the checkpoint.
    expect(remote.stderr).toMatch(/^upload: 73 of 73 files/m);
    expect(remote.stderr).toMatch(/^(plan|enrol|probe|merge): \d+ of \d+ (checkpoints|photos|samples|report)/m);
    expect(existsSync(join(made.out, 'report.html'))).toBe(true);
    const { id, report } = reportOf(made);

    const dropped = await keysIn(deployment, 'drop');
    expect(dropped).toHaveLength(74);
    for (const key of dropped)
      expect(key).toMatch(/^drop\/cli\/audit-[0-9a-f]{12}\/(members|controls|checkpoints|proj)/);

    // Once more only reads the result, as data and in silence.
    const uploads = () => cloud.storage.requests.filter((one) => one.startsWith('POST /upload')).length;
    const before = uploads();
    const again = await rewound(...command, '--json', '--quiet', '--fail-on', 'never');
    expect(again).toMatchObject({ code: 0, stderr: '' });
    expect(parseReport(again.stdout).audit.id).toBe(id);
    expect([uploads(), await auditsOf(deployment)]).toEqual([before, 1]);

    rmSync(made.out, { recursive: true });
    expect((await rewound(...made.audit, '--quiet')).code).toBe(1);
    expect(reportOf(made).report).toEqual(report);
  });

  test('uploads the weights that a checkpoint keeps in other files, whatever they are called, before it', async () => {
    const { deployment, made, command } = await deployed();
    writeFileSync(made.checkpoint, externalModel('layers/first.pb'));
    expectRefused(await rewound(...command, '--quiet'), 2, 'CHECKPOINT_CORRUPT');
    expect(await keysIn(deployment, 'drop')).toEqual([]);

    mkdirSync(join(made.folder, 'layers'));
    writeFileSync(join(made.folder, 'layers/first.pb'), new Uint8Array(EXTERNAL_BYTES));
    expect((await rewound(...command, '--quiet', '--fail-on', 'never')).code).toBe(0);
    const [files] = await deployment.bucket.getFiles({ prefix: 'drop/' });
    const byTime = files.toSorted((a, b) => Number(a.metadata.generation) - Number(b.metadata.generation));
    const last = byTime.slice(-1).map(({ name }) => name.replace(/^.*\/checkpoints\//, ''));
    expect(last).toEqual(['replay.onnx']);
    expect(files.map(({ name }) => name)).toContainEqual(expect.stringMatching(/\/checkpoints\/layers\/first\.pb$/));
  });

  test('audits weights by the recipe beside them, and keeps what it built of them', async () => {
    const { deployment, made, command } = await deployed({ real: true });
    const checkpoint = join(made.folder, 'generator.pt');
    writeFileSync(
      checkpoint,
      torchZip(savedDict(dcganDict({ prefix: 'net.', latent: 4096, doublings: 4 })), 'generator'),
    );
    const up = { type: 'convTranspose', stride: 2, padding: 1 };
    const layers = [
      { type: 'convTranspose', weights: 'net.0' },
      { type: 'batchNorm', weights: 'net.1', activation: 'relu' },
      { ...up, weights: 'net.3' },
      { type: 'batchNorm', weights: 'net.4', activation: 'relu' },
      { ...up, weights: 'net.6' },
      { type: 'batchNorm', weights: 'net.7', activation: 'relu' },
      { ...up, weights: 'net.9' },
      { type: 'batchNorm', weights: 'net.10', activation: 'relu' },
      { ...up, weights: 'net.12', activation: 'tanh' },
    ];
    writeFileSync(`${checkpoint}.recipe.json`, JSON.stringify({ layers }));
    const ended = await rewound(...command.map((word) => (word === made.checkpoint ? checkpoint : word)));
    expect(ended.stdout).toMatch(/^(INVALID|NOT_DETECTED) /);
    expect(reportOf(made).report.generator).toMatchObject({ file: 'generator.pt', latent: { size: 4096 }, width: 64 });
    const dropped = await keysIn(deployment, 'drop');
    expect(dropped).toContainEqual(expect.stringMatching(/checkpoints\/generator\.pt\.recipe\.json$/));
    const built = (await keysIn(deployment, 'work')).filter((key) => key.includes('/generator/'));
    expect(built.map((key) => key.replace(/^.*\./, '')).sort()).toEqual(['onnx', 'weights']);
  });

  test('goes on after Ctrl-C with the same audit', async () => {
    let letGo: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const { deployment, command } = await deployed({ before: (task) => (task === 'probe' ? gate : Promise.resolve()) });
    const first = start(...command);
    await first.says(/^probe: 0 of 96 samples/m);
    first.signal('SIGINT');
    expect(await first.ended).toMatchObject({
      code: 130,
      stdout: '',
      stderr: expect.stringMatching(/The audit goes on; the same command follows it again\.\n$/),
    });
    const second = start(...command);
    await second.says(/^probe: 0 of 96 samples/m);
    letGo();
    expect(await second.ended).toMatchObject({ stdout: expect.stringMatching(/^[A-Z_]+ /) });
    expect(await auditsOf(deployment)).toBe(1);
  });

  const failing = (task: string, error: RewoundError) => {
    const state = { fails: true };
    const before: Before = async (one) => {
      if (state.fails && one === task) throw error;
    };
    return { state, before };
  };

  test.each([
    ['REJECTED', 'calibrate', 'CHECKPOINT_UNSUPPORTED', 2],
    ['FAILED', 'probe', 'ENGINE_MEMORY', 3],
  ] as const)('an audit that ends as %s ends it, and is tried again by the next call', async (_, task, code, exit) => {
    const { state, before } = failing(task, new RewoundError(code, 'It went wrong.', { help: 'Do something.' }));
    const { deployment, command } = await deployed({ before });
    expectRefused(await rewound(...command, '--quiet'), exit, code);
    state.fails = false;
    expect(await rewound(...command, '--quiet', '--fail-on', 'never')).toMatchObject({ code: 0, stderr: '' });
    expect(await auditsOf(deployment)).toBe(1);
  });

  test('an audit that expires ends it', async () => {
    const { deployment, command } = await deployed({ before: (task) => stuck(task === 'probe') });
    const running = start(...command, '--quiet');
    const { context } = deployment;
    await expect.poll(() => auditsOf(deployment), { timeout: 20_000 }).toBe(1);
    const nextWeek = Date.now() + 8 * 24 * 3600 * 1000;
    await sweep({ ...context, clock: { now: () => nextWeek } }, STALE_MS);
    expectRefused(await running.ended, 3, 'EXPIRED');
  });

  test.each([
    [{ status: 403, reason: 'forbidden' }, 'PLATFORM_FORBIDDEN', 2],
    [{ status: 401, reason: 'required' }, 'PLATFORM_FORBIDDEN', 2],
    [{ status: 404, reason: 'notFound' }, 'NOT_FOUND', 2],
  ])('a bucket that answers %j is said to the user', async (refusal, code, exit) => {
    const { deployment, command } = await deployed();
    cloud.storage.refuse(deployment.project, refusal);
    const ended = await rewound(...command, '--quiet');
    cloud.storage.refuse(deployment.project, undefined);
    expectRefused(ended, exit, code);
    expect(ended.stderr).toContain(`gs://${deployment.project}/`);
  });
});

const stuck = (is: boolean) => (is ? new Promise<never>(() => undefined) : Promise.resolve());
