/** Plans an audit whose samples are made by the user's own command. */

import { parseJsonFile } from '../../json-file.ts';
import type { Context } from '../base/context.ts';
import { givenTextOf } from '../base/given-text.ts';
import { commandFailed, commandMarkerSchema, withGenerated } from './generated.ts';
import type { PlannedGenerator } from './generator-network.ts';
import type { Identified } from './identify.ts';
import { PICTURE_SLACK } from './plan/files.ts';
import type { FoundRecognizer } from './recognizer.ts';
import type { Settings } from './settings.ts';

/** Samples that are made and looked at before the work starts. */
const CALIBRATION_SAMPLES = 64;

/** Calls the command once, and looks at what it made. Throws COMMAND_FAILED. */
export async function planCommand(
  context: Context,
  { checkpoint }: Identified,
  settings: Settings,
  recognizers: readonly FoundRecognizer[],
): Promise<PlannedGenerator> {
  const text = (await givenTextOf(context, checkpoint.key)) ?? '';
  const { program, digest } = parseJsonFile(commandMarkerSchema, text, 'The file that stands for a command');
  const seeds = Array.from({ length: CALIBRATION_SAMPLES }, (_, i) => settings.seed + i);
  const start = context.clock.now();
  return withGenerated(context, seeds, async (pictures, run) => {
    const madeMs = (context.clock.now() - start) / seeds.length;
    const looked = await context.compute.calibratePictures({
      pictures,
      recognizers: recognizers.map(({ request }) => request),
      slack: PICTURE_SLACK,
    });
    const { eyeDistance, width, height, samples, undetected, unreadable, sampleMs, oneSize } = looked;
    if (unreadable > 0) throw commandFailed(`left ${unreadable} of ${samples} pictures that cannot be read.`, run);
    if (!oneSize) throw commandFailed('left pictures of different sizes.', run);
    if (eyeDistance === null) throw commandFailed(`left ${samples} pictures, and no face was found in any.`, run);
    return {
      settings,
      sampleMs: madeMs + sampleMs,
      recognizers: looked.recognizers,
      generator: {
        kind: 'command',
        width,
        height,
        assumptions: [
          {
            what: 'samples',
            value: `made by the command ${program}`,
            source: `--generate, SHA-256 ${digest.slice(0, 16)}`,
          },
          { what: 'seeds', value: 'the same seed gives the same picture', source: 'taken for granted, not checked' },
        ],
        alignment: { mode: 'detected', spread: 0, eyeDistance },
        calibration: { samples, undetected },
      },
    };
  });
}
