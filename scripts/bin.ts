#!/usr/bin/env node
/** The entry point of the npm package. */
import type { ErrorCode } from '../shared/error-codes.ts';

/**
 * `rewound` of the npm package. It imports nothing before it has looked at the Node.js it runs on, so that one that is
 * too old says so, in place of failing over what it does not know.
 */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
/** From there on its SQLite needs no flag and says where a database lies. */
const isNewEnough = major > 23 || (major === 23 && minor >= 11) || (major === 22 && minor >= 16);

if (isNewEnough) {
  await import('./rewound.ts');
} else {
  const code: ErrorCode = 'NODE_UNSUPPORTED';
  process.stderr.write(
    `rewound: This is Node.js ${process.versions.node}; Rewound needs 22.16 or newer. [${code}]\n` +
      '         Install Node.js 24 (https://nodejs.org), or beside Rewound by "npm install node@24".\n',
  );
  process.exitCode = 2;
}
