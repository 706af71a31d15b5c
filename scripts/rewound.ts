#!/usr/bin/env node
import { stdout } from '../shared/terminal.ts';
import { ACCOUNT_HELP, accountCommand } from './cli/account.ts';
import { AUDIT_HELP, auditCommand } from './cli/audit.ts';
import { BASELINE_HELP, baselineCommand } from './cli/baseline.ts';
import { CONVERT_HELP, convertCommand } from './cli/convert.ts';
import { ENROL_HELP, enrolCommand } from './cli/enrol.ts';
import { EXIT } from './cli/exit.ts';
import { INSPECT_HELP, inspectCommand } from './cli/inspect.ts';
import { usage } from './cli/options.ts';
import { PRICE_HELP, priceCommand } from './cli/price.ts';
import { run } from './cli/run.ts';
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

Exit codes: 0 no leakage detected, 1 leakage, 2 usage or bad input, 3 the audit failed, 4 no claim possible,
130 stopped by a signal.
`;

function isCommand(name: string | undefined): name is keyof typeof COMMANDS {
  return name !== undefined && Object.hasOwn(COMMANDS, name);
}

async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    stdout.page(HELP);
    return name === undefined ? EXIT.usage : EXIT.ok;
  }
  if (!isCommand(name)) {
    throw usage(`There is no command "${name}".`, `Commands: ${Object.keys(COMMANDS).join(', ')}; --help tells more.`);
  }
  const { run: command, help } = COMMANDS[name];
  if (args.includes('--help') || args.includes('-h')) {
    stdout.page(`${help}\n`);
    return EXIT.ok;
  }
  return command(args);
}

await run(main);
