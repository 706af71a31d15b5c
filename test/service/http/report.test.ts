import { expect, test } from 'vitest';
import { changeHosted, runOf } from '../../../shared/service/audits/hosted-audit.ts';
import { HostedWorld } from '../../support/service/hosted-world.ts';

test('a report is found by whatever is known of the run it is of', async () => {
  const world = new HostedWorld();
  const { account, key } = await world.account();
  const id = await world.start(account, key);
  await world.run();
  const before = await world.ask(key, 'GET', `/v1/audits/${id}/report/report.json`);
  expect(before.status).toBe(200);
  await changeHosted(world.context, account, id, (audit) => {
    const run = runOf(audit);
    if (!audit.outcome || run === undefined) throw new Error('it has not ended');
    return { ...audit, planned: null, outcome: { ...audit.outcome, run } };
  });
  const after = await world.ask(key, 'GET', `/v1/audits/${id}/report/report.json`);
  expect([after.status, after.body]).toEqual([200, before.body]);
});
