import { appendFileSync, copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { parseReport } from '../../shared/report/json.ts';
import { tinyGenerator } from '../support/tiny-generator.ts';
import { start } from './command.ts';
import { bucket } from './fixture.ts';

const serve = (folder: string, settle = 1) => start('serve', folder, '--settle', String(settle), '--port', '0');
const reports = (folder: string) =>
  readdirSync(join(folder, 'report')).map((audit) =>
    parseReport(readFileSync(join(folder, 'report', audit, 'report.json'), 'utf8')),
  );

describe('rewound serve', () => {
  it('audits what is dropped, reports what is broken, and lives on', async () => {
    const { folder, checkpoints, fixture } = await bucket();
    const service = serve(folder);
    await service.says(/Watching/);
    writeFileSync(join(checkpoints, 'broken.onnx'), 'not a model');
    await service.says(/^broken\.onnx: REJECTED: .*\[CHECKPOINT_UNSUPPORTED\]/m);
    copyFileSync(fixture.checkpoint, join(checkpoints, 'replay.onnx'));
    await service.says(/^replay\.onnx: LEAKAGE: .*report\.html$/m);
    expect(reports(folder)).toMatchObject([{ verdict: 'LEAKAGE', generator: { file: 'replay.onnx' } }]);
    service.signal('SIGTERM');
    expect(await service.ended).toMatchObject({ code: 0, stdout: '' });
  });

  it('waits for a file that is still being copied', async () => {
    const { folder, checkpoints } = await bucket();
    const whole = tinyGenerator({ side: 48 });
    // Much longer than a pause between two pieces, also on a busy machine.
    const service = serve(folder, 4);
    await service.says(/Watching/);
    const slow = join(checkpoints, 'slow.onnx');
    writeFileSync(join(checkpoints, 'hidden.onnx.part'), whole);
    writeFileSync(slow, whole.subarray(0, 1000));
    for (let at = 1000; at < whole.length; at += Math.ceil(whole.length / 8)) {
      await pause(400);
      expect(service.said()).not.toContain('auditing');
      appendFileSync(slow, whole.subarray(at, at + Math.ceil(whole.length / 8)));
    }
    await service.says(/^slow\.onnx: (NOT_DETECTED|INVALID): /m);
    expect(service.said()).not.toContain('hidden');
    expect(reports(folder)).toHaveLength(1);
  });

  it('that is killed goes on when it is started again', async () => {
    const { folder, checkpoints, fixture } = await bucket();
    writeFileSync(
      join(folder, 'drop/tenant/project/project.json'),
      JSON.stringify({ samples: 640, batch: 32, shards: 20, pictures: false }),
    );
    copyFileSync(fixture.checkpoint, join(checkpoints, 'replay.onnx'));
    const first = serve(folder);
    await first.says(/auditing replay\.onnx/);
    await pause(3000);
    first.kill();
    await first.ended;
    const second = serve(folder);
    await second.says(/^replay\.onnx: LEAKAGE: /m);
    expect(reports(folder)).toHaveLength(1);
  });

  it.each([
    ['--origin', 'nonsense'],
    ['--origin', 'https://a.example/path'],
  ])('ends with a reason where it cannot serve: %s %s', async (...options) => {
    const { folder } = await bucket();
    const ended = await start('serve', folder, '--port', '0', ...options).ended;
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toContain('REWOUND_ORIGIN');
  });
});
