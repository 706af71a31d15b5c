/** The error of a command line that cannot be understood. */
import { RewoundError } from '../../shared/errors.ts';

export function usage(message: string, help = 'Run "rewound --help" for the options.', cause?: unknown): RewoundError {
  return new RewoundError('USAGE', message, { help, cause });
}
