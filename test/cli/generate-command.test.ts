import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { generateWith } from '../../scripts/cli/generate-command.ts';
import { eventually } from '../support/eventually.ts';
import { tempDir } from '../support/temp.ts';

const never = new AbortController().signal;

it('ends a command that hangs, with all that it has started', async () => {
  const folder = tempDir();
  const pid = join(folder, 'pid');
  const command = `echo waiting for the device; sh -c 'echo $$ > ${pid}; sleep 1000' & sleep 1000; : {seeds} {out}`;
  const made = generateWith(command, { signal: never, silenceMs: 500 })([1, 2], tempDir());
  await expect(made).rejects.toMatchObject({
    code: 'COMMAND_FAILED',
    message: expect.stringMatching(/was silent for \d+ s, and was ended\. Its last lines: waiting for the device/),
  });
  expect(existsSync(pid)).toBe(true);
});

it('ends a command when the audit is stopped', async () => {
  const stop = new AbortController();
  const folder = tempDir();
  const made = generateWith(`touch ${folder}/begun; sleep 1000; : {seeds} {out}`, { signal: stop.signal })([1], folder);
  const ended = expect(made).rejects.toMatchObject({ code: 'CANCELLED', transient: true });
  await eventually(() => expect(existsSync(join(folder, 'begun'))).toBe(true));
  stop.abort();
  await ended;
});

it('calls a command that takes ranges once for each', async () => {
  const folder = tempDir();
  const command = `echo {first}-{last} >> ${folder}/calls; : {out}`;
  await generateWith(command, { signal: never })([1, 2, 3, 7, 9, 10], tempDir());
  expect(readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n')).toEqual(['1-3', '7-7', '9-10']);
});
