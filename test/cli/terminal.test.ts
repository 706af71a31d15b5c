import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { bareModel } from '../support/bare-model.ts';
import { Call, Global, pickle } from '../support/checkpoint/pickler.ts';
import { floatTensor, torchZip } from '../support/checkpoint/torch-writer.ts';
import { tempDir } from '../support/temp.ts';
import { type Ended, rewound, start } from './command.ts';
import { bucket, fixture } from './fixture.ts';

/* What names in files, folders, arguments and answers of a server can do to the terminal of the real command: nothing. */

const EVIL = 'x\u001b[2J\u0007\u009b31m\u007f\u202ey\u2028\u200b\u{e0041}\nrewound: all is well [OK]\r';
/** Such as a file can be called. */
const NAME = EVIL.replace('\n', '').replace('\r', '');

/** Control characters but line breaks, and what hides or turns text. */
const FORBIDDEN = /[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]|(?!\n)\p{Cc}/gu;

afterEach(() => vi.unstubAllEnvs());

function expectHarmless({ stdout, stderr }: Ended, shown: 'stdout' | 'stderr'): void {
  expect(stdout.match(FORBIDDEN) ?? []).toEqual([]);
  expect(stderr.match(FORBIDDEN) ?? []).toEqual([]);
  expect({ stdout, stderr }[shown]).toContain('\\u001b[2J\\u0007\\u009b31m');
  // No value begins a line that looks like one of ours.
  expect(`${stdout}${stderr}`).not.toMatch(/^rewound: all is well/m);
}

function expectRefused(ended: Ended, code: string): void {
  expectHarmless(ended, 'stderr');
  expect(ended.stderr).toMatch(/^rewound: .+ \[[A-Z_]+\]\n {9}\S.*\n$/);
  expect(ended.stderr).toContain(`[${code}]`);
}

function file(name: string, bytes: Uint8Array | string): string {
  const path = join(tempDir(), name);
  writeFileSync(path, bytes);
  return path;
}

function safetensors(names: readonly string[], metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const entries = names.map((name, i) => [name, { dtype: 'F32', shape: [1], data_offsets: [4 * i, 4 * i + 4] }]);
  const header = Buffer.from(JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, Buffer.alloc(4 * names.length)]);
}

describe('no byte that acts on a terminal comes', () => {
  it('from the names of inputs of an ONNX model', async () => {
    const model = bareModel({
      inputs: [
        [EVIL, 'float32', ['n', 8]],
        ['w', 'float32', ['n', 8]],
      ],
      outputs: [['image', 'float32', ['n', 3, 32, 32]]],
    });
    expectRefused(await rewound('inspect', file('a.onnx', model)), 'CHECKPOINT_AMBIGUOUS');
  });

  it('from what an ONNX model says of itself, as text or as JSON', async () => {
    const path = file(
      'a.onnx',
      bareModel({ inputs: [[EVIL, 'float32', ['n', 8]]], outputs: [[`o${EVIL}`, 'float32', ['n', 3, 32, 32]]] }),
    );
    expectHarmless(await rewound('inspect', path), 'stdout');
    const json = await rewound('inspect', path, '--json');
    expectHarmless(json, 'stdout');
    expect(JSON.parse(json.stdout)).toMatchObject({ spec: { latent: { input: EVIL }, image: { output: `o${EVIL}` } } });
  });

  it('from names of code in a pickle', async () => {
    const name = NAME.replaceAll(/[^\x20-\x7e]/g, '') + EVIL;
    const { stdout, stderr } = await rewound('inspect', file('a.pkl', pickle(new Call(new Global('os', name), []), 4)));
    expect(`${stdout}${stderr}`.match(FORBIDDEN) ?? []).toEqual([]);
    expect(stderr).toMatch(/^rewound: .*os\.x.* \[CHECKPOINT_[A-Z]+\]\n {9}\S.*\n$/);
  });

  it('from names of tensors of a state dict', async () => {
    const path = file('a.pt', torchZip({ [`${EVIL}.weight`]: floatTensor([1], [1]) }, 'archive'));
    const ended = await rewound('inspect', path);
    expect(`${ended.stdout}${ended.stderr}`.match(FORBIDDEN) ?? []).toEqual([]);
    expect(ended.stderr).toMatch(/^rewound: .+ \[[A-Z_]+\]\n {9}\S.*\n$/);
  });

  it('from a header of safetensors', async () => {
    const ended = await rewound('inspect', file('a.safetensors', safetensors([EVIL, 'b'], { [EVIL]: EVIL })));
    expect(`${ended.stdout}${ended.stderr}`.match(FORBIDDEN) ?? []).toEqual([]);
    expect(ended.stderr).toMatch(/^rewound: .+ \[[A-Z_]+\]\n {9}\S.*\n$/);
  });

  it('from a card', async () => {
    const { checkpoint } = await fixture();
    writeFileSync(`${checkpoint}.card.json`, JSON.stringify({ [EVIL]: 1 }));
    expectRefused(await rewound('inspect', checkpoint), 'CARD_INVALID');
    writeFileSync(`${checkpoint}.card.json`, JSON.stringify({ latent: { input: EVIL } }));
    expectRefused(await rewound('inspect', checkpoint), 'CHECKPOINT_AMBIGUOUS');
  });

  it('from arguments', async () => {
    expectRefused(await rewound(EVIL), 'USAGE');
    expectRefused(await rewound('inspect', join(tempDir(), EVIL)), 'NOT_FOUND');
    expectRefused(await rewound('audit', 'a.onnx', `--${EVIL}`), 'USAGE');
    expectRefused(await rewound('audit', 'a.onnx', EVIL), 'USAGE');
  });

  it('from names of people and photos', async () => {
    const made = await fixture();
    const person = join(made.members, NAME);
    mkdirSync(person);
    writeFileSync(join(person, `${NAME}.jpg`), 'no photo');
    const out = join(made.folder, NAME);
    const ended = await rewound(
      'enrol',
      made.members,
      '--out',
      out,
      '--work',
      made.work,
      '--checkpoint',
      made.checkpoint,
    );
    expect(ended.code).toBe(0);
    expectHarmless(ended, 'stdout');
  });

  it('from what is put into the folder of serve', async () => {
    const { checkpoints } = await bucket();
    writeFileSync(join(checkpoints, `${NAME}.onnx`), bareModel({ inputs: [], outputs: [] }));
    const serving = start('serve', join(checkpoints, '../../../..'), '--port', '0', '--settle', '0');
    await serving.says(/REJECTED: /);
    serving.signal('SIGTERM');
    expectHarmless(await serving.ended, 'stderr');
  });

  it('from the answers of a server', async () => {
    const made = await fixture();
    const server = createServer((request, response) => {
      request.resume();
      response.writeHead(422, { 'content-type': 'application/problem+json' });
      response.end(JSON.stringify({ title: EVIL, status: 422, detail: EVIL, code: EVIL, help: EVIL }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    vi.stubEnv('REWOUND_API', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    vi.stubEnv('REWOUND_KEY', 'rwk_a');
    const ended = await rewound(...made.audit, '--remote', '--attest', 'owner');
    expectHarmless(ended, 'stderr');
    expect(ended.code).not.toBe(0);
  });
});
