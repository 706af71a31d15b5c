/** Measures a whole audit from the start of its process against the time spent inside the models. */
import { join } from 'node:path';
import type { Benchmark } from './benchmark.ts';
import { floorMs, measuredAudit } from './measured.ts';
import { demoSubject, realSubject } from './subject.ts';

/**
 * The whole command, from the start of its process to the end, over the time its batches spend inside `session.run`:
 * what planning, processes, photos, messages, storage, counting and the report add to arithmetic that must be done.
 */
export const audit: Benchmark = {
  name: 'audit',
  async run({ quick, folder, note }) {
    const samples = quick ? 2000 : 10_000;
    let subject = await realSubject(folder);
    if (!subject) {
      subject = demoSubject();
      note('audit: the test data is not there (REWOUND_TEST_DATA), so the demo is audited');
    }
    const measured = await measuredAudit(subject, samples, join(folder, 'audit'));
    const { wallMs, engine, command } = measured;
    const tasks = Object.entries(command.tasks).map(([task, { ms }]) => [`task ${task}`, ms] as const);
    const runs = Object.entries(engine.runMs).map(([purpose, ms]) => [`run ${purpose}`, ms] as const);
    return [
      {
        name: 'audit',
        what: `whole audit / session.run; ${samples.toLocaleString('en')} samples of ${subject.description}`,
        ratio: wallMs / floorMs(measured),
        target: { most: 1.15 },
        parts: { wallMs, floorMs: floorMs(measured), ...Object.fromEntries([...tasks, ...runs]) },
      },
    ];
  },
};
