#!/usr/bin/env node
/** `rewound`, the command line. */
import { main } from './cli/main.ts';
import { run } from './cli/run.ts';

await run(main);
