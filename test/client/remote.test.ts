import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { EngineProcess } from '../../shared/engine/process.ts';
import { RewoundError } from '../../shared/errors.ts';
import { parseReport } from '../../shared/report/json.ts';
import { type Ended, rewound, start } from '../cli/command.ts';
import { type Fixture, fixture, MEMBERS } from '../cli/fixture.ts';
import { savedDict } from '../support/checkpoint/files.ts';
import { dcganDict } from '../support/checkpoint/tensors.ts';
import { torchZip } from '../support/checkpoint/torch-writer.ts';
import { type Before, stubCompute } from '../support/cloud/stub-compute.ts';
import { zipOf } from '../support/collection/archives.ts';
import { demoPhoto, people } from '../support/demo.ts';
import { EXTERNAL_BYTES, externalModel } from '../support/external-model.ts';
import { type HostedServer, hostedServer } from '../support/service/hosted-server.ts';

/* `rewound audit --remote`, the command itself, against the API of a server. */

const TWO_LINES = /^rewound: .+ \[([A-Z_]+)\]\n {9}\S.*\n$/;

/** What is wrong and what to do, in two lines, and nothing else. */
function expectRefused({ code, stdout, stderr }: Ended, exit: number, error: string): void {
  expect(stderr).toMatch(TWO_LINES);
  expect({ code, stdout, error: TWO_LINES.exec(stderr)?.[1] }).toEqual({ code: exit, stdout: '', error });
}

function reportOf({ out }: Fixture) {
  return parseReport(readFileSync(join(out, 'report.json'), 'utf8'));
}

afterEach(() => vi.unstubAllEnvs());

test.each([
  [{ REWOUND_API: '', REWOUND_KEY: 'rwk_a' }, 'REWOUND_API is not set'],
  [{ REWOUND_API: 'audits.example.com', REWOUND_KEY: 'rwk_a' }, 'REWOUND_API is not an address'],
  [{ REWOUND_API: 'http://audits.example.com', REWOUND_KEY: 'rwk_a' }, 'REWOUND_API must begin with https'],
  [{ REWOUND_API: 'https://audits.example.com', REWOUND_KEY: '' }, 'REWOUND_KEY is not set'],
  [{ REWOUND_API: 'https://audits.example.com', REWOUND_KEY: 'sk_1' }, 'REWOUND_KEY is not an API key'],
])('without a service to go to, says which variable is wrong: %j', async (variables, wrong) => {
  for (const [variable, value] of Object.entries(variables)) vi.stubEnv(variable, value);
  const made = await fixture();
  const ended = await rewound(...made.audit, '--remote', '--attest', 'owner');
  expectRefused(ended, 2, 'USAGE');
  expect(ended.stderr).toContain(wrong);
});

test.each([
  [['--remote'], '--attest'],
  [['--remote', '--attest', 'me'], '--attest is one of owner, regulator'],
  [['--remote', '--attest', 'owner', '--shards', '3'], '--shards'],
  [['--remote', '--attest', 'owner', '--label', ' '], '--label'],
  [['--label', 'x'], '--label goes with --remote'],
  [['--attest', 'owner'], '--attest goes with --remote'],
])('%j is refused', async (options, wrong) => {
  const made = await fixture();
  const ended = await rewound(...made.audit, ...options);
  expectRefused(ended, 2, 'USAGE');
  expect(ended.stderr).toContain(wrong);
});

describe('rewound audit --remote', () => {
  /** A service, and a command that knows of it; with a stub in place of the engine unless `real`. */
  async function served({ before, real = false }: { before?: Before; real?: boolean } = {}) {
    const engine = real
      ? new EngineProcess({ device: 'cpu', threads: 2, memoryBytes: 8 * 2 ** 30, silenceMs: 60_000 })
      : undefined;
    const server = await hostedServer(engine?.tasks ?? stubCompute((path) => readFileSync(path), before));
    const { account, key } = await server.hosted.account();
    vi.stubEnv('REWOUND_API', `${server.origin}/`);
    vi.stubEnv('REWOUND_KEY', key);
    const made = await fixture();
    const close = () => engine?.close();
    return { server, account, key, made, close, command: [...made.audit, '--remote', '--attest', 'owner'] };
  }

  const uploadsTo = ({ requests }: HostedServer) => requests.filter((one) => one.startsWith('PUT /uploads/')).length;

  /** All that the service holds of people: objects, records and what was asked for. */
  async function everything(server: HostedServer): Promise<string> {
    const { objects } = server.hosted.context;
    const parts = [...server.requests];
    for await (const { key } of objects.list('')) {
      parts.push(key);
      if (!/\.(jpg|npy|onnx|safetensors)$/.test(key)) parts.push(new TextDecoder().decode(await objects.get(key)));
    }
    const state = join(server.hosted.folder, '.rewound-state');
    for (const file of readdirSync(state).filter((name) => name.startsWith('state.sqlite'))) {
      parts.push(readFileSync(join(state, file), 'latin1'));
    }
    return parts.join('\n');
  }

  async function auditsOf({ hosted }: HostedServer, account: string): Promise<number> {
    return hosted.context.records.count(`accounts/${account}/audits`);
  }

  test('uploads under pseudonyms, follows, and puts the names back into the report', async () => {
    const { server, account, made, command, close } = await served({ real: true });
    writeFileSync(join(made.members, 'diary.txt'), 'nobody asked for this');
    writeFileSync(join(made.folder, 'thesis.pdf'), 'nor for this');
    const names = MEMBERS.map((name, i) => {
      renameSync(join(made.members, name), join(made.members, `karenina-${i}`));
      return `karenina-${i}`;
    });
    const [photo] = readdirSync(join(made.members, names[0]!));
    renameSync(join(made.members, names[0]!, photo!), join(made.members, names[0]!, 'portrait.jpg'));
    writeFileSync(join(made.members, names[0]!, 'empty.jpg'), '');
    const pictured = command.filter((word) => word !== '--no-pictures');
    const remote = await rewound(...pictured, '--label', 'Generator 3');
    expect(remote).toMatchObject({ code: 1, stdout: expect.stringMatching(/^LEAKAGE /) });
    // 12 members and 24 controls with two photos each, and the checkpoint.
    expect(remote.stderr).toMatch(/^upload: 73 of 73 files/m);
    expect(remote.stderr).toMatch(/^Audit aud_\w+: at most \d+ credits \(/m);
    expect(remote.stderr).toContain('passed over 2: 1 no picture, 1 empty (--list shows them)');
    const report = reportOf(made);
    expect(report.identities.length).toBeGreaterThan(0);
    for (const { identity } of report.identities) expect(names).toContain(identity);
    for (const { role, identity, photo } of report.matches) {
      expect(existsSync(join(role === 'members' ? made.members : made.controls, identity, photo))).toBe(true);
    }
    const html = readFileSync(join(made.out, 'report.html'), 'utf8');
    expect(html).toContain(`Training photo of ${report.identities[0]!.identity}"`);
    expect(html.match(/src="data:image/g)?.length).toBeGreaterThan(10);
    expect(html).not.toMatch(/p-[0-9a-f]{16}/);

    const left = await everything(server);
    expect(left.match(/.{0,40}(karenina|portrait).{0,40}/)?.[0]).toBeUndefined();
    expect(left.includes('Generator 3')).toBe(true);

    // Once more only reads the result, as data and in silence.
    const before = uploadsTo(server);
    const again = await rewound(...pictured, '--label', 'Generator 3', '--json', '--quiet', '--fail-on', 'never');
    expect(again).toMatchObject({ code: 0, stderr: '' });
    expect(parseReport(again.stdout).audit.id).toBe(report.audit.id);
    expect([uploadsTo(server), await auditsOf(server, account)]).toEqual([before, 1]);
    close();
  });

  test('the key of pseudonyms is drawn once, for nobody else to read', async () => {
    const { made, command } = await served();
    await rewound(...command, '--quiet');
    const file = join(made.work, '.remote-names-key');
    expect(readFileSync(file, 'utf8')).toMatch(/^[0-9a-f]{64}$/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('with --pseudonyms, the report has those that an audit on this machine would have', async () => {
    vi.stubEnv('REWOUND_PSEUDONYM_KEY', '7'.repeat(64));
    const { made, command } = await served();
    expect((await rewound(...command, '--quiet', '--pseudonyms', '--fail-on', 'never')).code).toBe(0);
    const remote = reportOf(made).matches.map(({ identity }) => identity);
    rmSync(made.out, { recursive: true });
    await rewound(...command, '--quiet', '--fail-on', 'never');
    expect(remote.every((name) => /^p-[0-9a-f]{12}$/.test(name))).toBe(true);
    expect(existsSync(join(made.work, '.remote-names-key'))).toBe(false);
  });

  test('uploads the weights that a checkpoint keeps in other files, whatever they are called', async () => {
    const { server, made, command } = await served();
    writeFileSync(made.checkpoint, externalModel('layers/first.pb'));
    expectRefused(await rewound(...command, '--quiet'), 2, 'CHECKPOINT_CORRUPT');
    expect(server.requests).toEqual([]);

    mkdirSync(join(made.folder, 'layers'));
    writeFileSync(join(made.folder, 'layers/first.pb'), new Uint8Array(EXTERNAL_BYTES));
    const counted = uploadsTo(server);
    expect((await rewound(...command, '--quiet', '--fail-on', 'never')).code).toBe(0);
    expect(uploadsTo(server)).toBe(counted + 74);
  });

  test('audits a set of pictures in one archive, and puts the names back into matches.csv', async () => {
    const { made, command, close } = await served({ real: true });
    const set = join(made.folder, 'release.zip');
    const pictures = [...MEMBERS.slice(0, 6), ...people('controls', 40, 30)].map((name) => ({
      name: `${name}.jpg`,
      bytes: readFileSync(demoPhoto(name, 0)),
    }));
    writeFileSync(set, zipOf(pictures));
    const ended = await rewound(...command.map((word) => (word === made.checkpoint ? set : word)));
    expect(ended.stderr).toContain('pictures    36 pictures from a zip archive');
    const report = reportOf(made);
    expect(report.published).toMatchObject({ pictures: 36, ofMembers: 6 });
    const rows = readFileSync(join(made.out, 'matches.csv'), 'utf8').trim().split('\n').slice(1);
    expect(rows).toHaveLength(report.published!.above!);
    for (const name of MEMBERS.slice(0, 6)) {
      expect(rows.some((row) => row.startsWith(`${name}.jpg,`) && row.includes(`,member,${name},`))).toBe(true);
    }
    close();
  });

  test('audits weights by the recipe beside them', async () => {
    const { made, command, close } = await served({ real: true });
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
    const ended = await rewound(
      ...command.map((word) => (word === made.checkpoint ? checkpoint : word)),
      '--allow-faceless',
    );
    expect(ended.stdout).toMatch(/^(INVALID|NOT_DETECTED) /);
    expect(reportOf(made).generator).toMatchObject({ file: 'generator.pt', latent: { size: 4096 }, width: 64 });
    close();
  });

  test('goes on after Ctrl-C with the same audit', async () => {
    let letGo: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const { server, account, command } = await served({
      before: (task) => (task === 'probe' ? gate : Promise.resolve()),
    });
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
    expect(await auditsOf(server, account)).toBe(1);
  });

  test('goes on after Ctrl-C with the files that are missing', async () => {
    const { server, account, command } = await served();
    let taken = 0;
    server.meddle = (request) => {
      if (request.url?.startsWith('/uploads/')) taken += 1;
      // The eleventh file and those after it get no answer.
      return taken > 10 && request.url?.startsWith('/uploads/') === true;
    };
    const first = start(...command);
    await expect.poll(() => taken).toBe(14);
    first.signal('SIGINT');
    expect(await first.ended).toMatchObject({
      code: 130,
      stderr: expect.stringMatching(
        /Stopped before everything was uploaded\. The same command goes on from there\.\n$/,
      ),
    });
    server.meddle = () => false;
    const before = uploadsTo(server);
    expect((await rewound(...command, '--quiet', '--fail-on', 'never')).code).toBe(0);
    expect([uploadsTo(server) - before, await auditsOf(server, account)]).toEqual([63, 1]);
  });

  test('a file that does not get through is put again', async () => {
    const { server, command } = await served();
    let broken = 0;
    server.meddle = (request, response) => {
      if (!request.url?.startsWith('/uploads/') || broken === 3) return false;
      broken += 1;
      if (broken === 1) request.socket.destroy();
      else response.writeHead(broken === 2 ? 503 : 403).end();
      return true;
    };
    expect((await rewound(...command, '--quiet', '--fail-on', 'never')).code).toBe(0);
    expect(broken).toBe(3);
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
    const { server, account, command } = await served({ before });
    expectRefused(await rewound(...command, '--quiet'), exit, code);
    state.fails = false;
    expect(await rewound(...command, '--quiet', '--fail-on', 'never')).toMatchObject({ code: 0, stderr: '' });
    expect(await auditsOf(server, account)).toBe(2);
  });

  test('after a day it is a new audit', async () => {
    const { server, account, command } = await served();
    expect((await rewound(...command, '--quiet', '--fail-on', 'never')).code).toBe(0);
    server.hosted.clock.advance(25 * 3_600_000);
    for await (const { path } of server.hosted.context.records.list(`accounts/${account}/requests`)) {
      await server.hosted.context.records.delete(path);
    }
    expect((await rewound(...command, '--quiet', '--fail-on', 'never')).code).toBe(0);
    expect(await auditsOf(server, account)).toBe(2);
  });

  test('embeddings go with labels under pseudonyms, and need no photo', async () => {
    const { server, made, command } = await served();
    const gallery = (name: string, people: number) => {
      const folder = join(made.folder, name);
      mkdirSync(folder);
      const values = Float32Array.from({ length: people * 8 }, (_, i) => Math.sin(i * 7 + people));
      writeFileSync(join(folder, 'anybody.npy'), npy(people, 8, values));
      const rows = Array.from({ length: people }, (_, i) => `"${name}, the ${i}th",portrait-${i}.jpg`);
      writeFileSync(join(folder, 'people.csv'), ['identity,photo', ...rows, ''].join('\n'));
      return folder;
    };
    const [members, controls] = [gallery('romanov', 6), gallery('windsor', 24)];
    const words = command.map((word) => (word === made.members ? members : word === made.controls ? controls : word));
    const ended = await rewound(...words, '--quiet', '--fail-on', 'never');
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(reportOf(made).matches.map(({ identity }) => identity)).toContain('romanov, the 1th');
    const left = await everything(server);
    expect(left.match(/.{0,40}(romanov|windsor|portrait).{0,40}/)?.[0]).toBeUndefined();
    // As many files as embeddings have: two a side, and the checkpoint.
    expect(uploadsTo(server)).toBe(5);
  });

  test('recognizers of the user go along, with the files they keep weights in', async () => {
    const { server, made, command } = await served();
    const folder = join(made.folder, 'arcface');
    mkdirSync(folder);
    writeFileSync(join(folder, 'model.onnx'), externalModel('model.weights'));
    writeFileSync(join(folder, 'model.weights'), new Uint8Array(EXTERNAL_BYTES));
    const look = { size: 112, layout: 'NCHW', mean: 127.5, scale: 128, template: '112', embedding: 8 };
    const card = { name: 'ours', model: 'model.onnx', licence: 'own', ...look };
    writeFileSync(join(folder, 'card.json'), JSON.stringify(card));
    const ended = await rewound(...command, '--quiet', '--fail-on', 'never', '--recognizer', join(folder, 'card.json'));
    expect(ended.stderr).toBe('');
    expect(uploadsTo(server)).toBe(76);
    const [made1] = (await server.hosted.ask(process.env.REWOUND_KEY, 'GET', '/v1/audits')).body.items;
    expect(made1.settings.recognizer).toEqual(['recognizer/0/card.json']);
  });

  test.each([
    ['a key that is not valid', { status: 401, code: 'UNAUTHENTICATED' }, 'UNAUTHENTICATED', 2],
    ['too few credits', { status: 402, code: 'CREDITS_INSUFFICIENT' }, 'CREDITS_INSUFFICIENT', 2],
    ['a defect of the service', { status: 500, code: 'INTERNAL' }, 'INTERNAL', 3],
    ['an error that only newer versions know', { status: 451, code: 'NEW_ERROR' }, 'REQUEST_INVALID', 2],
  ])('%s is said to the user', async (_, { status, code }, said, exit) => {
    const { server, command } = await served();
    server.meddle = (_request, response) => {
      const body = {
        type: 'about:blank',
        title: 'x',
        status,
        detail: 'No.',
        code,
        help: 'Stop.',
        requestId: 'request1',
      };
      response.writeHead(status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(body));
      return true;
    };
    expectRefused(await rewound(...command, '--quiet'), exit, said);
  });
});

/** float32, version 1.0 of the format. */
function npy(rows: number, columns: number, values: Float32Array): Uint8Array {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`;
  const padded = `${header}${' '.repeat(63 - ((10 + header.length) % 64))}\n`;
  const size = Buffer.alloc(2);
  size.writeUInt16LE(padded.length);
  return Buffer.concat([
    Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0]),
    size,
    Buffer.from(padded),
    Buffer.from(values.buffer),
  ]);
}
