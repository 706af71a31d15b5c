import { mkdir, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { RewoundError } from '../../shared/errors.ts';
import { readAudit } from '../../shared/pipeline/audits.ts';
import { keys } from '../../shared/pipeline/keys.ts';
import { settingsSchema } from '../../shared/pipeline/settings.ts';
import { parseReport } from '../../shared/report/json.ts';
import { renderText } from '../../shared/report/text.ts';
import { EXIT, exitCode, exitCodeOfState, type FailOn, printError } from './exit.ts';
import { device, latent, oneOf, onlyArgument, parse, usage, userPath, whole } from './options.ts';
import { writePointer } from './pointer.ts';
import { quietProgress, terminalProgress } from './progress.ts';
import { start } from './start.ts';
import { Station } from './station.ts';
import { Tracker } from './tracker.ts';

const PROJECT = 'drop/local/audit';

export const AUDIT_HELP = `rewound audit CHECKPOINT --members DIR [--controls DIR] [options]

  --members DIR        photos of the people the generator was trained on: one folder a person,
                       or a flat folder with one person a photo; or embeddings.npy with labels.csv
  --controls DIR       people from the same collection who were not trained on (20 or more);
                       without them resemblance is reported, but no claim of leakage is possible
  --samples N          samples to generate (50000)      --quick      10000 samples
  --seed N             seed of the first sample (0)     --k N        neighbours kept a sample (10)
  --batch N            samples generated at once (64)   --shards N   pieces of the work
  --latent LAW         normal, or uniform:low:high      --device D   cpu, webgpu or cuda (cpu)
  --recognizer CARD    JSON card of your own recognizer (docs/cards.md)
  --out DIR            where the report goes (rewound-report)
  --work DIR           where finished work is kept for resuming (.rewound)
  --no-pictures        leave pictures out of the report
  --json               print report.json on stdout      --quiet      no progress on stderr
  --fail-on WHAT       leakage (exit 1) or never (leakage)`;

/** Audits a checkpoint on this machine; returns the exit code. */
export async function auditCommand(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse({
    args: [...args],
    allowPositionals: true,
    options: {
      members: { type: 'string' },
      controls: { type: 'string' },
      samples: { type: 'string' },
      quick: { type: 'boolean' },
      seed: { type: 'string' },
      k: { type: 'string' },
      batch: { type: 'string' },
      shards: { type: 'string' },
      latent: { type: 'string' },
      device: { type: 'string', default: 'cpu' },
      recognizer: { type: 'string' },
      out: { type: 'string', default: 'rewound-report' },
      work: { type: 'string', default: '.rewound' },
      'no-pictures': { type: 'boolean' },
      json: { type: 'boolean' },
      quiet: { type: 'boolean' },
      'fail-on': { type: 'string', default: 'leakage' },
    },
  });
  const checkpoint = userPath(onlyArgument(positionals, 'checkpoint'));
  if (values.members === undefined) throw usage('--members is missing: the people the generator was trained on.');
  await requireFile(checkpoint);
  const members = await requireFolder(values.members, '--members');
  const controls = values.controls === undefined ? undefined : await requireFolder(values.controls, '--controls');
  const recognizer = values.recognizer === undefined ? undefined : userPath(values.recognizer);
  if (recognizer !== undefined) await requireFile(recognizer);
  const samples = whole(values.samples, 'samples', 1, 1_000_000_000) ?? (values.quick ? 10_000 : undefined);
  const shards = whole(values.shards, 'shards', 1, 100_000);
  const settings = settingsSchema.parse({
    samples,
    seed: whole(values.seed, 'seed', 0, 2 ** 32 - 1),
    k: whole(values.k, 'k', 1, 100),
    batch: whole(values.batch, 'batch', 1, 1024),
    shards,
    recognizer: recognizer && `recognizer/${basename(recognizer)}`,
    card: values.latent === undefined ? undefined : { latent: latent(values.latent) },
    pictures: !values['no-pictures'],
  });
  const failOn: FailOn = oneOf(values['fail-on'], 'fail-on', ['leakage', 'never']);
  const chosenDevice = device(values.device);
  const mounts = {
    [`${PROJECT}/checkpoints/`]: dirname(checkpoint),
    [`${PROJECT}/members/`]: members,
    ...(controls ? { [`${PROJECT}/controls/`]: controls } : {}),
    ...(recognizer ? { [`${PROJECT}/recognizer/`]: dirname(recognizer) } : {}),
  };
  const progress = values.quiet ? quietProgress : terminalProgress(process.stderr);
  const tracker = new Tracker(progress);
  const work = userPath(values.work);
  const out = userPath(values.out);
  const station = new Station({
    folder: work,
    mounts,
    device: chosenDevice,
    onProgress: (task, done) => tracker.engine(task, done),
    onMessage: (topic, event) => tracker.message(topic, event),
    onFailure: ({ message, transient }, attempt) =>
      transient && attempt < 3 ? progress.note(`Trying again: ${message}`) : undefined,
  });
  const interrupt = new AbortController();
  const onInterrupt = () => interrupt.abort();
  process.once('SIGINT', onInterrupt);
  process.once('SIGTERM', onInterrupt);
  try {
    const { context } = station;
    tracker.context = context;
    station.discardMessages();
    const key = `${PROJECT}/checkpoints/${basename(checkpoint)}`;
    await context.objects.put(`${PROJECT}/project.json`, new TextEncoder().encode(JSON.stringify(settings)));
    const id = await start(context, key, shards, progress);
    await station.runUntilIdle(interrupt.signal);
    progress.end();
    if (interrupt.signal.aborted) {
      progress.note('Stopped. What is finished is kept: the same command resumes.');
      return EXIT.interrupted;
    }
    const record = await readAudit(context, id);
    if (record?.state !== 'DONE') {
      const { code = 'INTERNAL', message = 'The audit ended without a result.', help = '' } = record?.error ?? {};
      printError({ code, message, help });
      return exitCodeOfState(record?.state ?? 'FAILED');
    }
    await mkdir(out, { recursive: true });
    for (const file of ['report.html', 'report.json']) {
      await writeFile(join(out, file), await context.objects.get(keys.report(id, file)));
    }
    await writePointer(out, { audit: id, work, mounts });
    const text = new TextDecoder().decode(await context.objects.get(keys.report(id, 'report.json')));
    const report = parseReport(text);
    process.stdout.write(values.json ? text : `${renderText(report, { colour: useColour() })}\n`);
    if (!values.json) process.stdout.write(`\nReport: ${join(out, 'report.html')}\n`);
    return exitCode(report.verdict, failOn);
  } finally {
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onInterrupt);
    station.close();
  }
}

function useColour(): boolean {
  return process.stdout.isTTY === true && !process.env.NO_COLOR;
}

async function requireFile(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) {
    throw new RewoundError('NOT_FOUND', `There is no file ${path}.`, { help: 'Check the path.' });
  }
}

async function requireFolder(path: string, option: string): Promise<string> {
  const folder = userPath(path);
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory()) {
    throw new RewoundError('NOT_FOUND', `${option}: there is no folder ${folder}.`, { help: 'Check the path.' });
  }
  return folder;
}
