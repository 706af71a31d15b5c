import { describe, expect, it } from 'vitest';
import { audited, LEAK, open } from '../support/audited.ts';
import { stubCompute } from '../support/stub-compute.ts';
import { tempDir } from '../support/temp.ts';
import { makeProject } from '../support/world.ts';

/** An engine that finds a face in so many of the 256 first samples. */
function seeing(found: number) {
  const stub = stubCompute();
  return stubCompute({
    calibrate: async (request) => ({ ...(await stub.calibrate(request)), undetected: 256 - found }),
  });
}

describe('a generator whose first samples show no faces', () => {
  it('ends before any photo is embedded, and says the cause', async () => {
    const compute = seeing(127);
    const world = await audited(LEAK, { compute });
    const { state, error } = await world.audit();
    expect([state, error?.code]).toEqual(['REJECTED', 'FACES_MISSING']);
    expect(error?.message).toBe(
      'A face was found in 127 of the first 256 samples, and an audit needs it in half of them.',
    );
    expect([compute.calls.enrol, compute.calls.probe]).toEqual([0, 0]);
  });

  it('is audited where half of them do', async () => {
    expect((await (await audited(LEAK, { compute: seeing(128) })).report()).verdict).toBe('LEAKAGE');
  });

  it('is audited where that is asked for', async () => {
    const folder = tempDir();
    makeProject(folder, { ...LEAK, settings: { allowFaceless: true } });
    const world = open(folder, { compute: seeing(0) });
    await world.land();
    await world.run();
    expect((await world.audit()).state).toBe('DONE');
  });
});
