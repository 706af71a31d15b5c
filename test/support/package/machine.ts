/** A user's own machine for tests of the npm package: a version of Node.js, its npm, and a network with one registry. */
import { spawnSync } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/** npm's words for a registry that is out of reach. */
const OFFLINE = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED|ERR_SOCKET_TIMEOUT/;

/** Longer than an installation takes on a busy machine. */
const PATIENCE_MS = 200_000;

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What stands in for `node` and `npm`: the first of PATH, or those of a folder of packages. */
export interface Tools {
  readonly node: string;
  /** npm's own command line, to be run by `node`; without it `npm` of PATH. */
  readonly npm?: string;
}

export const THIS: Tools = { node: process.execPath };

/** The environment of a user: this Node.js first, and nothing of the npm that runs the tests. */
function environment({ node }: Tools): NodeJS.ProcessEnv {
  const others = /^npm_|^INIT_CWD$|^NODE_(?!EXTRA_CA_CERTS$)|^ONNXRUNTIME_/i;
  const own = Object.entries(process.env).filter(([name]) => !others.test(name));
  return { ...Object.fromEntries(own), PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };
}

export function run(tools: Tools, cwd: string, command: string, ...args: string[]): Ended {
  return spawnSync(command, args, { cwd, env: environment(tools), encoding: 'utf8' });
}

/** Runs npm in a folder where no host but the registry is found. The hosts that were looked for go into `hosts`. */
export function npmBehindFirewall(tools: Tools, cwd: string, hosts: string, args: readonly string[]): Ended {
  const [command, ...first] = tools.npm === undefined ? ['npm'] : [tools.node, tools.npm];
  appendFileSync(hosts, '');
  const env = {
    ...environment(tools),
    // What was fetched before need not be fetched again, and a registry out of reach is noticed soon.
    npm_config_prefer_offline: 'true',
    npm_config_fetch_retries: '0',
    NODE_OPTIONS: `--require=${join(import.meta.dirname, 'network.cjs')}`,
    TEST_ALLOWED_HOSTS: JSON.stringify(registryHosts()),
    TEST_HOSTS_LOG: hosts,
  };
  return spawnSync(command!, [...first, ...args], { cwd, env, encoding: 'utf8', timeout: PATIENCE_MS });
}

export function isOffline({ status, stderr }: Ended): boolean {
  return status !== 0 && OFFLINE.test(stderr) && !stderr.includes('nuget');
}

/** Hosts that were looked for, besides the registry. */
export function strangers(hosts: string): string[] {
  const known = registryHosts();
  return readFileSync(hosts, 'utf8')
    .split('\n')
    .filter((host) => host !== '' && !known.includes(host));
}

/** The registry's host, and that of a proxy on the way to it. */
function registryHosts(): string[] {
  const registry = spawnSync('npm', ['config', 'get', 'registry'], { env: environment(THIS), encoding: 'utf8' }).stdout;
  const { HTTPS_PROXY, https_proxy, HTTP_PROXY, http_proxy } = process.env;
  const proxies = [HTTPS_PROXY, https_proxy, HTTP_PROXY, http_proxy].filter((url) => url !== undefined && url !== '');
  return ['localhost', ...[registry.trim(), ...proxies].map((url) => new URL(url!).hostname)];
}
