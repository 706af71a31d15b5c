import { expect, test } from 'vitest';
import { settleMessage } from '../../shared/pipeline/base/messages.ts';
import { receiveAudit } from '../../shared/pipeline/runs/run.ts';
import { bury } from '../../shared/pipeline/runs/tombstones.ts';
import { settleRun } from '../../shared/service/audits/settle.ts';
import { projectOf } from '../../shared/service/core/paths.ts';
import { hosted } from '../support/service/hosted.ts';

const [MINE, THEIRS] = ['0'.repeat(32), '1'.repeat(32)] as const;

/** Two accounts with a run each, of which one project is erased. */
async function ready() {
  const { context, account } = hosted();
  const [mine, theirs] = [await account(), await account()];
  const projects = [mine, theirs].map((one) => projectOf(one.account, `aud_${'a'.repeat(16)}`));
  for (const [i, run] of [MINE, THEIRS].entries()) {
    await receiveAudit(context, run, `${projects[i]}/checkpoints/g.onnx`, '1');
    for (const key of [`work/${run}/late`, `${projects[i]}/late`]) await context.objects.put(key, Uint8Array.of(1));
  }
  await bury(context, projects[0]!);
  const say = (erased: string, audit?: string) =>
    settleRun(context, settleMessage.parse({ version: 1, erased, ...(audit ? { audit } : {}) }));
  const keys = async () => {
    const found: string[] = [];
    for await (const { key } of context.objects.list('')) if (key.endsWith('late')) found.push(key);
    return found.sort();
  };
  return { say, keys, mine: projects[0]!, theirs: projects[1]! };
}

test('what was written to an erased project, or by its run, goes', async () => {
  const { say, keys, mine, theirs } = await ready();
  await say(mine, MINE);
  expect(await keys()).toEqual([`${theirs}/late`, `work/${THEIRS}/late`].sort());
});

test("a message about an erased project cannot delete another account's run", async () => {
  const { say, keys, mine, theirs } = await ready();
  await say(mine, THEIRS);
  expect(await keys()).toEqual([`${theirs}/late`, `work/${MINE}/late`, `work/${THEIRS}/late`].sort());
});

test('a message about a project that is not erased deletes nothing', async () => {
  const { say, keys, theirs } = await ready();
  const before = await keys();
  await say(theirs, THEIRS);
  await say(theirs);
  expect(await keys()).toEqual(before);
});
