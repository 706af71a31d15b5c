/**
 * `npm run demo`: audits the demo generator against its member and control photos. The people are synthetic; see
 * demo/README.md. It exits with 0 although it finds a leak: that is what it is there to show.
 */
import { join } from 'node:path';
import { asRewoundError } from '../shared/errors.ts';
import { auditCommand } from './cli/audit.ts';
import { exitCodeOfError, printError } from './cli/exit.ts';

const demo = join(import.meta.dirname, '../demo');

try {
  process.exitCode = await auditCommand([
    join(demo, 'generator.onnx'),
    ...['--members', join(demo, 'members')],
    ...['--controls', join(demo, 'controls')],
    ...['--samples', '10000'],
    ...['--fail-on', 'never'],
    ...process.argv.slice(2),
  ]);
} catch (cause) {
  const error = asRewoundError(cause);
  printError(error);
  process.exitCode = exitCodeOfError(error);
}
