import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../shared/onnx/graph.ts';
import { openLocal } from '../../shared/platform/local/index.ts';
import { bareModel } from '../support/bare-model.ts';
import { externalModel } from '../support/external-model.ts';
import { tempDir } from '../support/temp.ts';
import { type Ended, rewound } from './command.ts';
import { type Fixture, fixture } from './fixture.ts';

/** What is wrong and what to do, in two lines, and nothing else. */
function expectRefused({ code, stdout, stderr }: Ended, error: string | RegExp): void {
  expect(stderr).toMatch(/^rewound: .+ \[[A-Z_]+\]\n {9}\S.*\n$/);
  expect(/\[([A-Z_]+)\]\n/.exec(stderr)?.[1]).toMatch(error);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
}

const twoLatents = bareModel({
  inputs: [
    ['z', 'float32', ['n', 8]],
    ['w', 'float32', ['n', 8]],
  ],
  outputs: [['image', 'float32', ['n', 3, 32, 32]]],
});

/** A generator that runs, if with no other batch than this one. */
function fixedBatch(batch: number): Uint8Array {
  const graph = new GraphBuilder('fixed-batch');
  const z = graph.input('z', 'float32', [batch, 3 * 32 * 32]);
  graph.output('image', graph.op('Reshape', [z, graph.ints([-1, 3, 32, 32])]), 'float32', [batch, 3, 32, 32]);
  return graph.model();
}

describe('rewound audit refuses', () => {
  it.each<[string, string | RegExp, (made: Fixture) => void]>([
    ['a file that is not there', 'NOT_FOUND', ({ checkpoint }) => rmSync(checkpoint)],
    ['text', 'CHECKPOINT_UNSUPPORTED', ({ checkpoint }) => writeFileSync(checkpoint, 'not a model')],
    ['an empty file', 'CHECKPOINT_CORRUPT', ({ checkpoint }) => writeFileSync(checkpoint, '')],
    [
      'a model cut short',
      'CHECKPOINT_CORRUPT',
      ({ checkpoint }) => writeFileSync(checkpoint, readFileSync(checkpoint).subarray(0, 100_000)),
    ],
    [
      'a model without its weights',
      'CHECKPOINT_CORRUPT',
      ({ checkpoint }) => writeFileSync(checkpoint, externalModel('weights.bin')),
    ],
    [
      'a model with weights outside its folder',
      'CHECKPOINT_UNSAFE',
      ({ checkpoint }) => writeFileSync(checkpoint, externalModel('../weights.bin')),
    ],
    [
      'a model with weights at an absolute path',
      'CHECKPOINT_UNSAFE',
      ({ checkpoint }) => writeFileSync(checkpoint, externalModel('/etc/hostname')),
    ],
    [
      'a model with several latent inputs',
      'CHECKPOINT_AMBIGUOUS',
      ({ checkpoint }) => writeFileSync(checkpoint, twoLatents),
    ],
    [
      'a model with a batch of a thousand million',
      'CHECKPOINT_UNSUPPORTED',
      ({ checkpoint }) => writeFileSync(checkpoint, fixedBatch(1e9)),
    ],
    ['a card that is not JSON', 'CARD_INVALID', ({ checkpoint }) => writeFileSync(`${checkpoint}.card.json`, '{')],
    [
      'a card that the samples do not fit',
      'GENERATOR_OUTPUT',
      ({ checkpoint }) => writeFileSync(`${checkpoint}.card.json`, '{"image": {"range": [-1, 1]}}'),
    ],
    [
      'a folder without photos',
      /^(GALLERY_EMPTY|NOT_FOUND)$/,
      ({ members }) => {
        rmSync(members, { recursive: true });
        mkdirSync(members);
        writeFileSync(join(members, 'list.txt'), 'no photo');
      },
    ],
    [
      'an empty folder',
      /^(GALLERY_EMPTY|NOT_FOUND)$/,
      ({ members }) => {
        rmSync(members, { recursive: true });
        mkdirSync(members);
      },
    ],
    [
      'a single person',
      'GALLERY_TOO_SMALL',
      ({ members }) => {
        renameSync(join(members, 'm000'), `${members}-one`);
        rmSync(members, { recursive: true });
        cpSync(`${members}-one`, join(members, 'm000'), { recursive: true });
      },
    ],
    [
      'too few controls',
      'GALLERY_TOO_SMALL',
      ({ controls }) => {
        for (const name of ['c000', 'c001', 'c002', 'c003', 'c004']) rmSync(join(controls, name), { recursive: true });
      },
    ],
  ])('%s', async (_, code, spoil) => {
    const made = await fixture();
    spoil(made);
    expectRefused(await rewound(...made.audit, '--quiet'), code);
  });

  it('an option it does not know', async () => {
    expectRefused(await rewound(...(await fixture()).audit, '--epsilon', '1'), 'USAGE');
  });

  it.each(['model.bin', 'model.data', 'model.json', 'model.txt'])('a checkpoint named %s', async (name) => {
    const made = await fixture();
    const checkpoint = join(made.folder, name);
    renameSync(made.checkpoint, checkpoint);
    const ended = await rewound('audit', checkpoint, ...made.audit.slice(2), '--quiet');
    expectRefused(ended, 'USAGE');
    expect(ended.stderr).toContain('.onnx');
  });

  it('a device that is not there', async () => {
    const ended = await rewound(...(await fixture()).audit, '--device', 'cuda', '--quiet');
    if (ended.stderr === '') return;
    expectRefused(ended, 'DEVICE_UNAVAILABLE');
    expect(ended.stderr).toContain('--device cpu');
  });

  it('a recognizer whose model is missing', async () => {
    const made = await fixture();
    const card = join(made.folder, 'recognizer.json');
    const fields = {
      size: 112,
      layout: 'NCHW',
      mean: 127,
      scale: 0.01,
      template: '112',
      embedding: 8,
      licence: 'none',
    };
    writeFileSync(card, JSON.stringify({ name: 'r', model: 'r.onnx', ...fields }));
    expectRefused(await rewound(...made.audit, '--recognizer', card, '--quiet'), 'NOT_FOUND');
  });
});

describe('what is not the fault of the input ends with 3', () => {
  it('a work folder that another process uses', async () => {
    const made = await fixture();
    const other = openLocal({ folder: made.work });
    const { code, stderr } = await rewound(...made.audit, '--quiet');
    other.close();
    expect(code).toBe(3);
    expect(stderr).toMatch(new RegExp(`^rewound: .*process ${process.pid}.* \\[STORAGE_LOCKED\\]\n {9}.*\n$`));
  });
});

describe('rewound', () => {
  it('says on request what it can do', async () => {
    const help = await rewound('--help');
    expect(help).toMatchObject({ code: 0, stderr: '' });
    for (const command of ['audit', 'inspect', 'enrol', 'show', 'serve']) {
      expect(help.stdout).toContain(`rewound ${command} `);
    }
    expect(await rewound('audit', '--help')).toMatchObject({ code: 0, stderr: '' });
  });

  it('alone, or with a command it does not know, ends with 2', async () => {
    expect((await rewound()).code).toBe(2);
    expectRefused(await rewound('forget'), 'USAGE');
  });

  it('inspects a checkpoint without running it', async () => {
    const { checkpoint } = await fixture();
    const { code, stdout, stderr } = await rewound('inspect', checkpoint);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^format +ONNX \(operator set 17\)$/m);
    expect(stdout).toMatch(/^latent +8 values$/m);
    const { stdout: json } = await rewound('inspect', checkpoint, '--json');
    expect(JSON.parse(json)).toMatchObject({
      spec: { latent: { size: 8 } },
      range: null,
      contents: { kind: 'model', opsets: { '': 17 } },
    });
  });

  it.each<[string, Uint8Array | undefined, string]>([
    ['not there', undefined, 'NOT_FOUND'],
    ['no model', new TextEncoder().encode('text'), 'CHECKPOINT_UNSUPPORTED'],
    ['of several latents', twoLatents, 'CHECKPOINT_AMBIGUOUS'],
  ])('refuses to inspect a checkpoint that is %s', async (_, bytes, code) => {
    const { folder } = await fixture();
    const path = join(folder, 'other.onnx');
    if (bytes) writeFileSync(path, bytes);
    expectRefused(await rewound('inspect', path), code);
  });

  it('takes no folder for a checkpoint', async () => {
    const { members, out, work } = await fixture();
    const folder = tempDir();
    writeFileSync(join(folder, 'generator.pt'), 'weights');
    for (const args of [
      ['inspect', folder],
      ['audit', folder, '--members', members, '--out', out, '--work', work],
    ]) {
      const ended = await rewound(...args);
      expectRefused(ended, 'PICTURES_INVALID');
      expect(ended.stderr).toContain('To audit a checkpoint in it, give the path of its file.');
    }
    const enrolled = await rewound('enrol', members, '--out', out, '--work', work, '--checkpoint', folder);
    expectRefused(enrolled, 'USAGE');
    expect(enrolled.stderr).toContain('is a folder');
  });

  it('shows nothing of a folder without a report', async () => {
    expectRefused(await rewound('show', (await fixture()).folder, '--seed', '1'), 'NOT_FOUND');
  });

  it('enrols nothing from a folder that is not there', async () => {
    const { folder, out, work } = await fixture();
    expectRefused(await rewound('enrol', join(folder, 'nobody'), '--out', out, '--work', work), 'NOT_FOUND');
  });
});
