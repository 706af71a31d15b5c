/** Measures the reading side of the API against a bare server that reads the same records. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import autocannon, { type Request, type Result } from 'autocannon';
import type { ApiMemory, ApiReady } from './api-child.ts';
import type { Benchmark } from './benchmark.ts';

const CONNECTIONS = 20;
/** What is asked of the API at least, and a little more. */
const RATE = 600;
const AUDITS = 2000;

/**
 * The API's reading side: how audits stand that work and that have ended, and pages of the list. As fast as it can, and
 * at a steady rate for how long an answer takes. Client and server share the processors.
 */
export const api: Benchmark = {
  name: 'api',
  async run({ quick, folder, note }) {
    note('filling an account ...');
    const child = fork(join(import.meta.dirname, 'api-child.ts'), [folder, String(quick ? 200 : AUDITS)], {
      execArgv: ['--expose-gc'],
    });
    try {
      const ready = await answer<ApiReady>(child);
      const seconds = quick ? 3 : 10;
      const requests = requestsOf(ready);
      const blast = (port: number, forSeconds: number, overallRate?: number) =>
        autocannon({
          url: `http://127.0.0.1:${port}`,
          connections: CONNECTIONS,
          duration: forSeconds,
          requests,
          ...(overallRate === undefined ? {} : { overallRate }),
        });
      note('warming up ...');
      await blast(ready.api, seconds / 2);
      await blast(ready.floor, 1);
      const before = await memoryOf(child);
      const floors: Result[] = [];
      const most: Result[] = [];
      const rounds = quick ? 1 : 3;
      for (let round = 0; round < rounds; round++) {
        note(`round ${round + 1} of ${rounds} ...`);
        floors.push(await blast(ready.floor, seconds / 2));
        most.push(await blast(ready.api, seconds));
      }
      const steady = await blast(ready.api, 2 * seconds, RATE);
      const after = await memoryOf(child);
      const all = [...most, steady];
      const [rate, floor] = [best(most), best(floors)];
      const answered = all.reduce((sum, result) => sum + result.requests.total, 0);
      const failed = all.reduce((sum, { errors, timeouts, non2xx }) => sum + errors + timeouts + non2xx, 0);
      const what = `status of audits and pages of the list, ${CONNECTIONS} connections, client and server on one machine`;
      return [
        {
          name: 'api, rate',
          what: `requests a second; ${what}`,
          ratio: rate,
          target: { least: 500 },
          parts: { perSecond: rate, p99Ms: Math.min(...most.map(({ latency }) => latency.p99)) },
        },
        {
          name: 'api, floor',
          what: `rate of a bare server that reads the same records / of the API; ${what}`,
          ratio: floor / rate,
          target: { most: 4 },
          parts: { floorPerSecond: floor, perSecond: rate },
        },
        {
          name: 'api, latency',
          what: `ms that 99 of 100 answers take at most, at ${RATE} requests a second; ${what}`,
          ratio: steady.latency.p99,
          target: { most: 50 },
          parts: { p50Ms: steady.latency.p50, p99Ms: steady.latency.p99, perSecond: steady.requests.average },
        },
        {
          name: 'api, errors',
          what: `requests without a good answer, of ${answered.toLocaleString('en')}`,
          ratio: failed,
          target: { most: 0 },
          parts: { failed, answered },
        },
        {
          name: 'api, memory',
          what: `bytes in use after ${answered.toLocaleString('en')} requests / after warming up`,
          ratio: after / before,
          target: { most: 1.1 },
          parts: { beforeBytes: before, afterBytes: after },
        },
      ];
    } finally {
      child.kill();
    }
  },
};

/** Of ten requests, five for audits that work, three for such that have ended, two pages. */
function requestsOf({ key, working, ended }: ApiReady): Request[] {
  const headers = { authorization: `Bearer ${key}` };
  const get = (path: string): Request => ({ method: 'GET', path, headers });
  return Array.from({ length: 20 }, (_, i) => {
    const kind = i % 10;
    if (kind < 5) return get(`/v1/audits/${working[i % working.length]}`);
    if (kind < 8) return get(`/v1/audits/${ended[i % ended.length]}`);
    return get(kind === 8 ? '/v1/audits' : `/v1/audits?after=${ended.at(i - 100)}`);
  });
}

/** The least disturbed round. */
function best(results: readonly Result[]): number {
  return Math.max(...results.map(({ requests }) => requests.average));
}

async function memoryOf(child: ChildProcess): Promise<number> {
  const answered = answer<ApiMemory>(child);
  child.send('memory');
  return (await answered).bytes;
}

/** What the child says next; it is of our own making. */
async function answer<T>(child: ChildProcess): Promise<T> {
  const [message] = await once(child, 'message');
  return message;
}
