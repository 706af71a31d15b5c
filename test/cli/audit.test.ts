import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { parseReport } from '../../shared/report/json.ts';
import { copyPeople, people } from '../support/demo.ts';
import { rewound, start } from './command.ts';
import { type Fixture, fixture, MEMBERS } from './fixture.ts';

/** report.json but for what may differ from run to run. */
function reportOf({ out }: Fixture) {
  const { timing: _timing, ...report } = parseReport(readFileSync(join(out, 'report.json'), 'utf8'));
  return report;
}

describe('rewound audit', () => {
  it('of a generator that gives people away ends with 1, and everything it says has its place', async () => {
    const made = await fixture();
    const plain = await rewound(...made.audit);
    expect(plain.code).toBe(1);
    expect(plain.stdout).toMatch(/^LEAKAGE /);
    expect(plain.stdout).toContain(join(made.out, 'report.html'));
    expect(plain.stderr).toMatch(/^plan: .*\n[\s\S]*^probe: 96 of 96 samples/m);
    expect(existsSync(join(made.out, 'report.html'))).toBe(true);
    const report = reportOf(made);
    expect(report.matches[0]).toMatchObject({ role: 'members', revealed: true });

    // The same command again only reads the result: as data, in silence, and without failing.
    const again = await rewound(...made.audit, '--json', '--quiet', '--fail-on', 'never');
    expect(again).toMatchObject({ code: 0, stderr: '' });
    expect(parseReport(again.stdout)).toMatchObject(report);

    const seed = report.matches[0]!.seed;
    const shown = await rewound('show', made.out, '--seed', String(seed), '--nearest', '3');
    expect(shown.code).toBe(0);
    const [file, nearest] = shown.stdout.split('\n');
    expect(file).toBe(join(made.out, `seed-${seed}.png`));
    expect(nearest).toMatch(new RegExp(`^ {2}[01]\\.\\d{4} {2}member {3}${report.matches[0]!.identity}/`));
    expect(await sharp(file).metadata()).toMatchObject({ format: 'png', width: 4 * 272 + 32, height: 256 + 32 });
  });

  it('with members and controls swapped never ends with 1; without controls with 4', async () => {
    const made = await fixture();
    const { members, controls, audit } = made;
    copyPeople(members, people('members', 20, 20));
    const swap = (argument: string) => (argument === members ? controls : argument === controls ? members : argument);
    const swapped = await rewound(...audit.map(swap), '--quiet');
    expect(swapped).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/^NOT_DETECTED /) });

    const alone = await rewound(
      ...audit.filter((argument) => argument !== '--controls' && argument !== controls),
      '--quiet',
    );
    expect(alone).toMatchObject({ code: 4, stderr: '', stdout: expect.stringMatching(/^RESEMBLANCE_ONLY /) });
  });

  it('that is killed with all its processes goes on where it stood, to the same report', async () => {
    const made = await fixture();
    const long = [...made.audit, '--samples', '512', '--shards', '16'];
    const first = start(...long);
    await first.says(/^probe: \d/m);
    first.kill();
    await first.ended;
    const second = await rewound(...long);
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(/Resuming: \d+ of 16 shards are finished/);
    const resumed = reportOf(made);

    rmSync(made.work, { recursive: true });
    rmSync(made.out, { recursive: true });
    expect((await rewound(...long, '--quiet')).code).toBe(1);
    expect(reportOf(made)).toEqual(resumed);
  });

  it('stops cleanly at Ctrl-C, and says how to go on', async () => {
    const made = await fixture();
    const long = [...made.audit, '--samples', '512', '--shards', '16'];
    const first = start(...long);
    await first.says(/^probe: \d/m);
    first.signal('SIGINT');
    expect(await first.ended).toMatchObject({
      code: 130,
      stdout: '',
      stderr: expect.stringContaining('the same command resumes'),
    });
    const second = await rewound(...long);
    expect(second).toMatchObject({ code: 1, stderr: expect.stringMatching(/Resuming: \d+ of 16 shards/) });
  });

  it('goes on without photos that cannot be read, and counts them; if most cannot, it says so', async () => {
    const made = await fixture();
    const broken = (name: string) => writeFileSync(join(made.members, name, 'broken.jpg'), `no photo of ${name}`);
    for (const name of MEMBERS.slice(0, 3)) broken(name);
    const { code, stdout } = await rewound(...made.audit, '--quiet', '--json');
    expect(code).toBe(1);
    expect(parseReport(stdout).members).toMatchObject({ photos: 27, unreadable: 3, identities: 12 });

    for (const name of MEMBERS) {
      for (const photo of ['00.jpg', 'broken.jpg']) writeFileSync(join(made.members, name, photo), `${name} ${photo}`);
    }
    expect(await rewound(...made.audit, '--quiet')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^rewound: .* \[GALLERY_UNREADABLE\]\n {9}.*\n$/),
    });
  });

  it('excludes who stands on both sides, and counts them', async () => {
    const made = await fixture();
    copyPeople(made.controls, [MEMBERS[11]!]);
    const { stdout } = await rewound(...made.audit, '--quiet', '--json');
    const { members, controls } = parseReport(stdout);
    expect([members, controls]).toMatchObject([
      { identities: 11, overlapping: 1 },
      { identities: 24, overlapping: 1 },
    ]);
  });
});

describe('rewound enrol', () => {
  it('makes a gallery that stands for the photos', async () => {
    const made = await fixture();
    const gallery = join(made.folder, 'gallery');
    const enrolled = await rewound(
      ...['enrol', made.members, '--out', gallery, '--checkpoint', made.checkpoint, '--work', made.work, '--quiet'],
    );
    expect(enrolled).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringMatching(/^24 photos of 12 people in /),
    });
    for (const file of ['embeddings.npy', 'labels.csv', 'gallery.json']) {
      expect(existsSync(join(gallery, file))).toBe(true);
    }
    const audit = made.audit.map((argument) => (argument === made.members ? gallery : argument));
    const { code, stdout } = await rewound(...audit, '--quiet', '--json');
    expect(code).toBe(1);
    expect(parseReport(stdout).members).toMatchObject({ identities: 12, photos: 24 });
  });

  it('without a checkpoint makes one that is refused where faces are smaller', async () => {
    const made = await fixture();
    const gallery = join(made.folder, 'gallery');
    await rewound('enrol', made.members, '--out', gallery, '--work', made.work, '--quiet');
    const audit = made.audit.map((argument) => (argument === made.members ? gallery : argument));
    expect(await rewound(...audit, '--quiet')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('[GALLERY_MISMATCH]'),
    });
  });
});
