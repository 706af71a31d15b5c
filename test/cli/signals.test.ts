import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { interruptible } from '../../scripts/cli/interrupt.ts';
import { start } from './command.ts';
import { fixture } from './fixture.ts';

/* A signal at any moment ends the real command with 130 and a sentence, never as a defect; the next run goes on. */

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

describe('an audit that is asked to end', () => {
  it.each([
    ...SIGNALS.map((signal) => [signal, 'in the engine', /^probe: \d/m] as const),
    ['SIGTERM', 'while it plans', /^plan: \d/m] as const,
    ['SIGHUP', 'while it embeds photos', /^enrol: \d/m] as const,
    ['SIGTERM', 'while it writes the report', /^report: \d/m] as const,
  ])('by %s %s', async (signal, _, moment) => {
    const made = await fixture();
    const first = start(...made.audit);
    await first.says(moment);
    first.signal(signal);
    const { code, stdout, stderr } = await first.ended;
    expect(stderr).not.toMatch(/INTERNAL|defect|rewound: /);
    // It may have come to its end before it could hear.
    if (code === 1) return expect(stdout).toMatch(/^LEAKAGE/);
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
    expect(stderr).toMatch(/Stopped\. What is finished is kept: the same command resumes\.\n$/);
    expect(readdirSync(made.folder)).not.toContain('out');
  });

  it.each(SIGNALS)('by %s while it lists files, before it has said anything', async (signal) => {
    const made = await fixture();
    // Folders to be listed, which takes a while.
    for (let i = 0; i < 2000; i++) mkdirSync(join(made.members, `p${i}`));
    const run = start(...made.audit);
    await expect.poll(() => existsSync(join(made.work, '.rewound-state/owner'))).toBe(true);
    run.signal(signal);
    expect(await run.ended).toEqual({
      code: 130,
      stdout: '',
      stderr: 'Stopped. What is finished is kept: the same command resumes.\n',
    });
  });
});

it.each(SIGNALS)('other commands end with words too: %s', async (signal) => {
  const made = await fixture();
  const run = start('enrol', made.members, '--out', made.out, '--work', made.work);
  await run.says(/^enrol: /m);
  run.signal(signal);
  const { code, stdout, stderr } = await run.ended;
  expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
  expect(stderr).toMatch(/rewound: The command was stopped\. \[CANCELLED\]\n {9}\S.*\n$/);
});

test('work that may be interrupted gives its result, and its own error', async () => {
  expect(await interruptible(async () => 7)).toBe(7);
  await expect(interruptible(async () => Promise.reject(new Error('of its own')))).rejects.toThrow('of its own');
});
