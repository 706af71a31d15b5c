import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startService } from '../../support/emulators/process.ts';

/** A program that serves like an emulator, as a shell that starts another program. */
const SERVER = (port: number) => [
  'sh',
  '-c',
  `"$1" -e 'require("node:http").createServer().listen(${port}, "127.0.0.1", () => console.log("up", process.pid))'; :`,
  'sh',
  process.execPath,
];

const isUp = (port: number) =>
  fetch(`http://127.0.0.1:${port}`, { signal: AbortSignal.timeout(500) }).then(
    () => true,
    (error: Error) => error.name === 'TimeoutError',
  );

test('a service ends when it is stopped', async () => {
  const service = await startService({ command: SERVER, ready: /up/ });
  expect(await isUp(service.port)).toBe(true);
  await service.stop();
  await expect.poll(() => isUp(service.port)).toBe(false);
});

test('a service ends when the process that started it is killed', async () => {
  const module = join(import.meta.dirname, '../../support/emulators/process.ts');
  const script = `
    import { startService } from ${JSON.stringify(module)};
    const command = (port) => [process.execPath, '-e', \`require("node:http").createServer().listen(\${port}, "127.0.0.1", () => console.log("up"))\`];
    console.log((await startService({ command, ready: /up/ })).port);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [printed] = await once(child.stdout, 'data');
  const port = Number(String(printed));
  expect(await isUp(port)).toBe(true);
  child.kill('SIGKILL');
  await expect.poll(() => isUp(port)).toBe(false);
});

test('a program that ends at once is said with what it printed', async () => {
  const command = () => ['sh', '-c', 'echo no room >&2'];
  await expect(startService({ command, ready: /up/ })).rejects.toThrow('no room');
});
