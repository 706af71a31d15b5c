import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { handlersIn } from '../../functions/bootstrap.ts';
import { functions } from '../../functions/index.ts';
import type { Context } from '../../shared/pipeline/base/context.ts';
import { keys } from '../../shared/pipeline/base/layout.ts';
import { TOPICS } from '../../shared/pipeline/base/messages.ts';
import { readReportFile, reportIsWhole } from '../../shared/pipeline/results/report-files.ts';
import { deliverUntilIdle } from '../../shared/platform/local/delivery.ts';
import { openLocal } from '../../shared/platform/local/index.ts';
import { parseReport } from '../../shared/report/json.ts';
import { type Cloud, hasCloud, startCloud } from '../support/cloud/deployment.ts';
import { withoutTiming } from '../support/cloud/project.ts';
import { zipOf } from '../support/collection/archives.ts';
import { DEMO, demoPhoto, people } from '../support/demo.ts';
import { tempDir } from '../support/temp.ts';

const PROJECT = 'drop/acme/demo';
type Files = [key: string, content: Buffer][];

/** A small part of the demo: as few people as an audit takes, a photo each. */
function peopleFiles(): Files {
  const photos = [...people('members', 0, 4), ...people('controls', 0, 20)].map((name): [string, Buffer] => {
    const role = name.startsWith('m') ? 'members' : 'controls';
    return [`${PROJECT}/${role}/${name}/1.jpg`, readFileSync(demoPhoto(name, 0))];
  });
  return [...photos, [`${PROJECT}/project.json`, Buffer.from(JSON.stringify({ samples: 80, batch: 32, shards: 3 }))]];
}

/** The demo's generator. What is audited comes last. */
function generator(): Files {
  const checkpoint = `${PROJECT}/checkpoints/generator.onnx`;
  return [
    [`${checkpoint}.card.json`, readFileSync(join(DEMO, 'generator.onnx.card.json'))],
    [checkpoint, readFileSync(join(DEMO, 'generator.onnx'))],
  ];
}

/** Photos of other people of the demo, as pictures that were published in one archive. */
function published(): Files {
  const pictures = people('controls', 40, 50).flatMap((name) =>
    [0, 1].map((photo) => ({ name: `${name}/${photo}.jpg`, bytes: readFileSync(demoPhoto(name, photo)) })),
  );
  return [[`${PROJECT}/checkpoints/release.zip`, zipOf(pictures)]];
}

/**
 * Everything in the bucket's reports, by key, but for how long it took. The digests of the files hold that time, and fit
 * only files that say it: they are compared with the files beside them instead.
 */
async function reportsOf(
  { objects }: Pick<Context, 'objects'>,
  more: readonly string[],
): Promise<[key: string, text: string][]> {
  const reports: [string, string][] = [];
  for await (const { key } of objects.list('report/')) {
    const [, audit = '', file = ''] = key.split('/');
    const bytes = await objects.get(key);
    if (file === 'digests.json') expect(await reportIsWhole({ objects }, audit)).toBe(true);
    else expect(await readReportFile({ objects }, audit, file)).toEqual(bytes);
    reports.push([key, file === 'digests.json' ? '' : withoutTiming(bytes)]);
  }
  expect(reports.map(([key]) => key.split('/')[2])).toEqual([
    'digests.json',
    'junit.xml',
    ...more,
    'report.html',
    'report.json',
    'report.sarif',
  ]);
  return reports;
}

/** The reports of the same project, audited in one process without a cloud. */
async function locally(
  { compute }: Context,
  files: Files,
  more: readonly string[],
): Promise<[key: string, text: string][]> {
  const platform = openLocal({ folder: tempDir() });
  onTestFinished(() => platform.close());
  const { objects, records, events, clock, queue } = platform;
  for (const [key, content] of files) await objects.put(key, content);
  const [audited] = files.at(-1)!;
  const handlers = handlersIn(functions, { objects, records, events, clock, compute, device: 'cpu', window: 1 });
  const info = await objects.head(audited);
  await events.publish(TOPICS.plan, { version: 1, key: audited, generation: info?.generation ?? '' });
  await deliverUntilIdle({ queue, clock, handlers });
  return reportsOf({ objects }, more);
}

const auditRecord = z.object({ fields: z.object({ state: z.string() }) });

describe.skipIf(!hasCloud())('an audit on Google Cloud', () => {
  let cloud: Cloud;
  beforeAll(async () => {
    cloud = await startCloud();
  });
  afterAll(() => cloud.stop());

  test.each([
    ['a checkpoint', generator, []],
    ['an archive of pictures', published, ['matches.csv']],
  ])('from %s in a bucket to its report: the same bytes as on one machine', async (_, audited, more) => {
    const files = [...peopleFiles(), ...audited()];
    const deployment = await cloud.deploy({ window: 2 });
    onTestFinished(() => deployment.stop());
    const { bucket, firestore, log, context } = deployment;
    for (const [key, content] of files) await bucket.file(key).save(content);

    const audits = async () => (await firestore.collection('audits').get()).docs;
    const states = async () => (await audits()).map((one) => auditRecord.parse(one.data()).fields.state);
    await expect.poll(states, { interval: 200 }).toEqual(['DONE']);
    await expect.poll(async () => (await firestore.collection('open-audits').get()).size).toBe(0);

    const id = (await audits())[0]!.id;
    const records = async (path: string) => (await firestore.collection(`audits/${id}/${path}`).get()).size;
    expect([await records('enrol-shards'), await records('probe-shards'), await records('locks')]).toEqual([2, 3, 2]);

    const reports = await reportsOf(context, more);
    const json = await context.objects.get(keys.report(id, 'report.json'));
    expect(parseReport(new TextDecoder().decode(json))).toMatchObject({ audit: { id, samples: 80, shards: 3 } });
    expect(log.filter(({ event }) => event !== 'message.handled')).toEqual([]);
    // Nothing but embeddings, results and reports may be left where nobody asked for it.
    const [stored] = await bucket.getFiles();
    expect(new Set(stored.map(({ name }) => name.split('/')[0]))).toEqual(
      new Set(['drop', 'gallery', 'report', 'work']),
    );

    expect(reports).toEqual(await locally(context, files, more));
  });
});
