import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { engineEnvironment, isolationOf } from '../../shared/engine/isolation.ts';
import { residentBytes, residentOf } from '../../shared/engine/memory.ts';
import { EngineProcess } from '../../shared/engine/process.ts';

const onLinux = process.platform === 'linux';

async function startedEngine(): Promise<number> {
  const engine = new EngineProcess({ device: 'cpu', threads: 1, memoryBytes: 2 ** 40, silenceMs: 60_000 });
  onTestFinished(() => engine.close());
  await engine.tasks.thumbnails([]);
  const child: ChildProcess = Reflect.get(engine, 'child');
  return child.pid ?? 0;
}

describe('the environment of the engine', () => {
  it('has no secret of its owner, and what drivers need', () => {
    const owner = {
      REWOUND_SECRET: 's',
      STRIPE_API_KEY: 's',
      GOOGLE_APPLICATION_CREDENTIALS: '/key.json',
      HOME: '/home/me',
      NODE_OPTIONS: '--require /tmp/evil.cjs',
      LD_PRELOAD: '/tmp/evil.so',
      ORT_LOAD_CONFIG_FROM_MODEL: '1',
      PATH: '/bin',
      CUDA_VISIBLE_DEVICES: '0',
      VK_ICD_FILENAMES: '/icd.json',
      Absent: undefined,
    };
    expect(engineEnvironment(owner)).toEqual({
      PATH: '/bin',
      CUDA_VISIBLE_DEVICES: '0',
      VK_ICD_FILENAMES: '/icd.json',
    });
  });
});

describe.runIf(onLinux)('the process of the engine', () => {
  it('has the allowed variables and its own, a folder that is empty and closed, and a process group', async () => {
    process.env.REWOUND_SECRET = 'of the owner';
    onTestFinished(() => void delete process.env.REWOUND_SECRET);
    const pid = await startedEngine();
    const names = readFileSync(`/proc/${pid}/environ`, 'utf8')
      .split('\0')
      .filter(Boolean)
      .map((entry) => entry.split('=', 1)[0]!);
    const own = ['REWOUND_ENGINE_OPTIONS', 'NODE_CHANNEL_FD', 'NODE_CHANNEL_SERIALIZATION_MODE'];
    expect(names.filter((name) => !own.includes(name) && !(name in engineEnvironment(process.env)))).toEqual([]);
    expect(names).not.toContain('REWOUND_SECRET');
    const folder = readlinkSync(`/proc/${pid}/cwd`);
    expect(readdirSync(folder)).toEqual([]);
    expect(statSync(folder).mode & 0o777).toBe(0o500);
    expect(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[2]).toBe(String(pid));
    expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(/^Umask:\s+0077$/m);
  });

  it.runIf(onLinux && isolationOf('cpu').network)('has no network', async () => {
    const pid = await startedEngine();
    expect(readlinkSync(`/proc/${pid}/ns/net`)).not.toBe(readlinkSync('/proc/self/ns/net'));
    const interfaces = readFileSync(`/proc/${pid}/net/dev`, 'utf8').trim().split('\n').slice(2);
    expect(interfaces.map((line) => line.trim().split(':')[0])).toEqual(['lo']);
    // Not even the loopback interface is up: there are no routes.
    expect(readFileSync(`/proc/${pid}/net/route`, 'utf8').trim().split('\n')).toHaveLength(1);
  });

  it.runIf(onLinux && isolationOf('cpu').limits)('may write neither files nor a core dump', async () => {
    const limits = readFileSync(`/proc/${await startedEngine()}/limits`, 'utf8');
    expect(limits).toMatch(/^Max file size +0 +0 /m);
    expect(limits).toMatch(/^Max core file size +0 +0 /m);
  });

  it('uses as much memory as the system says, whatever the size of a page', async () => {
    expect(await residentBytes(process.pid)).toBeGreaterThan(2 ** 20);
    expect(await residentBytes(2 ** 22 + 1)).toBeUndefined();
    expect(residentOf('Name:\tnode\nVmRSS:\t   65536 kB\nThreads:\t11\n')).toBe(64 * 2 ** 20);
    expect(residentOf('Name:\tzombie\n')).toBeUndefined();
  });
});
