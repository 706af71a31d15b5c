import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { parseReport } from '../../shared/report/json.ts';
import { zipOf } from '../support/collection/archives.ts';
import { copyPeople, demoPhoto, people } from '../support/demo.ts';
import { tempDir } from '../support/temp.ts';
import { rewound } from './command.ts';

const MEMBERS = people('members', 0, 24);
const CONTROLS = people('controls', 0, 40);
/** The pictures of these are of strangers; of these members a copy is among them, of another size and quality. */
const STRANGERS = people('controls', 60, 40);
const COPIED = MEMBERS.slice(0, 15);

interface Picture {
  readonly name: string;
  readonly bytes: Uint8Array;
}

async function pictures(): Promise<Picture[]> {
  const strangers = STRANGERS.flatMap((name) =>
    [0, 1].map((photo) => ({ name: `made/${name}-${photo}.jpg`, bytes: readFileSync(demoPhoto(name, photo)) })),
  );
  const copies = await Promise.all(
    COPIED.flatMap((name) =>
      [0, 1].map(async (photo) => ({
        name: `made/copy of ${name}-${photo}.webp`,
        bytes: await sharp(demoPhoto(name, photo)).resize(72, 72).webp({ quality: 90 }).toBuffer(),
      })),
    ),
  );
  return [...strangers, ...copies];
}

function folderOf(files: readonly Picture[]): string {
  const folder = tempDir();
  for (const { name, bytes } of files) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
  return folder;
}

function asked(source: readonly string[], out: string) {
  const root = tempDir();
  return [
    ...['audit', ...source, '--members', copyPeople(join(root, 'm'), MEMBERS, 3)],
    ...['--controls', copyPeople(join(root, 'c'), CONTROLS, 3), '--out', out, '--work', join(root, 'w')],
  ];
}

describe('rewound audit PICTURES', () => {
  it('finds the members whose copies are in the set, and withhold lists these pictures by one rule for everybody', async () => {
    const [all, out] = [await pictures(), join(tempDir(), 'out')];
    const { stdout, stderr, code } = await rewound(...asked([folderOf(all)], out));
    expect(stderr).toMatch(/^pictures {4}110 pictures in a folder; they take the place of a generator$/m);
    expect([code, stdout.slice(0, 8)], stdout).toEqual([1, 'LEAKAGE ']);
    expect(stdout).toContain('This set of pictures gives away people its generator was trained on.');
    expect(stdout).toMatch(/every picture of the set was searched/);
    const report = parseReport(readFileSync(join(out, 'report.json'), 'utf8'));
    const revealed = report.matches.filter(({ role, revealed: above }) => role === 'members' && above);
    expect(revealed.map(({ identity }) => identity).sort()).toEqual([...COPIED].sort());
    for (const { identity, picture } of revealed) expect(picture).toContain(`copy of ${identity}`);

    const list = join(tempDir(), 'withhold.txt');
    expect(await rewound('withhold', out, '--to', list)).toMatchObject({ code: 0 });
    const withheld = readFileSync(list, 'utf8').trim().split('\n');
    for (const { name } of all.filter((one) => one.name.includes('copy of'))) expect(withheld).toContain(name);
    const rows = readFileSync(join(out, 'matches.csv'), 'utf8').trim().split('\n').slice(1);
    expect(new Set(rows.map((row) => row.split(',')[0]!.replaceAll('"', '')))).toEqual(new Set(withheld));

    const { stdout: shown } = await rewound('show', out, '--picture', revealed[0]!.picture!);
    expect(shown).toContain(revealed[0]!.identity);
    expect(await rewound('show', out, '--picture', 'made/none.jpg')).toMatchObject({ code: 2 });
    expect((await rewound('show', out)).stderr).toContain('Give --seed N, or --picture NAME');
  });

  it('says what a set is, and shows some of it', async () => {
    const zip = join(tempDir(), 'release.zip');
    writeFileSync(zip, zipOf((await pictures()).slice(0, 40)));
    const sheet = join(tempDir(), 'sheet.html');
    const { code, stdout, stderr } = await rewound('inspect', zip, '--samples', sheet);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: 'pictures    40 pictures from a zip archive; they take the place of a generator\n',
    });
    expect(stderr).toContain('40 of 40 pictures.');
    expect(readFileSync(sheet, 'utf8').match(/<img /g)).toHaveLength(40);
    expect(JSON.parse((await rewound('inspect', zip, '--json')).stdout)).toMatchObject({
      kind: 'pictures',
      pictures: 40,
    });
  });

  it.each([
    [
      'a folder without a picture',
      [{ name: 'notes.txt', bytes: Buffer.from('x') }],
      /holds no picture that can be read/,
    ],
    ['one picture', [{ name: '1.jpg', bytes: readFileSync(demoPhoto('c000', 0)) }], /1 different pictures/],
  ])('refuses %s', async (_, files, message) => {
    const { code, stderr } = await rewound(...asked([folderOf(files)], tempDir()));
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });

  it('withholds nothing of a generator', async () => {
    const { code, stderr } = await rewound('withhold', tempDir(), '--to', join(tempDir(), 'list'));
    expect(code).toBe(2);
    expect(stderr).toContain('report.json');
  });
});

/** Copies the picture of each seed into {out}; a seed beyond the last begins again. */
const PYTHON = `
import os, shutil, sys
seeds, out, source = sys.argv[1:4]
files = sorted(os.listdir(source))
for seed in map(int, seeds.split(',')):
    shutil.copy(os.path.join(source, files[seed % len(files)]), os.path.join(out, 'seed%06d.jpg' % seed))
print('made', seeds.count(',') + 1)
`;
const SHELL = `#!/bin/sh
set -e
n=$(ls "$4" | wc -l)
for seed in $(seq "$1" "$2"); do
  file=$(ls "$4" | sed -n "$((seed % n + 1))p")
  cp "$4/$file" "$3/picture-$seed.jpg"
done
`;

describe('rewound audit --generate', () => {
  /** A folder with a picture for each of 40 samples, most of strangers and some of members. */
  function source(): string {
    const folder = tempDir();
    const photos = [...STRANGERS.slice(0, 28), ...MEMBERS.slice(0, 12)].map((name) => demoPhoto(name, 0));
    for (const [i, path] of photos.entries())
      writeFileSync(join(folder, `${String(i).padStart(2, '0')}.jpg`), readFileSync(path));
    return folder;
  }
  const script = (text: string, name: string) => {
    const path = join(tempDir(), name);
    writeFileSync(path, text);
    chmodSync(path, 0o755);
    return path;
  };
  const few = ['--samples', '120', '--fresh', '40', '--no-pictures', '--shards', '2'];

  it('audits what a Python script and a shell script make, alike, and shows a seed again', async () => {
    const from = source();
    const python = `python3 ${script(PYTHON, 'make.py')} {seeds} {out} ${from}`;
    const shell = `${script(SHELL, 'make.sh')} {first} {last} {out} ${from}`;
    const reports = [];
    for (const command of [python, shell]) {
      const out = join(tempDir(), 'out');
      const ended = await rewound(...asked(['--generate', command], out), ...few);
      expect([ended.code, ended.stdout.slice(0, 7)], ended.stderr).toEqual([1, 'LEAKAGE']);
      expect(ended.stderr).toMatch(/^samples {5}made by the command that was given/m);
      const report = parseReport(readFileSync(join(out, 'report.json'), 'utf8'));
      expect(report.generator).toMatchObject({ format: 'made by a command', latent: null, width: 64 });
      expect(JSON.stringify(report)).not.toContain(from);
      reports.push({ auc: report.auc, matches: report.matches });
      const { stdout } = await rewound('show', out, '--seed', '30', '--generate', command);
      expect(stdout).toMatch(/member {3}m\d/);
      expect((await rewound('show', out, '--seed', '30')).stderr).toContain(
        'Give the same command again with --generate',
      );
    }
    expect(reports[1]).toEqual(reports[0]);
  });

  it.each([
    [
      'fails',
      'echo loading; echo no memory >&2; exit 7',
      /ended with exit code 7\. Its last lines: loading \| no memory/,
    ],
    ['is not there', '/no/such/program {seeds} {out}', /ended with exit code 127/],
    [
      'leaves too few',
      'for s in $(echo {seeds} | tr , " " | cut -d" " -f1-9); do cp SOURCE/00.jpg {out}/$s.jpg; done',
      /left 9 of 64 pictures; the first that is missing is that of seed 9/,
    ],
    [
      'leaves too many',
      'for s in $(echo {seeds},999999 | tr , " "); do cp SOURCE/00.jpg {out}/$s.jpg; done',
      /left a file that is the picture of no seed/,
    ],
    [
      'leaves two of a seed',
      'for s in $(echo {seeds} | tr , " "); do cp SOURCE/00.jpg {out}/$s.jpg; cp SOURCE/00.jpg {out}/again$s.jpg; done',
      /left two pictures of seed/,
    ],
    [
      'leaves what cannot be read',
      'for s in $(echo {seeds} | tr , " "); do echo no picture > {out}/$s.png; done',
      /left 64 of 64 pictures that cannot be read/,
    ],
  ])('ends with the last lines of a command that %s', async (_, line, message) => {
    const command = `: {seeds} {out}; ${line.replaceAll('SOURCE', source())}`;
    const { code, stderr } = await rewound(...asked(['--generate', command], tempDir()), ...few);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });

  it.each([
    [['--generate', 'make {seeds}'], /needs \{out\} and \{seeds\}/],
    [['--generate', 'make {first} {out}'], /needs \{out\} and \{seeds\}/],
    [['generator.onnx', '--generate', 'make {seeds} {out}'], /takes the place of a checkpoint/],
    [['--generate', 'make {seeds} {out}', '--remote', '--attest', 'owner'], /runs on this machine alone/],
  ])('refuses %j', async (source, message) => {
    const { code, stderr } = await rewound(...asked(source, tempDir()));
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});
