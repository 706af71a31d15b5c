#!/usr/bin/env node
import { asRewoundError } from '../shared/errors.ts';
import { ACCOUNT_HELP, accountCommand } from './cli/account.ts';
import { AUDIT_HELP, auditCommand } from './cli/audit.ts';
import { BASELINE_HELP, baselineCommand } from './cli/baseline.ts';
import { CONVERT_HELP, convertCommand } from './cli/convert.ts';
import { ENROL_HELP, enrolCommand } from './cli/enrol.ts';
import { EXIT, exitCodeOfError, printError } from './cli/exit.ts';
import { INSPECT_HELP, inspectCommand } from './cli/inspect.ts';
import { PRICE_HELP, priceCommand } from './cli/price.ts';
import { SERVE_HELP, serveCommand } from './cli/serve.ts';
import { SHOW_HELP, showCommand } from './cli/show.ts';
import { TREND_HELP, trendCommand } from './cli/trend.ts';

const COMMANDS = {
  audit: { run: auditCommand, help: AUDIT_HELP },
  baseline: { run: baselineCommand, help: BASELINE_HELP },
  trend: { run: trendCommand, help: TREND_HELP },
  inspect: { run: inspectCommand, help: INSPECT_HELP },
  convert: { run: convertCommand, help: CONVERT_HELP },
  enrol: { run: enrolCommand, help: ENROL_HELP },
  show: { run: showCommand, help: SHOW_HELP },
  serve: { run: serveCommand, help: SERVE_HELP },
  price: { run: priceCommand, help: PRICE_HELP },
  account: { run: accountCommand, help: ACCOUNT_HELP },
} as const;

const HELP = `Rewound: which training people does a face generator give away?

${Object.values(COMMANDS)
  .map(({ help }) => help)
  .join('\n\n')}

Exit codes: 0 no leakage detected, 1 leakage, 2 usage or bad input, 3 the audit failed, 4 no claim possible.
`;

function isCommand(name: string | undefined): name is keyof typeof COMMANDS {
  return name !== undefined && Object.hasOwn(COMMANDS, name);
}

async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    process.stdout.write(HELP);
    return name === undefined ? EXIT.usage : EXIT.ok;
  }
  if (!isCommand(name)) {
    process.stderr.write(
      `rewound: there is no command "${name}" [USAGE]\n         Commands: ${Object.keys(COMMANDS).join(', ')}; --help tells more.\n`,
    );
    return EXIT.usage;
  }
  const { run, help } = COMMANDS[name];
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(`${help}\n`);
    return EXIT.ok;
  }
  return run(args);
}

// Whoever reads the result may have read enough: `rewound ... | head` is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (cause) {
  const error = asRewoundError(cause);
  printError(error);
  if (error.code === 'INTERNAL' && process.env.REWOUND_DEBUG)
    process.stderr.write(`${error.cause instanceof Error ? error.cause.stack : ''}\n`);
  process.exitCode = exitCodeOfError(error);
}
