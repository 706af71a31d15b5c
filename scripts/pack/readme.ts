/** The README of the npm package: the repository's, with the commands of the package in place of those of a checkout. */

const INSTALL = `## Install

\`\`\`sh
npm install rewound-0.1.0.tgz    # or: npm install --global rewound-0.1.0.tgz
npx rewound --help
\`\`\`

It needs Node.js 22.16 or newer and the npm registry, nothing else: no other host is asked for anything, no compiler and
no flags are needed. Node.js 24 is what the tests use; on 22 Node.js warns that its SQLite is experimental. Installed it
takes about 460 MB, of which 288 MB are ONNX Runtime for all systems.

Install scripts are not needed. npm 12 runs none by default, and \`--ignore-scripts\` does no harm. On Linux (x64)
onnxruntime-node would fetch CUDA libraries from nuget.org by itself; Rewound's script turns this off, so that they come
only when they are asked for: \`ONNXRUNTIME_NODE_INSTALL=cuda12 npm install rewound-0.1.0.tgz\`. Only \`--device cuda\`
needs them. Where another package manager than npm fails because nuget.org cannot be reached, install with
\`ONNXRUNTIME_NODE_INSTALL=skip\`.

`;

/** What else is different in the package. Each must be found: a README that was rewritten is noticed when it is packed. */
const CHANGES: readonly (readonly [RegExp, string])[] = [
  [/^## Two commands\n[\s\S]*?(?=^## )/m, INSTALL],
  [/npm run -s rewound -- /g, 'npx rewound '],
  [/^Before the name `rewound` each takes `npm run -s`.*\n/m, 'Before the name `rewound` each takes `npx`.\n'],
  [/, from `npm run science`/, ''],
  [/; \[CONTRIBUTING\.md\]\(CONTRIBUTING\.md\) is for those who change the\s+code\./, '.'],
];

export function packageReadme(repository: string, version: string): string {
  let text = repository;
  for (const [pattern, replacement] of CHANGES) {
    const changed = text.replace(pattern, () => replacement);
    if (changed === text) throw new Error(`README.md has no ${pattern}: scripts/pack/readme.ts must follow it`);
    text = changed;
  }
  const left = /npm (run|ci|cit|test)\b.*/.exec(text);
  if (left) throw new Error(`The package has no such command, which README.md names: ${left[0]}`);
  return text.replaceAll('rewound-0.1.0.tgz', `rewound-${version}.tgz`);
}
