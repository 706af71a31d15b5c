/** Serves the page and its modules. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { Context } from 'hono';
import { TOKENS } from '../../../markup/styles/tokens.ts';
import { PACKS } from '../../billing/stripe.ts';
import type { ServiceContext } from '../../core/context.ts';
import type { Env } from '../env.ts';
import { router } from '../router.ts';
import { STRIPPED_BY, withoutTypes } from '../strip-types.ts';

export interface DashboardOptions {
  /** Where uploads go, if not to this service: such as `https://storage.googleapis.com`. */
  readonly uploadOrigin?: string;
}

/** A file as it is served. */
interface File {
  readonly type: string;
  /** Made when it is first asked for. */
  readonly bytes: () => Buffer;
  readonly digest: string;
  /** By encoding, made when it is first asked for. */
  readonly compressed: Map<Encoding, Promise<Buffer>>;
}
type Encoding = 'br' | 'gzip';

const FOLDER = join(import.meta.dirname, '../../dashboard');
/** Addresses of pages; what is shown at one is decided by the page. */
const PAGES = ['/', '/audits', '/audits/:audit', '/keys', '/webhooks', '/webhooks/:endpoint', '/credits', '/account'];
/** Modules are TypeScript in the repository, and compiled in the npm package; their addresses end as their files do. */
const MODULE = extname(import.meta.filename);
const TYPES: Readonly<Record<string, string>> = {
  [MODULE]: 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};
/** Modules that every page needs are asked for at once, not one after another as they are found. */
const FIRST = ['api', 'dom', 'router', 'session', 'problem-box', 'form', 'format', 'parts'];

/**
 * The dashboard: one HTML page and its modules, whose types are taken out when they are served. All but the page stands
 * below a digest of the whole, and is kept by browsers for good.
 */
export function dashboardRoutes({ settings }: Pick<ServiceContext, 'settings'>, { uploadOrigin }: DashboardOptions) {
  const app = router();
  const assets = readAssets();
  const digest = digestOf(...[...assets].map(([path, file]) => `${path} ${file.digest}`));
  const base = `/assets/${digest}`;
  const shell = fileOf('.html', readShell(base, settings));
  const policy = policyOf(uploadOrigin);

  for (const path of PAGES) {
    app.get(path, (c) =>
      serve(c, shell, {
        'cache-control': 'no-cache',
        'content-security-policy': policy,
        'cross-origin-opener-policy': 'same-origin',
        'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
        'x-frame-options': 'DENY',
      }),
    );
  }
  app.get(`${base}/*`, (c) => {
    const file = assets.get(c.req.path.slice(base.length + 1));
    return file ? serve(c, file, { 'cache-control': 'public, max-age=31536000, immutable' }) : c.notFound();
  });
  return app;
}

function readAssets(): Map<string, File> {
  const folder = join(FOLDER, 'page');
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => extname(path) in TYPES);
  return new Map(
    paths
      .map((name) => name.replaceAll('\\', '/'))
      .sort()
      .map((path) => {
        const text = readFileSync(join(folder, path), 'utf8');
        return [path, fileOf(extname(path), path === 'style.css' ? TOKENS + text : text)];
      }),
  );
}

function readShell(base: string, { signUp, stripe }: ServiceContext['settings']): string {
  const packs = stripe ? Object.entries(PACKS).map(([pack, price]) => ({ pack, ...price })) : [];
  const service = JSON.stringify({ signUp: signUp === 'open', packs });
  return readFileSync(join(FOLDER, 'index.html'), 'utf8')
    .replaceAll('{{assets}}', base)
    .replace('{{service}}', service.replaceAll('&', '&amp;').replaceAll('"', '&quot;'))
    .replaceAll('{{module}}', MODULE)
    .replace(
      '{{preloads}}',
      FIRST.map((name) => `<link rel="modulepreload" href="${base}/${name}${MODULE}">`).join('\n'),
    );
}

/** Only what is ours, and no text that becomes code: the page cannot be made to do anything else. */
function policyOf(uploadOrigin: string | undefined): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    `connect-src 'self'${uploadOrigin === undefined ? '' : ` ${uploadOrigin}`}`,
    "frame-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
}

async function serve(c: Context<Env>, file: File, headers: Record<string, string>): Promise<Response> {
  const encoding = encodingFor(c.req.header('accept-encoding') ?? '');
  const etag = `"${file.digest}${encoding === undefined ? '' : `-${encoding}`}"`;
  const always = { ...headers, etag, vary: 'accept-encoding' };
  const known = c.req
    .header('if-none-match')
    ?.split(',')
    .map((one) => one.trim().replace(/^W\//, ''));
  if (known?.includes(etag)) return c.body(null, 304, always);
  const bytes = encoding === undefined ? file.bytes() : await compressed(file, encoding);
  return c.body(Uint8Array.from(bytes), 200, {
    ...always,
    'content-type': file.type,
    ...(encoding === undefined ? {} : { 'content-encoding': encoding }),
  });
}

function encodingFor(accepted: string): Encoding | undefined {
  const named = accepted
    .split(',')
    .filter((one) => !/;\s*q=0(\.0*)?\s*$/.test(one))
    .map((one) => one.split(';', 1)[0]?.trim());
  if (named.includes('br')) return 'br';
  return named.includes('gzip') ? 'gzip' : undefined;
}

function compressed(file: File, encoding: Encoding): Promise<Buffer> {
  const found = file.compressed.get(encoding);
  if (found) return found;
  const made = encoding === 'br' ? brotli(file.bytes(), BEST) : gzipped(file.bytes(), { level: 9 });
  file.compressed.set(encoding, made);
  return made;
}

const brotli = promisify<Buffer, typeof BEST, Buffer>(brotliCompress);
const gzipped = promisify<Buffer, { level: number }, Buffer>(gzip);
const BEST = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };

function fileOf(extension: string, text: string): File {
  const hasTypes = extension === '.ts';
  let bytes: Buffer | undefined;
  return {
    type: TYPES[extension] ?? 'text/html; charset=utf-8',
    bytes: () => {
      bytes ??= Buffer.from(hasTypes ? withoutTypes(text) : text);
      return bytes;
    },
    // What is served follows from the text, and from what takes the types out.
    digest: hasTypes ? digestOf(text, STRIPPED_BY) : digestOf(text),
    compressed: new Map(),
  };
}

function digestOf(...texts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(text).update('\n');
  return hash.digest('base64url').slice(0, 22);
}
