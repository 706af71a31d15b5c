import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type AuditRequest, parseAudit } from '../../scripts/cli/audit-request.ts';
import { tempDir } from '../support/temp.ts';

/** Parses the options of an audit of a file and a folder that are there. */
function parse(...args: string[]): Promise<AuditRequest> {
  const folder = tempDir();
  const checkpoint = join(folder, 'g.onnx');
  writeFileSync(checkpoint, '');
  return parseAudit([checkpoint, '--members', folder, ...args]);
}

it('an audit has the defaults that its help states', async () => {
  expect(await parse()).toMatchObject({
    key: 'drop/local/audit/checkpoints/g.onnx',
    settings: { samples: 50_000, seed: 0, k: 10, batch: 64, pictures: true },
    device: 'cpu',
    out: join(process.cwd(), 'rewound-report'),
    work: join(process.cwd(), '.rewound'),
    json: false,
    quiet: false,
    failOn: 'leakage',
  });
});

it.each<[string[], object]>([
  [['--quick'], { samples: 10_000 }],
  [['--quick', '--samples', '300'], { samples: 300 }],
  [['--samples', '1_000_000'], { samples: 1_000_000 }],
  [['--seed', '4294907296'], { seed: 4294907296 }],
  [['--seed', '4294967040', '--samples', '1'], { seed: 4294967040, samples: 1 }],
  [['--shards', '7', '--k', '3', '--batch', '8'], { shards: 7, k: 3, batch: 8 }],
  [['--latent', 'normal'], { card: { latent: { distribution: 'normal' } } }],
  [['--latent', 'uniform:-2:0.5'], { card: { latent: { distribution: 'uniform', low: -2, high: 0.5 } } }],
  [['--no-pictures'], { pictures: false }],
])('%j sets %j', async (args, settings) => {
  expect((await parse(...args)).settings).toMatchObject(settings);
});

it.each([
  [['--latent', 'cauchy']],
  [['--latent', 'uniform']],
  [['--latent', 'uniform:1:-1']],
  [['--latent', 'uniform:0:1:2']],
  [['--latent', 'uniform::1']],
  [['--samples', 'many']],
  [['--samples', '0']],
  [['--samples', '1.5']],
  [['--samples', '']],
  [['--seed', '-1']],
  [['--seed', '4294967296']],
  [['--seed', '4294907297']],
  [['--seed', '4294967041', '--samples', '1']],
  [['--batch', '0']],
  [['--k', '101']],
  [['--device', 'abacus']],
  [['--fail-on', 'mondays']],
  [['other.onnx']],
  [['--members']],
])('%j is USAGE', async (args) => {
  await expect(parse(...args)).rejects.toMatchObject({ code: 'USAGE', help: expect.stringMatching(/\.$/) });
});

it('members must be given, and be there', async () => {
  const folder = tempDir();
  const checkpoint = join(folder, 'g.onnx');
  writeFileSync(checkpoint, '');
  await expect(parseAudit([checkpoint])).rejects.toMatchObject({ code: 'USAGE' });
  await expect(parseAudit([checkpoint, '--members', join(folder, 'nobody')])).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
  await expect(parseAudit([join(folder, 'no.onnx'), '--members', folder])).rejects.toMatchObject({ code: 'NOT_FOUND' });
});
