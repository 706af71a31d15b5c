/**
 * Keeps `npm install rewound` to the npm registry. Runs before the install script of onnxruntime-node, which on Linux
 * (x64) fetches CUDA libraries from another host when nothing is said, and fails where that host cannot be reached. All
 * that the CPU and WebGPU need is in its package, so the libraries are fetched only when they are asked for.
 *
 * The script takes its wishes from the environment and from npm's settings, neither of which a package can give to
 * another one; so what it does without a wish is changed here. npm runs the preinstall scripts of all packages before
 * any postinstall script. Plain JavaScript, for every Node.js that npm runs on: nothing is compiled in a checkout.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const OWN = fileURLToPath(import.meta.url);
/** The script's own reading of a wish cannot be used: it returns nothing for `cuda12`, which is what it fetches. */
const GUARD = `// Changed by rewound: CUDA libraries are fetched only when asked for, as by ONNXRUNTIME_NODE_INSTALL=cuda12.
if (process.argv.length <= 2 && !Object.keys(process.env).some((name) => /onnxruntime_node_install/i.test(name))) process.exit(0);
`;

function fetchOnlyWhenAsked() {
  const manifest = createRequire(OWN).resolve('onnxruntime-node/package.json');
  const script = join(dirname(manifest), 'script', 'install.js');
  const text = readFileSync(script, 'utf8');
  if (text.startsWith(GUARD)) return;
  // A new file in its place: package managers share one file between folders by links.
  const changed = `${script}.rewound`;
  writeFileSync(changed, GUARD + text);
  renameSync(changed, script);
}

// A checkout has .npmrc for this.
if (OWN.includes(`${sep}node_modules${sep}`)) {
  try {
    fetchOnlyWhenAsked();
  } catch (error) {
    // Not worth an installation: where the other host can be reached, it succeeds.
    // biome-ignore lint/suspicious/noConsole: this runs before the package is there, with nothing to import.
    console.warn(`rewound: the install script of onnxruntime-node stays as it is: ${error}`);
  }
}
