/** Measures Rewound against a Python script that does the same work with ONNX Runtime, OpenCV and faiss. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Benchmark } from './benchmark.ts';
import { interleave } from './interleave.ts';
import { measuredAudit } from './measured.ts';
import { realSubject, testData, writeRecognizer } from './subject.ts';

const execute = promisify(execFile);
const python = process.env.REWOUND_PYTHON ?? 'python3';
const script = resolve(process.env.REWOUND_PEER ?? join(import.meta.dirname, '../../../shared/peers/peer_audit.py'));

/**
 * Samples per second of Rewound over those of a script that does the same work with ONNX Runtime, OpenCV and faiss in
 * Python. Both count their loop over samples: generate, find and align the face, embed, search. The script's time leaves
 * out loading models; Rewound's begins with the first shard's message, so that it holds the loading of the generator and
 * the gallery, and all shards' messages and results.
 */
export const peer: Benchmark = {
  name: 'peer',
  async run({ quick, folder }) {
    const skip = (skipped: string) => [{ name: 'peer', skipped }];
    const subject = await realSubject(folder);
    if (!subject) return skip('the test data is not there (REWOUND_TEST_DATA)');
    if (!existsSync(script)) return skip(`there is no script ${script} (REWOUND_PEER)`);
    const imports = await execute(python, ['-c', 'import onnxruntime, faiss, cv2, numpy']).catch(() => undefined);
    if (!imports) return skip(`${python} lacks onnxruntime, faiss, cv2 or numpy (REWOUND_PYTHON)`);
    const recognizer = await writeRecognizer(
      folder,
      {
        name: 'fr_feature',
        model: 'fr_feature.onnx',
        size: 112,
        layout: 'NCHW',
        colour: 'RGB',
        mean: 127,
        scale: 1 / 128,
        template: '112',
        embedding: 512,
        licence: 'for measuring only',
      },
      join(testData, 'recognizers/fr_feature.onnx'),
    );
    // Whole batches of 64: the script makes no others.
    const samples = 64 * (quick ? 10 : 32);
    const rates = await interleave(quick ? 1 : 3, {
      rewound: async (round) => {
        const { command } = await measuredAudit({ ...subject, recognizer }, samples, join(folder, `run-${round}`));
        const { startedAt, endedAt } = command.tasks.probe!;
        return samples / ((endedAt - startedAt) / 1000);
      },
      peer: async () => samples / secondsOf((await execute(python, [script, testData, String(samples)])).stdout),
    });
    // The fastest of each: what was least disturbed.
    const parts = { rewoundPerSecond: Math.max(...rates.rewound), peerPerSecond: Math.max(...rates.peer) };
    return [
      {
        name: 'peer',
        what: `samples a second / those of a Python script; ${samples.toLocaleString('en')} samples, ${subject.description}, fr_feature`,
        ratio: parts.rewoundPerSecond / parts.peerPerSecond,
        target: { least: 1.2 },
        parts,
      },
    ];
  },
};

function secondsOf(output: string): number {
  const [, seconds] = /samples ([\d.]+) s/.exec(output) ?? [];
  if (seconds === undefined) throw new Error(`The script printed no time: ${output}`);
  return Number(seconds);
}
