/**
 * `npm run demo`: audits the demo generator against its member and control photos. The people are synthetic; see
 * demo/README.md. It exits with 0 although it finds a leak: that is what it is there to show.
 */
import { join } from 'node:path';
import { audit } from './cli/audit.ts';
import { run } from './cli/run.ts';

const demo = join(import.meta.dirname, '../demo');

await run((args) =>
  audit.run([
    join(demo, 'generator.onnx'),
    ...['--members', join(demo, 'members')],
    ...['--controls', join(demo, 'controls')],
    ...['--samples', '10000'],
    ...['--fail-on', 'never'],
    ...args,
  ]),
);
